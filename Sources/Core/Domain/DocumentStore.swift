import Foundation

/// The truth: knowledge bases, documents, versions, chunks and vectors.
///
/// Implementations are safe to call from any task and never block the caller's thread, unless it says that it
/// may (`CallerThread`). Every write is durable when it returns, is one change or more in the feed, and is
/// visible to the next read. Errors are `CodedError`s: `kb_not_found`, `kb_exists`, `storage_full`,
/// `store_busy`, `store_corrupt`, `store_schema_newer`.
public protocol DocumentStore: ChangeFeed, ModelSwitchStore, DocumentHistory {
  func knowledgeBases() async throws -> [KnowledgeBase]
  /// - Returns: nil where there is none of that name.
  func knowledgeBase(named name: String) async throws -> KnowledgeBase?
  /// - Throws: `kb_exists`, `invalid_kb_name`.
  func createKnowledgeBase(named name: String, model: String) async throws -> KnowledgeBase
  /// Removes it with all documents, versions and chunks, and the vectors nobody else uses.
  func deleteKnowledgeBase(_ id: KnowledgeBaseID) async throws -> Generation
  /// Names another model; vectors of the new model must be there for every chunk, else `missing_vectors`.
  func setModel(_ model: String, of id: KnowledgeBaseID) async throws -> Generation

  func searchRules(of id: KnowledgeBaseID) async throws -> SearchRules
  /// Replaces them whole.
  ///
  /// - Throws: `invalid_rules`.
  func setSearchRules(_ rules: SearchRules, of id: KnowledgeBaseID) async throws -> Generation

  /// Nil where none was measured.
  func answerCalibration(of id: KnowledgeBaseID) async throws -> AnswerCalibration?
  /// - Parameter calibration: nil takes it away.
  func setAnswerCalibration(_ calibration: AnswerCalibration?, of id: KnowledgeBaseID) async throws
    -> Generation

  /// `off` until it is set.
  func generationPolicy(of id: KnowledgeBaseID) async throws -> GenerationPolicy
  func setGenerationPolicy(_ policy: GenerationPolicy, of id: KnowledgeBaseID) async throws -> Generation

  /// Writes all documents of the batch in one transaction (kept small by the caller), or none.
  ///
  /// A document whose content hash and publication equal the newest version's is `unchanged`: no new version, no
  /// change in the feed (its origin and links are still updated). Otherwise chunks whose `contentHash` the document
  /// has keep their ids. Where a needed vector is neither in the batch nor in the store, nothing is written.
  /// What a write leaves unsaid of its publication stays as an editor left it (`tools/adr/0016`).
  func commit(_ batch: IngestBatch) async throws -> CommitOutcome
  /// Takes documents out of search; versions stay for verification. Unknown or deleted ids are skipped.
  ///
  /// - Returns: how many were live, how many chunks went, and the generation (the head where none was).
  func delete(_ externalIDs: [String], from id: KnowledgeBaseID) async throws -> DeleteReceipt
  /// Erases a document, live or deleted: every version, chunk, and vector that no one else uses, also from
  /// free pages and the write-ahead log. Its id alone stays, so that citations read `purged`.
  ///
  /// - Returns: nil where no such document was ever there.
  func purge(_ externalID: String, from id: KnowledgeBaseID) async throws -> Generation?

  /// Changes who reads a document, not what it says.
  ///
  /// - Parameter vectors: what an outcome before this one lacked.
  /// - Returns: nil where no such document is there.
  func act(
    _ act: PublicationAct, on externalID: String, in id: KnowledgeBaseID, vectors: [VectorKey: HalfVector]
  ) async throws -> PublicationOutcome?
  /// Publishes and takes back what is due, in all knowledge bases. Any process may call it at any time.
  func applyDue(vectors: [VectorKey: HalfVector]) async throws -> DueOutcome

  /// - Returns: the document as readers find it, or nil.
  func document(_ externalID: String, in id: KnowledgeBaseID) async throws -> DocumentRecord?
  /// - Returns: its newest version, whoever may see it, or nil where it was deleted.
  func latestDocument(_ externalID: String, in id: KnowledgeBaseID) async throws -> DocumentRecord?
  /// The newest versions of documents that are not deleted, as `documents` lists the live ones.
  ///
  /// - Parameter status: of the newest version; nil for any.
  func latestDocuments(
    in id: KnowledgeBaseID, status: DocumentStatus?, after: String?, limit: Int
  ) async throws -> [DocumentRecord]
  /// Versions before a number, newest first, also of a deleted document.
  func versions(
    of externalID: String, in id: KnowledgeBaseID, before: Int?, limit: Int
  ) async throws -> [VersionRecord]
  /// A version with everything that is kept of it, also of a deleted document.
  func keptVersion(
    _ version: Int, of externalID: String, in id: KnowledgeBaseID
  ) async throws -> KeptVersion?

  /// - Parameter version: nil for the live one; an old one is found also after a plain delete.
  func version(_ version: Int?, of externalID: String, in id: KnowledgeBaseID) async throws
    -> DocumentVersion?
  /// For verification: any version that was ever live, by document id.
  func version(_ version: Int, of document: DocumentID) async throws -> VersionLookup
  /// Whom a version is for; nil where it is not there.
  func audience(ofVersion version: Int, of document: DocumentID) async throws -> VersionAudience?
  /// Live documents in the byte order of their external ids, after `after`.
  func documents(in id: KnowledgeBaseID, after: String?, limit: Int) async throws -> [DocumentRecord]
  func counts(in id: KnowledgeBaseID) async throws -> StoreCounts
  /// Links of the live documents; those written before links were kept have none.
  func links(in id: KnowledgeBaseID) async throws -> [DocumentID: DocumentLinks]
  /// Content hashes of the newest versions of those of the documents that are not deleted.
  func contentHashes(of externalIDs: [String], in id: KnowledgeBaseID) async throws -> [ExactString: Data]

  /// Which of these vectors the store has not.
  func missingVectors(_ keys: [VectorKey]) async throws -> [VectorKey]
  /// Live chunks by id, in one query; those no longer live are absent.
  func passages(_ ids: [ChunkID]) async throws -> [ChunkID: Passage]
  /// The live chunks of a document whose ordinals lie in the range, by ordinal.
  func passages(of document: DocumentID, ordinals: ClosedRange<Int>) async throws -> [Passage]

  /// What a path given to `ingest` brought in before: its files, by path.
  func sourceFiles(root: String, in id: KnowledgeBaseID) async throws -> [ExactString: SourceFile]
  /// Documents that came from this root and are not deleted, with the file of each.
  func documents(fromRoot root: String, in id: KnowledgeBaseID) async throws -> [OriginatedDocument]
  /// Forgets files of a root (their documents are deleted by `delete`).
  func forgetSourceFiles(_ paths: [String], root: String, in id: KnowledgeBaseID) async throws
}

/// The ordered record of changes, which the index follows.
public protocol ChangeFeed: Sendable {
  func epoch() async throws -> StoreEpoch
  /// The newest change, zero in an empty store.
  func head() async throws -> Generation
  /// Reads everything that changed after a generation, in one read transaction.
  ///
  /// Collapsed to the latest state per document, in pages in document order. `apply` runs on a reader's
  /// thread; an error it throws ends the read and is rethrown. Chunks carry vectors of `model`.
  ///
  /// - Parameter after: zero for all live documents (tombstones are then left out).
  /// - Returns: the head that the transaction saw: what the reader's state now equals.
  /// - Throws: `feed_trimmed` where changes after that generation are no longer kept: rebuild.
  func readChanges(
    of id: KnowledgeBaseID, after: Generation, model: String, pageSize: Int,
    apply: @escaping @Sendable (ChangePage) throws -> Void
  ) async throws -> ChangeSummary
  /// Yields soon after any commit, by this process (at once) or another (within about 100 ms), and once at
  /// the start. Keeps only the newest signal.
  func changeSignals() -> AsyncStream<Void>
  /// Asks whoever owns the index to rebuild or compact it.
  func requestMaintenance(_ kind: MaintenanceKind, of id: KnowledgeBaseID) async throws -> Generation
}

public enum MaintenanceKind: String, Sendable, Codable {
  case rebuild, compact
  /// Rewrite what still holds erased content; asked for by a purge.
  case erase
}

/// Latest states of some changed documents.
public struct ChangePage: Sendable {
  public let documents: [DocumentChange]
  public init(documents: [DocumentChange]) { self.documents = documents }
}

public struct DocumentChange: Sendable {
  public enum State: Sendable {
    case live(DocumentRecord, questions: [String], chunks: [IndexableChunk])
    case gone
  }
  public let document: DocumentID
  public let state: State
  public init(document: DocumentID, state: State) {
    self.document = document
    self.state = state
  }
}

public struct ChangeSummary: Sendable {
  public let epoch: StoreEpoch
  public let head: Generation
  /// Asked for after the generation that was given.
  public let maintenance: Set<MaintenanceKind>
  /// Whether search rules or calibration were replaced after the generation that was given.
  public let hasNewRules: Bool
  /// False where the knowledge base itself was deleted.
  public let knowledgeBaseExists: Bool
  public init(
    epoch: StoreEpoch, head: Generation, maintenance: Set<MaintenanceKind>, hasNewRules: Bool,
    knowledgeBaseExists: Bool
  ) {
    self.epoch = epoch
    self.head = head
    self.maintenance = maintenance
    self.hasNewRules = hasNewRules
    self.knowledgeBaseExists = knowledgeBaseExists
  }
}

/// A document ready to be stored.
public struct DocumentWrite: Sendable {
  public let externalID: String
  public let content: DocumentContent
  /// sha256 over everything of `content` and the chunking, so that equal means nothing to do.
  public let contentHash: Data
  /// Nil where it came by REST: then no `--prune` touches it.
  public let origin: DocumentOrigin?
  /// No part of `contentHash`.
  public let links: DocumentLinks
  public let chunks: [ChunkWrite]
  /// What the write says of who reads it when; no part of `contentHash`.
  public let publication: PublicationChange
  /// As audit entries name who acts; nil where it is not known.
  public let author: String?
  /// Whether it stays a document of where it came from; `origin` is nil then.
  public let keepsOrigin: Bool
  public init(
    externalID: String, content: DocumentContent, contentHash: Data, origin: DocumentOrigin?,
    links: DocumentLinks = DocumentLinks(), chunks: [ChunkWrite], publication: PublicationChange = .keep,
    author: String? = nil, keepsOrigin: Bool = false
  ) {
    self.externalID = externalID
    self.content = content
    self.contentHash = contentHash
    self.origin = origin
    self.links = links
    self.chunks = chunks
    self.publication = publication
    self.author = author
    self.keepsOrigin = keepsOrigin
  }
}

public struct ChunkWrite: Sendable {
  public let draft: ChunkDraft
  /// sha256 of heading path, text and embedded texts: chunks of one document with equal hashes are the same.
  public let contentHash: Data
  /// sha256 of each of `draft.embeddedTexts`.
  public let textHashes: [Data]
  public init(draft: ChunkDraft, contentHash: Data, textHashes: [Data]) {
    self.draft = draft
    self.contentHash = contentHash
    self.textHashes = textHashes
  }
}

/// Where ingest found a document.
public struct DocumentOrigin: Hashable, Sendable {
  /// The PATH that was given, absolute.
  public let root: String
  /// The file, relative to the root.
  public let path: String
  public init(root: String, path: String) {
    self.root = root
    self.path = path
  }
}

/// A file as ingest last saw it.
public struct SourceFile: Hashable, Sendable {
  public let path: String
  /// sha256 of its bytes and of the reader's and chunker's versions: equal means there is nothing to read.
  public let fingerprint: Data
  /// How many live documents it made; fewer in the store means it must be read again.
  public let documentCount: Int
  public init(path: String, fingerprint: Data, documentCount: Int) {
    self.path = path
    self.fingerprint = fingerprint
    self.documentCount = documentCount
  }
}

public struct OriginatedDocument: Hashable, Sendable {
  public let externalID: String
  public let path: String
  public let chunkCount: Int
  public init(externalID: String, path: String, chunkCount: Int) {
    self.externalID = externalID
    self.path = path
    self.chunkCount = chunkCount
  }
}

/// One transaction's worth of ingest.
public struct IngestBatch: Sendable {
  public let knowledgeBase: KnowledgeBaseID
  /// The model that the vectors were made by; nil for none. Needed are those of the knowledge base's own.
  public let model: String?
  public let documents: [DocumentWrite]
  public let vectors: [VectorKey: HalfVector]
  /// Files that are complete with this batch, by root.
  public let sourceFiles: [String: [SourceFile]]
  public init(
    knowledgeBase: KnowledgeBaseID, model: String?, documents: [DocumentWrite],
    vectors: [VectorKey: HalfVector], sourceFiles: [String: [SourceFile]] = [:]
  ) {
    self.knowledgeBase = knowledgeBase
    self.model = model
    self.documents = documents
    self.vectors = vectors
    self.sourceFiles = sourceFiles
  }
}

public enum CommitOutcome: Sendable {
  /// In the order of the batch's documents.
  case committed([DocumentReceipt], generation: Generation)
  case vectorsMissing([VectorKey])
}

public struct DocumentReceipt: Sendable {
  public enum Effect: String, Sendable, Codable { case added, changed, unchanged }
  public let effect: Effect
  public let record: DocumentRecord
  public let chunksAdded: Int
  public let chunksKept: Int
  public let chunksRemoved: Int
  public init(effect: Effect, record: DocumentRecord, chunksAdded: Int, chunksKept: Int, chunksRemoved: Int) {
    self.effect = effect
    self.record = record
    self.chunksAdded = chunksAdded
    self.chunksKept = chunksKept
    self.chunksRemoved = chunksRemoved
  }
}

public struct DeleteReceipt: Sendable {
  public let documents: Int
  public let chunks: Int
  public let generation: Generation
  public init(documents: Int, chunks: Int, generation: Generation) {
    self.documents = documents
    self.chunks = chunks
    self.generation = generation
  }
}

/// Where a version stands, and who may see it.
public struct VersionAudience: Hashable, Sendable {
  /// Its name.
  public let knowledgeBase: String
  /// That of the version, where it was kept, and that of the document as it is now: a caller must match each.
  public let visibilities: [Visibility]
  public init(knowledgeBase: String, visibilities: [Visibility]) {
    self.knowledgeBase = knowledgeBase
    self.visibilities = visibilities
  }
}

public enum VersionLookup: Sendable {
  case found(DocumentVersion)
  case purged
  case unknown
}

public struct StoreCounts: Hashable, Sendable {
  public let documents: Int
  public let chunks: Int
  public init(documents: Int, chunks: Int) {
    self.documents = documents
    self.chunks = chunks
  }
}
