import Domain
import TestSupport
import Testing

@testable import TextAnalysis

private let analyzer = TextAnalyzer()

private func terms(_ text: String, _ language: Language? = .english) -> [String] {
  analyzer.tokens(of: text, language: language).map(\.term)
}

/// The original text behind each token with this term.
private func sources(_ term: String, in text: String, _ language: Language? = .english) -> [String] {
  analyzer.tokens(of: text, language: language).filter { $0.term == term }.map {
    text.slice($0.span).map(String.init) ?? "outside a character"
  }
}

@Suite struct TokenTests {
  @Test func wordsAreFoldedAndStemmed() {
    #expect(terms("The Meetings were Cancelled") == ["the", "meet", "were", "cancel"])
    #expect(terms("Die Rechnungen", .german) == ["die", "rechnung"])
    #expect(terms("Meetings cancelled", nil) == ["meetings", "cancelled"])
    #expect(terms("spotkania", .polish) == ["spotkania"])
  }

  /// Stems are remembered by thread; nothing that was stemmed before may show.
  @Test func stemsDoNotDependOnWhatCameBefore() {
    var random = SeededGenerator(11)
    let endings = ["", "s", "ing", "ed", "ungen", "heit", "ización", "ational"]
    let words = Set(
      (0..<20_000).map { _ in
        String(
          (0..<Int.random(in: 1...9, using: &random)).map { _ in
            "aeinrstlkm".randomElement(using: &random) ?? "e"
          })
          + (endings.randomElement(using: &random) ?? "")
      }
    ).sorted()
    let languages: [Language] = [.english, .german]
    let alone = languages.map { language in words.map { terms($0, language) } }
    for (place, word) in words.enumerated() {
      let expected = [alone[0][place], alone[1][place], alone[0][place], alone[0][place]]
      #expect([languages[0], languages[1], languages[0], languages[0]].map { terms(word, $0) } == expected)
    }
  }

  @Test func stopWordsAreMarkedByLanguage() {
    let tokens = analyzer.tokens(of: "the die", language: .english)
    #expect(tokens.map(\.isStopWord) == [true, false])
    #expect(analyzer.tokens(of: "the die", language: .german).map(\.isStopWord) == [false, true])
  }

  @Test(arguments: [
    ("caf\u{E9}", "cafe", "caf\u{E9}"),
    ("cafe\u{301}", "cafe", "cafe\u{301}"),
    ("a \u{FB01}sh b", "fish", "\u{FB01}sh"),
    ("ＡＢＣ", "abc", "ＡＢＣ"),
    ("Straße", "strasse", "Straße"),
    ("İstanbul", "istanbul", "İstanbul"),
    ("co\u{AD}op", "coop", "co\u{AD}op"),
    ("👩‍👩‍👧 zebra 🎉", "zebra", "zebra"),
    ("\u{FEFF}zebra", "zebra", "zebra"),
    ("a\u{0}zebra\u{0}b", "zebra", "zebra"),
    ("Ωmega ΑΘΗΝΑ", "αθηνα", "ΑΘΗΝΑ"),
    ("ЁЛКА", "елка", "ЁЛКА"),
    ("مُحَمَّد", "محمد", "مُحَمَّد"),
    ("١٢٣", "123", "١٢٣"),
    ("ｶﾞ", "ガ", "ｶﾞ"),
  ])
  func spansPointIntoTheOriginal(text: String, term: String, source: String) {
    let found = sources(term, in: text, nil)
    #expect(found.contains { $0.unicodeScalars.elementsEqual(source.unicodeScalars) }, "\(terms(text, nil))")
  }

  @Test func anExpandedCharacterKeepsItsSpan() {
    // One character folds to two words.
    let text = "\u{FDFA}"
    let tokens = analyzer.tokens(of: text, language: nil)
    #expect(tokens.count == 4)
    #expect(tokens.allSatisfy { $0.span == ByteSpan(start: 0, end: 3) })
  }

  @Test func scriptsWithoutSpacesAreSegmented() {
    #expect(terms("黑豹队", .chinese) == ["黑", "黑豹", "豹", "豹队", "队"])
    #expect(terms("猫 food", .chinese) == ["猫", "food"])
    #expect(sources("豹队", in: "在2024年，黑豹队!", .chinese) == ["豹队"])
    #expect(terms("東京へ", .japanese).contains("東京"))
    #expect(terms("서울에서", .korean).contains("서울"))
    #expect(terms("LG전자", .korean).starts(with: ["lg", "전"]))
    #expect(terms("สวัสดีครับ", .thai).contains("สวัสดี"))
    #expect(sources("รหัส", in: "เปลี่ยนรหัสผ่าน", .thai) + sources("รหัสผ่าน", in: "เปลี่ยนรหัสผ่าน", .thai) != [])
  }

  @Test func apostrophes() {
    #expect(terms("the user's files") == ["the", "user", "file"])
    #expect(terms("the user\u{2019}s files") == ["the", "user", "file"])
    #expect(sources("homm", in: "l\u{2019}homme", .french) == ["homme"])
    #expect(terms("O'Brien") == ["obrien"])
    let contraction = analyzer.tokens(of: "don't", language: .english)
    #expect(contraction.map(\.isStopWord) == [true])
  }

  @Test func hyphenatedWordsAreFoundJoinedAndApart() {
    #expect(terms("sign-in") == ["signin", "sign", "in"])
    #expect(terms("sign\u{2010}in") == terms("sign-in"))
    #expect(terms("e-mails") == ["email", "e", "mail"])
    #expect(terms("U.S.A. and e.g.") == ["usa", "and", "eg"])
    #expect(terms("and/or") == ["and", "or"])
  }

  @Test func longWordsAreCutAndLongIdentifiersLeftToTheirParts() {
    let tokens = analyzer.tokens(of: String(repeating: "x", count: 5000) + " end", language: .english)
    #expect(tokens.map(\.term.utf8.count) == [128, 3])
    #expect(tokens[0].span == ByteSpan(start: 0, end: 5000))
    #expect(terms(String(repeating: "é", count: 200), nil) == [String(repeating: "e", count: 64)])
    let path = (0..<60).map { "part\($0)" }.joined(separator: "/")
    let found = terms(path)
    #expect(!found.contains(path))
    #expect(found.contains("part7") && found.contains("part59"))
  }

  @Test func textsLongerThanAWindowKeepTheirSpans() {
    let line = "Straße sign-in 黑豹队 0x80070005. "
    let text = String(repeating: line, count: 3000)
    let once = analyzer.tokens(of: line, language: .german)
    let all = analyzer.tokens(of: text, language: .german)
    #expect(all.count == 3000 * once.count)
    for (index, token) in all.enumerated().filter({ $0.offset % 997 == 0 }) {
      let base = once[index % once.count]
      let offset = index / once.count * line.utf8.count
      #expect(token.term == base.term)
      #expect(token.span == ByteSpan(start: base.span.start + offset, end: base.span.end + offset))
    }
  }

  @Test func manyThreadsAnalyseAlike() async {
    let text = "Wie ändere ich Müllers Kennwort in OneDrive? 黑豹队"
    let expected = analyzer.tokens(of: text, language: .german)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<32 {
        group.addTask {
          (0..<50).allSatisfy { _ in analyzer.tokens(of: text, language: .german) == expected }
        }
      }
      for await same in group { #expect(same) }
    }
  }
}
