import Domain
import Embedding
import Foundation
import Retrieval

/// Brings documents into the store: one at a time for an app, folders for the command line.
///
/// Writes only to the store; the index follows its feed. Safe to call from any task.
public final class IngestService: Sendable {
  let store: any DocumentStore
  let embedders: EmbedderRegistry
  let reader: DocumentReader
  let preparer: DocumentPreparer
  let writer: DocumentWriter
  /// Part of every file's fingerprint: what makes the same bytes give other documents.
  let version: String

  /// - Parameters:
  ///   - tokens: how chunk sizes are counted.
  ///   - chunking: `.wholeDocument` for `eval --chunk none`.
  public init(
    store: any DocumentStore, embedders: EmbedderRegistry, tokens: TokenCounter,
    chunking: Chunker.Options = .standard, reader: DocumentReader = DocumentReader()
  ) {
    self.store = store
    self.embedders = embedders
    self.reader = reader
    preparer = DocumentPreparer(tokens: tokens, options: chunking)
    writer = DocumentWriter(store: store, embedders: embedders)
    // Files that were read before cards were masked are read once more.
    version = "\(DocumentReader.version)/\(preparer.version)/cards-1"
  }

  /// Puts one document under the caller's own id; the same content again changes nothing.
  ///
  /// - Throws: `kb_not_found`, `invalid_external_id`, `invalid_document`, `unreadable_document`,
  ///   `unsupported_type`, `too_large`, `model_unavailable`, `overloaded`, and what the store throws.
  public func upsert(_ upsert: DocumentUpsert) async throws -> UpsertReceipt {
    let knowledgeBase = try await knowledgeBase(upsert.knowledgeBase)
    let (prepared, diagnostics) = try await prepare(upsert)
    return try await write(prepared, to: knowledgeBase, diagnostics: diagnostics)
  }

  /// Reads and cuts a document.
  func prepare(_ upsert: DocumentUpsert) async throws -> (write: DocumentWrite, diagnostics: [Diagnostic]) {
    try ExternalID.validate(upsert.externalID)
    try ExternalID.requireNoCard(upsert.externalID)
    var diagnostics: [Diagnostic] = []
    var content: DocumentContent
    var blocks: [Block]?
    var links = DocumentLinks()
    var publication = upsert.publication
    switch upsert.body {
    case .fields(let fields):
      content = fields
      guard !content.title.isEmpty || !content.text.isEmpty else {
        throw KnowledgeError(.invalidDocument, "A document needs a title or a text.")
      }
    case .file(let data, let mediaType):
      let read = try await readSingle(
        data, mediaType: mediaType, name: upsert.source?.fileName ?? upsert.externalID)
      content = read.document.content
      blocks = read.document.blocks
      links = read.document.links
      publication = read.document.publication.changed(by: publication)
      diagnostics = read.diagnostics
    }
    try publication.validate()
    // Whatever a page says of its own address: it was found here.
    if let source = upsert.source { content.url = source.url }
    if let visibility = upsert.visibility { content.visibility = visibility }
    let prepared = await Blocking.run { [preparer, content, blocks, links, publication] in
      preparer.write(
        content, blocks: blocks, links: links, externalID: upsert.externalID, origin: upsert.source?.origin,
        publication: publication, author: upsert.author)
    }
    return (prepared, diagnostics)
  }

  func write(
    _ prepared: DocumentWrite, to knowledgeBase: KnowledgeBase, diagnostics: [Diagnostic] = []
  ) async throws -> UpsertReceipt {
    let outcome = try await writer.write([prepared], to: knowledgeBase)
    guard let receipt = outcome.receipts.first else {
      throw KnowledgeError(.invalidDocument, "The store took no document.")
    }
    return UpsertReceipt(receipt, generation: outcome.generation, diagnostics: diagnostics)
  }

  /// Takes a document out of search; its versions stay for verification until purged.
  ///
  /// - Throws: `kb_not_found`, `document_not_found`.
  public func delete(_ externalID: String, from name: String) async throws -> Generation {
    let knowledgeBase = try await knowledgeBase(name)
    let receipt = try await store.delete([externalID], from: knowledgeBase.id)
    guard receipt.documents > 0 else { throw Self.notFound(externalID) }
    return receipt.generation
  }

  /// Erases a document with all its versions.
  ///
  /// - Throws: `kb_not_found`, `document_not_found`.
  public func purge(_ externalID: String, from name: String) async throws -> Generation {
    let knowledgeBase = try await knowledgeBase(name)
    guard let generation = try await store.purge(externalID, from: knowledgeBase.id) else {
      throw Self.notFound(externalID)
    }
    return generation
  }

  func knowledgeBase(_ name: String) async throws -> KnowledgeBase {
    guard let found = try await store.knowledgeBase(named: name) else {
      throw KnowledgeError(
        .kbNotFound, "There is no knowledge base '\(name)'; create it with POST /v1/kbs.")
    }
    return found
  }

  static func notFound(_ externalID: String) -> KnowledgeError {
    KnowledgeError(.documentNotFound, "There is no such document in this knowledge base.")
  }

  private func readSingle(
    _ data: Data, mediaType: String?, name: String
  ) async throws -> (document: ReadDocument, diagnostics: [Diagnostic]) {
    let result = await reader.read(FileInput(path: name, data: data, declaredType: mediaType))
    guard let document = result.documents.first else {
      let first = result.diagnostics.first
      let code: KnowledgeError.Code =
        switch first?.code {
        case "unsupported_type": .unsupportedType
        case "too_large": .tooLarge
        default: .unreadableDocument
        }
      throw KnowledgeError(
        code, first.map { "\($0.message) \($0.remedy)" } ?? "The body holds no document.",
        diagnostics: result.diagnostics)
    }
    guard result.documents.count == 1 else {
      throw KnowledgeError(
        .unreadableDocument,
        "The body holds \(result.documents.count) documents; put each under an id of its own, or use "
          + "`frontdesk ingest`.")
    }
    return (document, result.diagnostics)
  }
}

/// Runs CPU-bound or blocking work off the cooperative pool.
enum Blocking {
  static func run<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async { continuation.resume(returning: body()) }
    }
  }
}
