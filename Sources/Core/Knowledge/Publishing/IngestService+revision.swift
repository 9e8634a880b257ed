import Domain
import Foundation

extension IngestService {
  /// Writes the newest version of a document once more, with some of its content changed.
  ///
  /// Where its words stay, so do its passages, as they were cut out of the file that it came from; other words are
  /// bare text, as those of a put. It stays a document of where it came from.
  ///
  /// - Parameter change: given what the document says now.
  /// - Throws: `kb_not_found`, `document_not_found`, what `change` throws, and as `upsert`.
  public func revise(
    _ externalID: String, in name: String, publication: PublicationChange, author: String?,
    change: (DocumentContent) throws -> DocumentContent
  ) async throws -> UpsertReceipt {
    try publication.validate()
    let knowledgeBase = try await knowledgeBase(name)
    guard let record = try await store.latestDocument(externalID, in: knowledgeBase.id),
      let kept = try await store.keptVersion(record.version, of: externalID, in: knowledgeBase.id)
    else { throw Self.notFound(externalID) }
    let old = try await content(of: kept, externalID, in: knowledgeBase)
    let new = try change(old)
    guard !new.title.isEmpty || !new.text.isEmpty else {
      throw KnowledgeError(.invalidDocument, "A document needs a title or a text.")
    }
    let keepsWords = new.hasWords(of: old)
    let write = await Blocking.run { [preparer] in
      let made = preparer.write(
        new, blocks: nil, links: keepsWords ? kept.links : DocumentLinks(), externalID: externalID,
        origin: nil)
      return DocumentWrite(
        externalID: externalID, content: made.content, contentHash: made.contentHash, origin: nil,
        links: made.links, chunks: (keepsWords ? kept.chunks : nil) ?? made.chunks, publication: publication,
        author: author, keepsOrigin: true)
    }
    return try await self.write(write, to: knowledgeBase)
  }
}

extension DocumentContent {
  /// Whether everything that passages are made of is the same, byte for byte.
  fileprivate func hasWords(of other: DocumentContent) -> Bool {
    func words(_ content: DocumentContent) -> [ExactString] {
      ([content.kind.rawValue, content.language ?? "", content.title, content.text] + content.questions).map {
        ExactString($0)
      }
    }
    return words(self) == words(other)
  }
}
