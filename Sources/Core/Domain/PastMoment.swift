import Foundation

/// A point of a knowledge base's history.
public enum AsOf: Hashable, Sendable {
  case generation(Generation)
  case time(Date)

  /// Reads a generation's number or a moment.
  public init?(parsing text: String) {
    if let number = Int64(text), number >= 0 {
      self = .generation(Generation(rawValue: number))
    } else if let date = Moment.parse(text) {
      self = .time(date)
    } else {
      return nil
    }
  }
}

/// A point of history that was found.
public struct PastMoment: Hashable, Sendable {
  public let knowledgeBase: KnowledgeBaseID
  public let generation: Generation
  /// The newest change of the knowledge base's documents until then.
  public let state: Generation
  /// Documents that had expired by then are left out; nil where a generation was asked for.
  public let time: Date?
  /// How many of those live at the generation had expired by the time.
  public let expired: Int
  /// The newest purge: what it erased is not there, whatever was.
  public let erasure: Generation
  /// How many passages were live.
  public let chunks: Int

  public init(
    knowledgeBase: KnowledgeBaseID, generation: Generation, state: Generation, time: Date?, expired: Int,
    erasure: Generation, chunks: Int
  ) {
    self.knowledgeBase = knowledgeBase
    self.generation = generation
    self.state = state
    self.time = time
    self.expired = expired
    self.erasure = erasure
    self.chunks = chunks
  }
}

/// A document as it was live at a moment.
public struct PastDocument: Sendable {
  public let record: DocumentRecord
  public let questions: [String]
  public let chunks: [PastChunk]
  public init(record: DocumentRecord, questions: [String], chunks: [PastChunk]) {
    self.record = record
    self.questions = questions
    self.chunks = chunks
  }
}

public struct PastChunk: Sendable {
  public let draft: ChunkDraft
  /// In the order of `draft.embeddedTexts`; nil where the store no longer has it.
  public let vectors: [HalfVector?]
  public init(draft: ChunkDraft, vectors: [HalfVector?]) {
    self.draft = draft
    self.vectors = vectors
  }
}
