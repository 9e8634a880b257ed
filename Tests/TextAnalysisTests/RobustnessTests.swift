import Domain
import Testing

@testable import TextAnalysis
import TestSupport

@Suite struct RobustnessTests {
  private static let alphabets: [[String]] = [
    ["a", "B", "ß", "İ", "ı", "ﬁ", "\u{301}", "\u{323}", "\u{AD}", "\u{200B}", "\u{200D}", " ", "\n"],
    ["a", "X", "7", "-", "_", ".", "/", ":", "@", "+", "#", "'", "\\", "://", "0x", "v", ",", "&", "~"],
    ["黑", "豹", "か", "\u{3099}", "ｶ", "ﾞ", "한", "ᄀ", "ᅡ", "𠀀", "。", "「", "a", "1", "\u{FE0F}", "々"],
    ["ส", "ว", "ั", "ำ", "े", "ह", "م", "ُ", "ﷺ", "א", "ָ", "ქ", "ຫ", "ក", "្", "မ", " "],
    [
      "👩", "\u{200D}", "🏽", "🇩", "🇪", "\u{0}", "\u{FEFF}", "\u{10FFFF}", "\u{FFFF}", "\u{E000}", "½", "㎞",
      "Ⅷ", "𝐀", "\r",
    ],
    [
      ".", "!", "?", "。", " ", "\n", "\r\n", "1", "Dr", "e.g", "A", "b", "- ", "#", "”", "\u{2029}", "\t",
      "i",
    ],
  ]

  private static func strings() -> [String] {
    var generator = SeededGenerator(7)
    return (0..<350).map { round in
      let letters = round % 7 == 6 ? alphabets.flatMap { $0 } : alphabets[round % 7]
      let length = Int.random(in: 0...(round % 50 == 0 ? 5000 : 40), using: &generator)
      return (0..<length).map { _ in letters.randomElement(using: &generator) ?? "" }.joined()
    }
  }

  @Test func tokensStayInBoundsOnCharactersAndInOrder() {
    let analyzer = TextAnalyzer()
    for (index, text) in Self.strings().enumerated() {
      let language: Language? = [nil, .english, .german, .arabic, .turkish][index % 5]
      var last = 0
      for token in analyzer.tokens(of: text, language: language) {
        #expect(token.span.start >= last, "\(text.debugDescription)")
        last = token.span.start
        #expect(!token.span.isEmpty && text.holds(token.span), "\(text.debugDescription)")
        #expect(!token.term.isEmpty && token.term.utf8.count <= 2 * TextAnalyzer.longestTerm)
      }
    }
  }

  @Test func queriesAgreeWithDocuments() {
    let analyzer = TextAnalyzer()
    for text in Self.strings() where text.utf8.count < 1000 {
      let terms = Set(analyzer.tokens(of: text, language: .english).map(\.term))
      for term in analyzer.queryTerms(of: text, languages: [.german, .english]) {
        #expect(text.holds(term.span))
        #expect(!term.alternatives.isEmpty && Set(term.alternatives).count == term.alternatives.count)
        #expect(!terms.isDisjoint(with: term.alternatives), "\(text.debugDescription) \(term)")
      }
    }
  }

  @Test func sentencesHoldEverythingButBlanks() {
    let splitter = SentenceSplitter()
    for (index, text) in Self.strings().enumerated() {
      var last = 0
      let bytes = Array(text.utf8)
      var held = 0
      for sentence in splitter.sentences(in: text, language: index % 2 == 0 ? .german : nil) {
        #expect(
          sentence.start >= last && !sentence.isEmpty && text.holds(sentence),
          "\(text.debugDescription)"
        )
        last = sentence.end
        held += bytes[sentence.range].count { $0 > 0x20 && $0 < 0x7F }
      }
      #expect(held == bytes.count { $0 > 0x20 && $0 < 0x7F })
    }
  }

  @Test func detectionAndFoldingTakeAnything() {
    for text in Self.strings() {
      if let found = LanguageDetector().detect(text) { #expect((0...1).contains(found.confidence)) }
      let folded = TextNormalizer.folded(text)
      #expect(TextNormalizer.folded(folded) == folded, "\(text.debugDescription)")
    }
  }

  /// Hostile shapes, each large enough that quadratic time would not end.
  @Test(arguments: [
    "x", "a-", "a.", "a1/", "'a", "\u{301}\u{323}", "e\u{301}", "汉", "ส", "👩\u{200D}", "Dr. ", ". ", "1. ",
    "\n", " ", "a:\n- ",
  ])
  func longTextsTakeLinearTime(unit: String) {
    let text = String(repeating: unit, count: 150_000 / unit.utf8.count)
    let start = ContinuousClock.now
    _ = TextAnalyzer().tokens(of: text, language: .english)
    _ = SentenceSplitter().sentences(in: text, language: .german)
    _ = LanguageDetector().detect(text)
    #expect(start.duration(to: .now) < .seconds(20))
  }
}

extension String {
  /// Like `slice(_:) != nil`, in time that does not depend on the string.
  fileprivate func holds(_ span: ByteSpan) -> Bool {
    guard span.end <= utf8.count else { return false }
    return [span.start, span.end].allSatisfy {
      $0 == utf8.count || utf8[utf8.index(utf8.startIndex, offsetBy: $0)] & 0xC0 != 0x80
    }
  }
}
