import Domain

/// Where a search reads what it found: the store, or what is kept of a moment in the past.
protocol PassageSource: Sendable {
  /// Those that are no longer there are absent.
  func passages(_ ids: [ChunkID]) async throws -> [ChunkID: Passage]
  /// By ordinal.
  func passages(of document: DocumentID, ordinals: ClosedRange<Int>) async throws -> [Passage]
  func document(_ externalID: String) async throws -> DocumentRecord?
}

/// What readers find now.
struct LivePassages: PassageSource {
  let store: any DocumentStore
  let knowledgeBase: KnowledgeBaseID

  func passages(_ ids: [ChunkID]) async throws -> [ChunkID: Passage] {
    try await CallerThread.$mayBlock.withValue(true) { try await store.passages(ids) }
  }

  func passages(of document: DocumentID, ordinals: ClosedRange<Int>) async throws -> [Passage] {
    try await CallerThread.$mayBlock.withValue(true) {
      try await store.passages(of: document, ordinals: ordinals)
    }
  }

  func document(_ externalID: String) async throws -> DocumentRecord? {
    try await CallerThread.$mayBlock.withValue(true) {
      try await store.document(externalID, in: knowledgeBase)
    }
  }
}
