import Domain

extension Chunker {
  /// Answers so long that this many windows do not hold them are not embedded to the end.
  static let maxWindows = 256
  /// At most this many tokens of a window are question.
  private static let maxQuestionTokens = 127

  /// One chunk: its span is the whole answer, its embedded texts are the ways to find it.
  ///
  /// First the question with as much of the answer as fits; then each further phrasing likewise; then, where
  /// the answer is longer, the question with each further part of it.
  func faqChunk(_ content: DocumentContent, _ text: String) -> ChunkDraft {
    let span = ByteSpan(start: 0, end: text.utf8.count)
    let question = String(measure.prefix(content.title[...], Self.maxQuestionTokens))
    let windows = windows(question, text, content.language)
    var embedded = [windows[0]]
    for phrasing in content.questions.prefix(EntryBuilder.maxPhrasings) {
      let phrasing = measure.prefix(phrasing[...], Self.maxQuestionTokens)
      let room = Self.maxEmbeddedTokens - measure.tokenCount(phrasing)
      let answer = measure.boundedPrefix(text[...], room)
      embedded.append([phrasing, answer].filter { !$0.isEmpty }.joined(separator: "\n"))
    }
    embedded += windows.dropFirst()
    var seen: Set<String> = []
    return ChunkDraft(
      ordinal: 0, headingPath: [], span: span, text: text,
      embeddedTexts: embedded.filter { seen.insert($0).inserted })
  }

  private func windows(_ question: String, _ answer: String, _ language: String?) -> [String] {
    let room = Self.maxEmbeddedTokens - measure.tokenCount(question[...])
    var windows: [String] = []
    var rest = answer[...].drop(while: \.isWhitespace)
    while !rest.isEmpty, windows.count < Self.maxWindows {
      var part = measure.boundedPrefix(rest, room)
      if part.isEmpty { part = rest.prefix(1) }
      if part.endIndex < rest.endIndex { part = measure.endingAtSentence(part, language) }
      windows.append([question[...], part.trimmingWhitespace].filter { !$0.isEmpty }.joined(separator: "\n"))
      rest = rest[part.endIndex...].drop(while: \.isWhitespace)
    }
    return windows.isEmpty ? [question] : windows
  }
}
