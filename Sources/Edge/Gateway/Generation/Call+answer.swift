import Domain
import Retrieval

extension Call {
  /// Answers in quotes, or worded where that is wanted and works.
  func answer(_ request: AnswerRequest) async throws -> AnswerResponse {
    try await answerAsItForms(request).finished { _ in }
  }

  /// Everything that may be refused has been when this returns: what is left is to word the answer, if it is to be.
  func answerAsItForms(_ request: AnswerRequest) async throws -> FormingAnswer {
    let extract = try await services.engine.answer(request)
    notes.note(
      CallNotes.Query(
        text: request.question, knowledgeBase: request.knowledgeBase, mode: extract.answer.kind.rawValue,
        results: extract.citations.count, milliseconds: extract.tookMilliseconds,
        generation: extract.generation.rawValue))
    return FormingAnswer(
      call: self, request: request, extract: extract, policy: try await policy(for: extract, request))
  }

  /// `off` also where there is nothing to word. What would have been answered once has today's model no part in.
  private func policy(for extract: AnswerResponse, _ request: AnswerRequest) async throws -> GenerationPolicy
  {
    guard services.generation != nil, extract.answer.kind == .extract, request.asOf == nil,
      let knowledgeBase = try await services.store.knowledgeBase(named: request.knowledgeBase)
    else { return .off }
    return try await services.store.generationPolicy(of: knowledgeBase.id)
  }
}

/// An answer that is known in quotes, and may still be worded.
struct FormingAnswer: Sendable {
  let call: Call
  let request: AnswerRequest
  let extract: AnswerResponse
  fileprivate let policy: GenerationPolicy

  fileprivate init(call: Call, request: AnswerRequest, extract: AnswerResponse, policy: GenerationPolicy) {
    self.call = call
    self.request = request
    self.extract = extract
    self.policy = policy
  }

  /// Whether it takes longer than it took.
  var isToBeWorded: Bool { policy != .off && call.services.generation != nil }

  /// - Parameter say: handed the parts of a generated text, in order; none where the extract stays.
  /// - Throws: `CancellationError`, what `say` throws.
  func finished(say: @escaping @Sendable (String) async throws -> Void) async throws -> AnswerResponse {
    var response = extract
    if isToBeWorded, let generation = call.services.generation {
      response = try await generation.worded(self, policy: policy, say: say)
    }
    call.services.metrics.makeCounter(
      label: "frontdesk_answers_total", dimensions: [("kind", response.answer.kind.rawValue)]
    ).increment(by: 1)
    return response
  }
}
