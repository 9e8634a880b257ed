import Foundation
import Synchronization

/// Which side of a search a text stands on: models may prefix the two differently.
public enum TextRole: Sendable {
  case query, passage
}

extension ModelSpecification {
  func prefix(for role: TextRole) -> String {
    switch role {
    case .query: queryPrefix
    case .passage: passagePrefix
    }
  }
}

/// A text of a question that waits for its vector, or a pair of texts that waits for its relevance.
final class QuestionRequest: Sendable {
  enum Input {
    case text(String, TextRole)
    case pair(String, String)
  }

  let input: Input
  let reply = Reply<[Float]>()

  init(_ text: String, role: TextRole = .query) { input = .text(text, role) }

  init(question: String, passage: String) { input = .pair(question, passage) }

  func tokens(_ model: EncoderModel) -> TokenSequence {
    let specification = model.specification
    switch input {
    case .text(let text, let role):
      return TokenSequence(
        model.tokenizer.encode(specification.prefix(for: role) + text, maxTokens: specification.maxTokens))
    case .pair(let question, let passage):
      return model.tokenizer.encodePair(question, passage, maxTokens: specification.maxTokens)
    }
  }
}

/// What a thread does next.
enum InferenceWork {
  case questions([QuestionRequest])
  case tokenise(PassageRequest)
  case batch(PassageRequest, PassageRequest.Batch)
  case stop
}

/// The bounded queue between callers and inference threads. Questions come out first; requests for passages
/// take turns, a batch each.
final class InferenceQueue: Sendable {
  private struct State {
    var questions: [QuestionRequest] = []
    var passages: [PassageRequest] = []
    var isShutDown = false
  }

  /// Most questions taken at once: few enough that the last one does not wait long for the others.
  private static let maxQuestionsAtOnce = 8

  private let limit: Int
  private let threads: Int
  private let state = Mutex(State())
  /// Signalled once for every piece of work; a thread that finds its piece already taken waits again.
  private let available = DispatchSemaphore(value: 0)

  init(limit: Int, threads: Int) {
    self.limit = limit
    self.threads = threads
  }

  /// How many of each wait or, for passages, are not finished.
  var load: (questions: Int, passageRequests: Int) {
    state.withLock { ($0.questions.count, $0.passages.count) }
  }

  var isShutDown: Bool { state.withLock { $0.isShutDown } }

  /// - Throws: `overloaded`, `shut_down`.
  func add(_ question: QuestionRequest) throws(EmbeddingError) {
    try state.withLock { state throws(EmbeddingError) in
      if state.isShutDown { throw .shutDown }
      // A caller that gave up leaves its place.
      if state.questions.count >= limit { state.questions.removeAll { $0.reply.isSettled } }
      guard state.questions.count < limit else { throw .overloaded }
      state.questions.append(question)
    }
    available.signal()
  }

  /// - Throws: `overloaded`, `shut_down`.
  func add(_ request: PassageRequest) throws(EmbeddingError) {
    try state.withLock { state throws(EmbeddingError) in
      if state.isShutDown { throw .shutDown }
      if state.passages.count >= limit { state.passages.removeAll { $0.reply.isSettled } }
      guard state.passages.count < limit else { throw .overloaded }
      state.passages.append(request)
    }
    available.signal()
  }

  /// Drops a request that is finished or given up.
  func remove(_ request: PassageRequest) {
    state.withLock { state in state.passages.removeAll { $0 === request } }
  }

  /// Wakes threads for batches that have become ready.
  func announce(batches: Int) {
    for _ in 0..<batches { available.signal() }
  }

  /// Waits for work.
  func take() -> InferenceWork {
    while true {
      available.wait()
      if let work = state.withLock({ next(&$0) }) { return work }
    }
  }

  /// Questions that wait now, without waiting for any: for a thread in the middle of longer work.
  func takeQuestions() -> [QuestionRequest] {
    state.withLock { nextQuestions(&$0) }
  }

  /// Refuses new work, fails what waits, and stops the threads when they next look.
  func shutDown() {
    let waiting = state.withLock { state in
      defer {
        state.questions = []
        state.passages = []
        state.isShutDown = true
      }
      return (state.questions, state.passages)
    }
    for question in waiting.0 { question.reply.settle(.failure(EmbeddingError.shutDown)) }
    for request in waiting.1 { request.reply.settle(.failure(EmbeddingError.shutDown)) }
    for _ in 0..<threads { available.signal() }
  }

  private func next(_ state: inout State) -> InferenceWork? {
    if state.isShutDown { return .stop }
    let questions = nextQuestions(&state)
    if !questions.isEmpty { return .questions(questions) }
    for _ in state.passages.indices {
      let request = state.passages.removeFirst()
      if request.reply.isSettled { continue }
      state.passages.append(request)
      if let work = request.nextWork() { return work }
    }
    return nil
  }

  private func nextQuestions(_ state: inout State) -> [QuestionRequest] {
    guard !state.questions.isEmpty else { return [] }
    state.questions.removeAll { $0.reply.isSettled }
    // Threads share what waits, rather than one taking all.
    let share = (state.questions.count + threads - 1) / threads
    let taken = Array(state.questions.prefix(min(share, InferenceQueue.maxQuestionsAtOnce)))
    state.questions.removeFirst(taken.count)
    return taken
  }
}
