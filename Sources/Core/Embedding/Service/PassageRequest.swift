import Synchronization

/// Passages of one caller on their way through the threads.
final class PassageRequest: Sendable {
  /// Tokenised passages of similar length.
  struct Batch: Sendable {
    /// Where they stand in the request.
    let indices: [Int]
    let tokens: [[Int32]]
  }

  private enum Stage {
    case new
    case tokenising
    /// Batches not yet begun, in reverse order; passages without a vector.
    case embedding(waiting: [Batch], missing: Int)
  }

  private struct State {
    var stage = Stage.new
    var vectors: [[Float]]
  }

  let texts: [String]
  let reply = Reply<[[Float]]>()
  private let state: Mutex<State>

  init(_ texts: [String]) {
    self.texts = texts
    state = Mutex(State(vectors: Array(repeating: [], count: texts.count)))
  }

  /// - Returns: nil where nothing is to be done but to wait for other threads.
  func nextWork() -> InferenceWork? {
    state.withLock { state in
      switch state.stage {
      case .new:
        state.stage = .tokenising
        return .tokenise(self)
      case .tokenising: return nil
      case .embedding(var waiting, let missing):
        guard let batch = waiting.popLast() else { return nil }
        state.stage = .embedding(waiting: waiting, missing: missing)
        return .batch(self, batch)
      }
    }
  }

  /// - Returns: how many batches there are.
  func setTokens(_ tokens: [[Int32]], maxBatchTokens: Int) -> Int {
    let plan = BatchPlan.batches(lengths: tokens.map(\.count), maxTokens: maxBatchTokens)
    let batches = plan.reversed().map { indices in
      Batch(indices: indices, tokens: indices.map { tokens[$0] })
    }
    state.withLock { $0.stage = .embedding(waiting: batches, missing: tokens.count) }
    return batches.count
  }

  /// Takes a batch's vectors.
  ///
  /// - Returns: all vectors, with the last batch.
  func finish(_ batch: Batch, _ vectors: [[Float]]) -> [[Float]]? {
    state.withLock { state in
      guard case .embedding(let waiting, let missing) = state.stage else { return nil }
      for (index, vector) in zip(batch.indices, vectors) { state.vectors[index] = vector }
      state.stage = .embedding(waiting: waiting, missing: missing - batch.indices.count)
      return missing == batch.indices.count ? state.vectors : nil
    }
  }
}
