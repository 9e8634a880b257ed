import Domain
import Embedding
import Foundation
import SearchIndex
import TextAnalysis

/// An index in memory of what was live at a moment, with its passages.
///
/// Scores are those that a store of just these documents gives, since statistics count nothing else.
final class PastIndex: PassageSource {
  let snapshot: SearchSnapshot
  let model: String
  /// Passages without a vector, because the model is missing.
  let unembedded: Int
  /// Of memory, roughly.
  let bytes: Int
  private let passages: [UInt64: Passage]
  private let keys: [DocumentID: [UInt64]]
  private let documents: [ExactString: DocumentRecord]

  /// Keys that no store gives to a chunk: they mean something within one search alone.
  private static let firstKey: UInt64 = 1 << 63

  /// - Parameter embedded: vectors that the store no longer has, by their texts.
  init(
    _ past: [PastDocument], embedded: [String: HalfVector], at moment: PastMoment, model: String,
    analyzer: TextAnalyzer
  ) throws {
    self.model = model
    let dimension = (try? ModelCatalogue.specification(named: model).dimension) ?? 0
    var options = IndexOptions()
    options.spillChunks = .max
    options.spillBytes = .max
    // Read-only and of a folder that is not there: it lives in memory, and takes no lock.
    let (index, _) = try SearchIndex.open(
      at: URL(fileURLWithPath: "/nonexistent/frontdesk-past"),
      identity: IndexIdentity(
        epoch: "past", analyzer: TextAnalyzer.id, model: model, dimension: dimension,
        fields: IndexField.allCases.map(\.name)),
      access: .readOnly, options: options)
    let builder = EntryBuilder(analyzer: analyzer)
    var passages: [UInt64: Passage] = [:]
    var keys: [DocumentID: [UInt64]] = [:]
    var documents: [ExactString: DocumentRecord] = [:]
    var (textBytes, unembedded) = (0, 0)
    var update = IndexUpdate(removedGroups: [], added: [])
    for document in past {
      documents[ExactString(document.record.externalID)] = document.record
      var chunks: [IndexableChunk] = []
      for chunk in document.chunks {
        let draft = chunk.draft
        let key = Self.firstKey + UInt64(passages.count)
        let vectors = zip(draft.embeddedTexts, chunk.vectors).compactMap { $1 ?? embedded[$0] }
        if dimension > 0, vectors.count < draft.embeddedTexts.count { unembedded += 1 }
        chunks.append(
          IndexableChunk(
            id: ChunkID(rawValue: key), headingPath: draft.headingPath, text: draft.text, vectors: vectors))
        passages[key] = Passage(
          chunk: ChunkID(rawValue: key), ordinal: draft.ordinal, headingPath: draft.headingPath,
          span: draft.span, text: draft.text, document: document.record)
        keys[document.record.id, default: []].append(key)
        textBytes += draft.text.utf8.count
      }
      update.added += builder.entries(of: document.record, questions: document.questions, chunks: chunks)
      if update.added.count >= Self.entriesAtOnce {
        try index.apply(update)
        update.added = []
      }
    }
    try index.apply(update)
    index.publish(generation: moment.generation.rawValue)
    snapshot = index.snapshot
    self.passages = passages
    self.keys = keys
    self.documents = documents
    self.unembedded = unembedded
    bytes = snapshot.bytes + textBytes + passages.count * Self.bytesOfPassage
  }

  private static let entriesAtOnce = 1024
  /// Of its fields and places in tables.
  private static let bytesOfPassage = 512

  // MARK: Passages

  func passages(_ ids: [ChunkID]) -> [ChunkID: Passage] {
    var found: [ChunkID: Passage] = [:]
    for id in ids { found[id] = passages[id.rawValue] }
    return found
  }

  func passages(of document: DocumentID, ordinals: ClosedRange<Int>) -> [Passage] {
    (keys[document] ?? []).compactMap { passages[$0] }.filter { ordinals.contains($0.ordinal) }
  }

  func document(_ externalID: String) -> DocumentRecord? { documents[ExactString(externalID)] }
}
