import Foundation

/// Embeds texts on threads of its own, behind a bounded queue: inference never runs on the cooperative pool.
///
/// Questions go ahead of passages, also of those already being embedded. Results do not depend on what else
/// is in the queue, nor on the number of threads.
public final class EmbeddingService: Sendable {
  public let model: EncoderModel
  public let threads: Int
  let queue: InferenceQueue
  private let recent: QueryVectorCache

  /// Cores that are online.
  public static var defaultThreads: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Starts the threads; they stop on `shutdown()` or with the last reference.
  ///
  /// - Parameters:
  ///   - threads: each runs one batch at a time; 1 for measurements on a single core.
  ///   - queueLimit: most questions that may wait, and most calls of `embedPassages` that may be under way.
  ///   - cachedQueries: questions whose vectors are kept, to be given again without the model.
  ///   - isBackground: its threads take the processor only where nobody else wants it.
  public init(
    model: EncoderModel, threads: Int = EmbeddingService.defaultThreads, queueLimit: Int = 256,
    cachedQueries: Int = 1024, isBackground: Bool = false
  ) {
    let threads = max(1, threads)
    let queue = InferenceQueue(limit: max(1, queueLimit), threads: threads)
    self.model = model
    self.threads = threads
    self.queue = queue
    recent = QueryVectorCache(capacity: cachedQueries)
    for number in 1...threads {
      let thread = Thread {
        if isBackground { ThreadPriority.lower() }
        InferenceWorker(model, queue).run()
      }
      thread.name = "embedding-\(number)"
      thread.start()
    }
  }

  deinit { queue.shutDown() }

  /// Embeds a question, with the model's query prefix; a text longer than the model's limit is cut.
  ///
  /// - Returns: `model.specification.dimension` floats, Euclidean length 1.
  /// - Throws: `EmbeddingError` `overloaded` (at once, when the queue is full) or `shut_down`;
  ///   `CancellationError`.
  public func embedQuery(_ text: String) async throws -> [Float] {
    try Task.checkCancellation()
    if let known = recent[text] { return known }
    let question = QuestionRequest(text, role: .query)
    try queue.add(question)
    let vector = try await question.reply.value()
    recent.add(vector, for: text)
    return vector
  }

  /// Embeds passages, with the model's passage prefix, in batches of at most 512 tokens spread over the
  /// threads. Calls under way take turns, a batch each, so a large one does not block a small one.
  ///
  /// - Returns: vectors as of `embedQuery`, in input order.
  /// - Throws: as `embedQuery`; `overloaded` only where `queueLimit` calls are already under way.
  public func embedPassages(_ texts: [String]) async throws -> [[Float]] {
    try Task.checkCancellation()
    guard !texts.isEmpty else { return [] }
    let request = PassageRequest(texts)
    try queue.add(request)
    return try await request.reply.value()
  }

  /// Embeds a few texts that a question in progress waits for, such as sentences of its passages: with a
  /// question's priority, spread over the threads.
  ///
  /// - Parameter role: whose prefix the texts get.
  /// - Returns: vectors as of `embedQuery`, in input order.
  /// - Throws: as `embedQuery`.
  public func embedForQuestion(_ texts: [String], as role: TextRole = .passage) async throws -> [[Float]] {
    try await replies(texts.map { QuestionRequest($0, role: role) })
  }

  /// What the model gives for each of some requests, which run beside each other.
  func replies(_ requests: [QuestionRequest]) async throws -> [[Float]] {
    try Task.checkCancellation()
    // Who fails half-way leaves nothing in the queue that nobody waits for.
    defer { for request in requests { request.reply.settle(.failure(CancellationError())) } }
    for request in requests { try queue.add(request) }
    var vectors: [[Float]] = []
    vectors.reserveCapacity(requests.count)
    for request in requests { vectors.append(try await request.reply.value()) }
    return vectors
  }

  /// The ids of a text as a passage without prefix, special tokens included, cut at the model's limit.
  public func tokenize(_ text: String) -> [Int32] {
    model.tokenizer.encode(text, maxTokens: model.specification.maxTokens)
  }

  /// Questions that wait, and calls of `embedPassages` under way.
  public var load: (questions: Int, passageRequests: Int) { queue.load }

  /// Fails what waits with `shut_down` and stops the threads.
  public func shutdown() { queue.shutDown() }
}
