import Foundation
import Testing

@testable import Embedding

@Suite(.timeLimit(.minutes(1))) struct EmbeddingServiceTests {
  private static let words = ["unwanted", "running", "hello", "world", "a", "b", "cafe", "中文"]

  private func texts(_ count: Int, maxWords: Int = 20) -> [String] {
    var random = SeededRandom(21)
    return (0..<count).map { _ in
      (0..<Int.random(in: 0...maxWords, using: &random))
        .map { _ in Self.words.randomElement(using: &random)! }.joined(separator: " ")
    }
  }

  @Test(arguments: [1, 3]) func resultsComeInInputOrder(_ threads: Int) async throws {
    let model = try TinyModel.load(queryPrefix: "hello world ")
    let service = EmbeddingService(model: model, threads: threads)
    let texts = texts(300)
    let expected = model.embed(tokens: texts.map { model.tokenizer.encode($0, maxTokens: 64) })
    #expect(try await service.embedPassages(texts) == expected)
    #expect(try await service.embedPassages([]).isEmpty)
    for index in 0..<20 {
      let tokens = model.tokenizer.encode("hello world " + texts[index], maxTokens: 64)
      #expect(try await service.embedQuery(texts[index]) == model.embed(tokens: [tokens])[0])
    }
    #expect(service.tokenize("hello") == [3, TinyModel.id("hello"), 4])
    #expect(service.load == (0, 0))
  }

  @Test func manyCallersAtOnce() async throws {
    let model = try TinyModel.load()
    let service = EmbeddingService(model: model, threads: 2, queueLimit: 1_000)
    let texts = texts(100)
    let expected = model.embed(tokens: texts.map(service.tokenize))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for start in 0..<50 {
        group.addTask {
          let vectors = try await service.embedPassages(Array(texts[start..<(start + 50)]))
          #expect(vectors == Array(expected[start..<(start + 50)]))
        }
        group.addTask {
          let vector = try await service.embedQuery(texts[start])
          #expect(vector == expected[start])
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func fullQueueRefusesAtOnce() throws {
    let queue = InferenceQueue(limit: 2, threads: 1)
    let questions = [QuestionRequest("a"), QuestionRequest("b")]
    for question in questions { try queue.add(question) }
    let refused = #expect(throws: EmbeddingError.self) { try queue.add(QuestionRequest("c")) }
    #expect(refused?.code == "overloaded")
    // Passages have room of their own, also bounded.
    for _ in 0..<2 { try queue.add(PassageRequest(["a"])) }
    #expect(throws: EmbeddingError.self) { try queue.add(PassageRequest(["a"])) }
    // A caller that gave up makes room.
    questions[0].reply.settle(.failure(CancellationError()))
    try queue.add(QuestionRequest("d"))
    #expect(queue.load == (2, 2))
  }

  @Test func overloadReachesTheCaller() async throws {
    let service = EmbeddingService(
      model: try TinyModel.load(layers: 8), threads: 1, queueLimit: 1, cachedQueries: 0)
    let text = String(repeating: "a b c ", count: 40)
    let expected = try await service.embedQuery(text)
    let refusals = await withTaskGroup(of: String?.self) { group in
      for _ in 0..<300 {
        group.addTask {
          do {
            #expect(try await service.embedQuery(text) == expected)
            return nil
          } catch {
            return (error as? EmbeddingError)?.code ?? "\(error)"
          }
        }
      }
      return await group.reduce(into: [String]()) { if let code = $1 { $0.append(code) } }
    }
    #expect(!refusals.isEmpty)
    #expect(refusals.allSatisfy { $0 == "overloaded" })
  }

  @Test func questionsComeOutFirst() throws {
    let queue = InferenceQueue(limit: 100, threads: 2)
    try queue.add(PassageRequest(["a"]))
    for text in ["1", "2", "3"] { try queue.add(QuestionRequest(text)) }
    // Two threads share three questions.
    guard case .questions(let first) = queue.take(), case .questions(let second) = queue.take(),
      case .tokenise = queue.take()
    else {
      Issue.record("a passage went ahead of a question")
      return
    }
    func texts(_ requests: [QuestionRequest]) -> [String] {
      requests.compactMap { if case .text(let text, _) = $0.input { text } else { nil } }
    }
    #expect(texts(first) == ["1", "2"] && texts(second) == ["3"])
  }

  @Test func passageRequestsTakeTurns() throws {
    let queue = InferenceQueue(limit: 100, threads: 1)
    let (large, small) = (PassageRequest(["a", "a", "a"]), PassageRequest(["b"]))
    for request in [large, small] {
      try queue.add(request)
      guard case .tokenise(let taken) = queue.take() else {
        Issue.record("not tokenised first")
        return
      }
      #expect(taken === request)
    }
    for request in [large, small] {
      let tokens = request.texts.map { _ in [Int32](repeating: 3, count: 512) }
      queue.announce(batches: request.setTokens(tokens, maxBatchTokens: 512))
    }
    var order: [Bool] = []
    for _ in 0..<4 {
      guard case .batch(let request, _) = queue.take() else {
        Issue.record("no batch")
        return
      }
      order.append(request === small)
    }
    #expect(order.firstIndex(of: true)! <= 1)
  }

  @Test func aQuestionOvertakesPassagesUnderWay() async throws {
    let service = EmbeddingService(model: try TinyModel.load(layers: 8), threads: 1)
    let texts = texts(40_000, maxWords: 30)
    let passages = Task { try await service.embedPassages(texts) }
    while service.load.passageRequests == 0 { await Task.yield() }
    _ = try await service.embedQuery("hello")
    #expect(service.load.passageRequests == 1)
    passages.cancel()
    await #expect(throws: CancellationError.self) { _ = try await passages.value }
    // The thread gives the request up and serves on.
    #expect(try await service.embedPassages(["a"]).count == 1)
  }

  @Test func cancelledBeforeItStarts() async throws {
    let service = EmbeddingService(model: try TinyModel.load(), threads: 1)
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await service.embedQuery("a")
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }

  @Test func shutDownFailsWhatWaits() async throws {
    let service = EmbeddingService(model: try TinyModel.load(layers: 8), threads: 1)
    let texts = texts(40_000, maxWords: 30)
    let passages = Task { try await service.embedPassages(texts) }
    while service.load.passageRequests == 0 { await Task.yield() }
    service.shutdown()
    let waiting = await #expect(throws: EmbeddingError.self) { _ = try await passages.value }
    #expect(waiting?.code == "shut_down")
    let late = await #expect(throws: EmbeddingError.self) { _ = try await service.embedQuery("a") }
    #expect(late?.code == "shut_down")
  }

  @Test func releasedServiceStopsItsThreads() async throws {
    weak var queue: InferenceQueue?
    do {
      let service = EmbeddingService(model: try TinyModel.load(), threads: 2)
      queue = service.queue
      _ = try await service.embedQuery("a")
    }
    for _ in 0..<200 where queue != nil { try await Task.sleep(for: .milliseconds(10)) }
    #expect(queue == nil)
  }
}

@Suite struct QueryVectorCacheTests {
  @Test func theLeastRecentlyAskedForGoFirst() {
    let cache = QueryVectorCache(capacity: 4)
    for number in 0..<4 { cache.add([Float(number)], for: "q\(number)") }
    #expect(cache["q0"] == [0])
    cache.add([4], for: "q4")
    #expect(cache["q1"] == nil)
    #expect(["q0", "q2", "q3", "q4"].allSatisfy { cache[$0] != nil })
    // Composed and decomposed forms are different texts to the model.
    cache.add([5], for: "\u{E9}")
    #expect(cache["e\u{301}"] == nil)
  }

  @Test func aCacheOfNothingHoldsNothing() {
    let cache = QueryVectorCache(capacity: 0)
    cache.add([1], for: "q")
    #expect(cache["q"] == nil)
  }

  @Test func aQuestionAskedAgainGetsTheSameVectorWithoutTheModel() async throws {
    let service = EmbeddingService(model: try TinyModel.load(), threads: 1)
    let first = try await service.embedQuery("hello world")
    service.shutdown()
    #expect(try await service.embedQuery("hello world") == first)
    await #expect(throws: EmbeddingError.self) { try await service.embedQuery("hello") }
  }
}
