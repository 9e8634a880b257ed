import Foundation

/// The loop of one inference thread.
///
/// In the middle of passages it looks after every layer for questions, so that a question waits for a layer
/// at most, not for a batch.
final class InferenceWorker {
  /// Passages tokenised between two looks for questions.
  private static let textsBetweenLooks = 32

  private struct Abandoned: Error {}

  private let model: EncoderModel
  private let queue: InferenceQueue
  private let passageSpace: EncoderWorkspace
  private let questionSpace: EncoderWorkspace

  init(_ model: EncoderModel, _ queue: InferenceQueue) {
    self.model = model
    self.queue = queue
    passageSpace = EncoderWorkspace(model.specification)
    questionSpace = EncoderWorkspace(model.specification)
  }

  func run() {
    while true {
      switch queue.take() {
      case .questions(let questions): answer(questions)
      case .tokenise(let request): tokenise(request)
      case .batch(let request, let batch): embed(batch, of: request)
      case .stop: return
      }
    }
  }

  private func answer(_ questions: [QuestionRequest]) {
    guard !questions.isEmpty else { return }
    let tokens = questions.map { $0.tokens(model) }
    let vectors = model.embed(batch: tokens, in: questionSpace) {}
    for (question, vector) in zip(questions, vectors) { question.reply.settle(.success(vector)) }
  }

  private func tokenise(_ request: PassageRequest) {
    let specification = model.specification
    var tokens: [[Int32]] = []
    tokens.reserveCapacity(request.texts.count)
    for (index, text) in request.texts.enumerated() {
      if index % InferenceWorker.textsBetweenLooks == 0 {
        answer(queue.takeQuestions())
        if request.reply.isSettled { return queue.remove(request) }
      }
      tokens.append(
        model.tokenizer.encode(specification.passagePrefix + text, maxTokens: specification.maxTokens)
      )
    }
    queue.announce(
      batches: request.setTokens(tokens, maxBatchTokens: EncoderModel.maxBatchTokens)
    )
  }

  private func embed(_ batch: PassageRequest.Batch, of request: PassageRequest) {
    // A caller that gave up costs at most one more layer.
    let vectors = try? model.embed(batch: batch.tokens.map { TokenSequence($0) }, in: passageSpace) {
      answer(queue.takeQuestions())
      if request.reply.isSettled || queue.isShutDown { throw Abandoned() }
    }
    guard let vectors else { return end(request, .failure(EmbeddingError.shutDown)) }
    if let all = request.finish(batch, vectors) { end(request, .success(all)) }
  }

  private func end(_ request: PassageRequest, _ result: Result<[[Float]], any Error>) {
    queue.remove(request)
    request.reply.settle(result)
  }
}
