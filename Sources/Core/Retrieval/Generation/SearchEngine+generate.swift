import Domain
import Foundation
import Synchronization
import TextAnalysis

/// What became of an extract that was to be worded.
public struct GenerationResult: Sendable {
  /// The generated answer, or the extract as it was.
  public let response: AnswerResponse
  public let outcome: GenerationOutcome
  /// Sentences that were dropped.
  public let doubts: [SupportDoubt: Int]
}

extension SearchEngine {
  /// Has an extract worded, and keeps of the words what its passages say.
  ///
  /// Confidence, suggestions and generation stay the extract's. Each sentence that is kept has a citation of the
  /// sentences that support it. From the first on that rests on the sentence that answers best, sentences are said as
  /// they are checked; where none does, or the call fails before, the extract stays. Abstentions and FAQ answers, which
  /// editors worded, are not for it.
  ///
  /// - Parameters:
  ///   - say: handed the parts of a generated text, in order; joined they are the text. What it throws ends the call.
  /// - Throws: `CancellationError`, what `say` throws.
  public func generate(
    from extract: AnswerResponse, for request: AnswerRequest, policy: GenerationPolicy,
    by generator: any AnswerGenerator, say: @escaping @Sendable (String) async throws -> Void = { _ in }
  ) async throws -> GenerationResult {
    let start = ContinuousClock.now
    guard let grounds = extract.grounds, extract.answer.kind == .extract,
      let prompt = GenerationPrompt(
        passages: grounds.passages, core: grounds.core, question: request.question, history: request.history,
        policy: policy)
    else { return GenerationResult(response: extract, outcome: .withheld, doubts: [:]) }
    let text = GeneratedText(
      check: SupportCheck(prompt.passages.map(SupportCheck.Source.init), reranker: options.reranker),
      passages: prompt.passages, core: grounds.core, say: say)
    var failure: GenerationFailure?
    let isEnough = Mutex(false)
    do {
      try await generator.generate(from: prompt) { piece in
        let wantsMore = try await text.take(piece)
        if !wantsMore { isEnough.withLock { $0 = true } }
        return wantsMore
      }
      if !isEnough.withLock({ $0 }) { try await text.finish() }
    } catch let error as GenerationFailure {
      failure = error
    }
    let (kept, doubts) = (await text.kept, await text.doubts)
    guard !kept.isEmpty else {
      return GenerationResult(
        response: extract, outcome: failure.map(GenerationOutcome.failed) ?? .unsupported, doubts: doubts)
    }
    let response = extract.worded(
      kept.map(\.text).joined(separator: " "), citations: kept.map(\.citation),
      after: start.duration(to: .now))
    return GenerationResult(
      response: response, outcome: failure.map(GenerationOutcome.generatedPartly) ?? .generated,
      doubts: doubts)
  }
}

extension SupportCheck.Source {
  init(_ passage: Passage) {
    self.init(
      title: passage.document.title, headings: passage.headingPath, text: passage.text,
      language: passage.document.language.map(Language.init(rawValue:)))
  }
}

extension AnswerResponse {
  fileprivate func worded(_ text: String, citations: [Citation], after time: Duration) -> AnswerResponse {
    var seen: Set<Citation> = []
    let cited = citations.filter { seen.insert($0).inserted }
    let documents = Set(cited.map(\.documentID))
    return AnswerResponse(
      answer: Answer(
        kind: .generated, text: text, confidence: answer.confidence, calibration: answer.calibration),
      citations: cited, suggestions: suggestions.filter { !documents.contains($0.documentID) },
      generation: generation, tookMilliseconds: tookMilliseconds + time.milliseconds, evidence: evidence,
      grounds: grounds)
  }
}
