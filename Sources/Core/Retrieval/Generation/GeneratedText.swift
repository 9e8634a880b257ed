import Domain
import TextAnalysis

/// A generated text while it comes: cut into sentences, each checked, and said from where on the answer is among them.
actor GeneratedText {
  struct Kept: Sendable {
    let text: String
    let citation: Citation
  }

  /// Longer ones tell more than was asked.
  static let maxSentences = 8
  /// Sentences that are looked at: a model that talks on is not listened to for ever.
  static let maxWritten = 24

  private let check: SupportCheck
  private let passages: [Passage]
  private let core: Citation
  private let say: @Sendable (String) async throws -> Void
  private var stream: SentenceStream
  private var held: [Kept] = []
  private var written = 0
  /// What was said.
  private(set) var kept: [Kept] = []
  /// Of sentences that were dropped.
  private(set) var doubts: [SupportDoubt: Int] = [:]

  init(
    check: SupportCheck, passages: [Passage], core: Citation,
    say: @escaping @Sendable (String) async throws -> Void
  ) {
    self.check = check
    self.passages = passages
    self.core = core
    self.say = say
    stream = SentenceStream(language: passages.first?.document.language.map(Language.init(rawValue:)))
  }

  /// - Returns: whether more is wanted.
  /// - Throws: `GenerationFailure.invalid`, `CancellationError`, what `say` throws.
  func take(_ piece: String) async throws -> Bool {
    guard let sentences = stream.append(piece) else { throw GenerationFailure.invalid }
    for sentence in sentences where try await !add(sentence) { return false }
    return true
  }

  /// The text is complete: its last sentence, too.
  func finish() async throws {
    for sentence in stream.finish() where try await !add(sentence) { return }
  }

  private func add(_ sentence: String) async throws -> Bool {
    written += 1
    let sentence = WrittenSentence(sentence)
    if !sentence.text.isEmpty, !(kept + held).contains(where: { $0.text == sentence.text }) {
      let verdict = try await check.verdict(on: sentence.text)
      if let doubt = verdict.doubt {
        doubts[doubt, default: 0] += 1
      } else if let source = verdict.source, let span = verdict.span,
        let quote = passages[source].text.slice(span)
      {
        let start = passages[source].span.start
        held.append(
          Kept(
            text: sentence.text,
            citation: Citation(
              quoting: String(quote), at: ByteSpan(start: start + span.start, end: start + span.end),
              of: passages[source].document)))
        try await release()
      }
    }
    return kept.count + held.count < Self.maxSentences && written < Self.maxWritten
  }

  /// Says what is held, once the sentence that answers is among what stands behind it.
  private func release() async throws {
    guard !kept.isEmpty || held.contains(where: { $0.citation.overlaps(core) }) else { return }
    for sentence in held {
      try await say(kept.isEmpty ? sentence.text : " " + sentence.text)
      kept.append(sentence)
    }
    held = []
  }
}

extension Citation {
  fileprivate func overlaps(_ other: Citation) -> Bool {
    documentID == other.documentID && version == other.version && startByte < other.endByte
      && other.startByte < endByte
  }
}
