import Domain
import Foundation
import Security
import Store
import TestSupport

/// A store in a folder of its own, and short ways to write to it.
struct Sample {
  static let model = "test-model"

  let folder: TemporaryFolder
  let store: SQLiteStore
  let kb: KnowledgeBaseID

  init(_ options: SQLiteStore.Options = Sample.options) async throws {
    let folder = try TemporaryFolder()
    try await self.init(folder: folder, options)
  }

  init(folder: TemporaryFolder, _ options: SQLiteStore.Options = Sample.options) async throws {
    self.folder = folder
    store = try SQLiteStore(folder: folder.url, options: options)
    guard let kb = try await store.knowledgeBase(named: KnowledgeBase.defaultName) else {
      throw StoreError(.knowledgeBaseNotFound, "the store has no default knowledge base")
    }
    self.kb = kb.id
  }

  static var options: SQLiteStore.Options {
    var options = SQLiteStore.Options()
    options.defaultModel = model
    options.logger.logLevel = .critical
    return options
  }

  /// A document whose chunks are the texts given, each found in the document's text.
  static func document(
    _ externalID: String,
    _ chunks: [String],
    title: String = "Title",
    origin: DocumentOrigin? = nil,
    links: DocumentLinks = DocumentLinks(),
    publication: PublicationChange = .keep,
    author: String? = nil,
    change: (inout DocumentContent) -> Void = { _ in }
  ) -> DocumentWrite {
    let text = chunks.joined(separator: "\n\n")
    var content = DocumentContent(title: title, text: text)
    change(&content)
    var start = 0
    var writes: [ChunkWrite] = []
    for (ordinal, chunk) in chunks.enumerated() {
      let end = start + chunk.utf8.count
      let draft = ChunkDraft(
        ordinal: ordinal,
        headingPath: ["Heading"],
        span: ByteSpan(start: start, end: end),
        text: chunk,
        embeddedTexts: [title + "\n" + chunk]
      )
      writes.append(
        ChunkWrite(
          draft: draft,
          contentHash: Digest.sha256(title + "\u{1F}" + chunk),
          textHashes: draft.embeddedTexts.map { Digest.sha256($0) }
        )
      )
      start = end + 2
    }
    return DocumentWrite(
      externalID: externalID,
      content: content,
      contentHash: Digest.sha256("\(content)\(chunks)"),
      origin: origin,
      links: links,
      chunks: writes,
      publication: publication,
      author: author
    )
  }

  /// A vector made of its text's hash, so that a mix-up shows.
  static func vector(_ hash: Data, salt: UInt16 = 0) -> HalfVector {
    HalfVector(bits: hash.map { UInt16($0) &+ salt })
  }

  static func vectors(_ documents: [DocumentWrite], model: String = Sample.model) -> [VectorKey: HalfVector] {
    var vectors: [VectorKey: HalfVector] = [:]
    for hash in documents.flatMap(\.chunks).flatMap(\.textHashes) {
      vectors[VectorKey(model: model, textHash: hash)] = vector(hash)
    }
    return vectors
  }

  func batch(_ documents: [DocumentWrite], sourceFiles: [String: [SourceFile]] = [:]) -> IngestBatch {
    IngestBatch(
      knowledgeBase: kb,
      model: Self.model,
      documents: documents,
      vectors: Self.vectors(documents),
      sourceFiles: sourceFiles
    )
  }

  @discardableResult
  func write(_ documents: DocumentWrite...) async throws -> (
    receipts: [DocumentReceipt], generation: Generation
  ) {
    try await store.write(batch(documents))
  }

  /// Everything a follower would know that reads from a generation.
  func changes(
    after generation: Generation = .zero,
    model: String = Sample.model,
    pageSize: Int = 3
  ) async throws -> (changes: [DocumentChange], summary: ChangeSummary) {
    try await store.changes(of: kb, after: generation, model: model, pageSize: pageSize)
  }
}

extension SQLiteStore {
  @discardableResult
  func write(_ batch: IngestBatch) async throws -> (receipts: [DocumentReceipt], generation: Generation) {
    switch try await commit(batch) {
    case .committed(let receipts, let generation): return (receipts, generation)
    case .vectorsMissing: throw StoreError(.missingVectors, "the batch lacks vectors")
    }
  }

  func changes(
    of kb: KnowledgeBaseID,
    after generation: Generation,
    model: String = Sample.model,
    pageSize: Int = 3
  ) async throws -> (changes: [DocumentChange], summary: ChangeSummary) {
    let pages = Collected<ChangePage>()
    let summary = try await readChanges(of: kb, after: generation, model: model, pageSize: pageSize) {
      pages.append($0)
    }
    return (pages.all.flatMap(\.documents), summary)
  }
}

extension DocumentChange {
  var live: (record: DocumentRecord, questions: [String], chunks: [IndexableChunk])? {
    if case .live(let record, let questions, let chunks) = state { return (record, questions, chunks) }
    return nil
  }
}
