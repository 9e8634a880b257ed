import Domain
import Foundation

/// What an editor's act made of a document.
public struct PublicationReceipt: Sendable {
  /// The newest version.
  public let record: DocumentRecord
  public let generation: Generation
}

extension IngestService {
  /// Changes who reads a document, without a new version.
  ///
  /// - Throws: `kb_not_found`, `document_not_found`, `invalid_publication`, `model_unavailable`, `overloaded`.
  public func act(
    _ act: PublicationAct, on externalID: String, in name: String
  ) async throws -> PublicationReceipt {
    if case .publish(let change) = act { try change.validate() }
    let knowledgeBase = try await knowledgeBase(name)
    var vectors: [VectorKey: HalfVector] = [:]
    // The model may be switched, or a vector erased, between two tries; it settles at once.
    for _ in 0..<8 {
      switch try await store.act(act, on: externalID, in: knowledgeBase.id, vectors: vectors) {
      case nil: throw Self.notFound(externalID)
      case .done(let record, let generation):
        return PublicationReceipt(record: record, generation: generation)
      case .vectorsMissing(let texts): vectors.merge(try await writer.vectors(of: texts)) { _, new in new }
      }
    }
    throw KnowledgeError(.overloaded, "Other writers kept erasing what this needs; try again.")
  }

  /// Writes an old version once more, as the newest one; also of a document that was deleted.
  ///
  /// - Parameter publication: what is not said of it stays as it is with the document.
  /// - Throws: `kb_not_found`, `document_not_found`, `version_not_found`, and as `upsert`.
  public func restore(
    _ version: Int, of externalID: String, in name: String, publication: PublicationChange = .keep,
    author: String? = nil
  ) async throws -> UpsertReceipt {
    try publication.validate()
    let knowledgeBase = try await knowledgeBase(name)
    guard let kept = try await store.keptVersion(version, of: externalID, in: knowledgeBase.id) else {
      let newest = try await store.versions(of: externalID, in: knowledgeBase.id, before: nil, limit: 1)
      guard let last = newest.first else { throw Self.notFound(externalID) }
      throw KnowledgeError(
        .versionNotFound, "There is no version \(version) of this document; the newest is \(last.version).")
    }
    let content = try await content(of: kept, externalID, in: knowledgeBase)
    let write = await Blocking.run { [preparer] in
      kept.write(
        or: preparer.write(content, blocks: nil, links: kept.links, externalID: externalID, origin: nil),
        publication: publication, author: author)
    }
    return try await self.write(write, to: knowledgeBase)
  }

  /// What was not kept of a version (schema 2) is taken from the newest one.
  func content(
    of kept: KeptVersion, _ externalID: String, in knowledgeBase: KnowledgeBase
  ) async throws -> DocumentContent {
    var metadata = kept.record.metadata
    if metadata == nil {
      metadata =
        try await store.versions(of: externalID, in: knowledgeBase.id, before: nil, limit: 1).first?.metadata
    }
    guard let metadata else { return DocumentContent(title: kept.record.title, text: kept.text) }
    return DocumentContent(
      kind: metadata.kind, title: kept.record.title, text: kept.text, questions: metadata.questions,
      url: metadata.url, language: metadata.language, tags: metadata.tags, attributes: metadata.attributes,
      visibility: metadata.visibility)
  }
}

extension KeptVersion {
  /// The version as it was cut, where that is known.
  fileprivate func write(
    or made: DocumentWrite, publication: PublicationChange, author: String?
  ) -> DocumentWrite {
    DocumentWrite(
      externalID: made.externalID, content: made.content,
      contentHash: contentHash.isEmpty ? made.contentHash : contentHash, origin: nil, links: links,
      chunks: chunks ?? made.chunks, publication: publication, author: author, keepsOrigin: true)
  }
}
