import Foundation
import TestSupport
import Testing

@testable import Embedding

@Suite struct WordPieceTokenizerTests {
  private let tokenizer: WordPieceTokenizer

  init() throws {
    let folder = try TemporaryFolder()
    tokenizer = try WordPieceTokenizer(vocabulary: folder.file("vocab.txt", TinyModel.vocabulary))
  }

  /// Between the special tokens.
  private func pieces(_ text: String) -> [String] {
    tokenizer.encode(text, maxTokens: 10_000).dropFirst().dropLast().map { TinyModel.tokens[Int($0)] }
  }

  @Test(arguments: [
    ("", []), (" \t\n ", []), ("a b", ["a", "b"]), ("abc", ["a", "##b", "##c"]),
    ("unwanted,running", ["un", "##want", "##ed", ",", "runn", "##ing"]), ("unwantedly", ["unwantedly"]),
    ("UNWANTED!", ["un", "##want", "##ed", "!"]), ("zebra a", ["[UNK]", "a"]), ("abz", ["[UNK]"]),
    ("CAFÉ cafe\u{301}", ["cafe", "cafe"]),
    ("a\u{0}b\u{FFFD}c\u{200B}a\u{AD}b", ["a", "##b", "##c", "##a", "##b"]),
    ("中文a", ["中", "文", "a"]), ("\u{301}", []), ("a\u{A0}b\u{3000}c", ["a", "b", "c"]), ("ЖЖ", ["ж", "##ж"]),
    ("ΣΣ", ["σ", "##σ"]), ("12", ["1", "##2"]), ("a\u{2028}b", ["a", "b"]), ("b[a", ["b", "[", "a"]),
    ("\u{E000}a\u{E001}", ["a"]),
  ])
  func splits(_ text: String, _ expected: [String]) {
    #expect(pieces(text) == expected)
  }

  @Test func wordsOfMoreThanAHundredCharactersAreUnknown() {
    #expect(pieces(String(repeating: "a", count: 100)).count == 100)
    #expect(pieces(String(repeating: "a", count: 101)) == ["[UNK]"])
    #expect(pieces(String(repeating: "ж", count: 100)).count == 100)
    #expect(pieces(String(repeating: "ж", count: 101) + " a") == ["[UNK]", "a"])
  }

  @Test func truncationKeepsTheSpecialTokens() {
    let text = "a b c abc"
    let all = tokenizer.encode(text, maxTokens: 100)
    #expect(all.count == 8)
    for limit in 2...8 {
      #expect(tokenizer.encode(text, maxTokens: limit) == all[..<(limit - 1)] + [TinyModel.id("[SEP]")])
    }
    #expect(tokenizer.encode(text, maxTokens: 0) == [TinyModel.id("[CLS]"), TinyModel.id("[SEP]")])
  }

  @Test func noTextYieldsASpecialToken() {
    let forbidden = Set(["[PAD]", "[unused0]", "[CLS]", "[SEP]", "[MASK]"].map(TinyModel.id))
    let spellings = [
      "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[unused0]", "[cls]", "[ＣＬＳ]", "\u{200B}[CLS]\u{200B}",
    ]
    for text in spellings + [spellings.joined(), "a[CLS]b", "[CL\u{0}S]", "##[CLS]"] {
      let ids = tokenizer.encode(text, maxTokens: 1000).dropFirst().dropLast()
      #expect(forbidden.isDisjoint(with: ids), "\(text)")
    }
    #expect(pieces("[CLS]") == ["[", "cl", "##s", "]"])
    #expect(pieces("[MASK]") == ["[", "mask", "]"])
    var random = SeededRandom(1)
    for _ in 0..<300 {
      let ids = tokenizer.encode(randomText(&random), maxTokens: 1000).dropFirst().dropLast()
      #expect(forbidden.isDisjoint(with: ids))
    }
  }

  @Test func countsWhatEncodeYields() {
    var random = SeededRandom(2)
    for _ in 0..<300 {
      let text = randomText(&random)
      #expect(tokenizer.count(text) == tokenizer.encode(text, maxTokens: 100_000).count - 2)
    }
  }

  @Test func prefixesFitAndMakeUpTheText() {
    var random = SeededRandom(3)
    for round in 0..<300 {
      let text = randomText(&random)
      let limit = 1 + round % 7
      var rest = text[...]
      var joined = ""
      while !rest.isEmpty {
        let prefix = tokenizer.prefix(of: rest, maxTokens: limit)
        #expect(!prefix.isEmpty)
        #expect(
          tokenizer.count(prefix) <= limit || prefix.count == 1,
          "\(prefix.unicodeScalars.map(\.value))"
        )
        joined += prefix
        rest = rest[prefix.endIndex...]
      }
      #expect(joined == text)
    }
  }

  @Test func prefixEndsBetweenWordsWhereItCan() {
    #expect(tokenizer.prefix(of: "a unwanted b", maxTokens: 3) == "a ")
    #expect(tokenizer.prefix(of: "a unwanted b", maxTokens: 4) == "a unwanted ")
    #expect(tokenizer.prefix(of: "a unwanted b", maxTokens: 5) == "a unwanted b")
    #expect(tokenizer.prefix(of: "unwanted b", maxTokens: 2) == "unwant")
    #expect(tokenizer.prefix(of: "", maxTokens: 2) == "")
  }

  @Test(.timeLimit(.minutes(1)))
  func longInputsTakeLinearTime() {
    let words = String(repeating: "unwanted ", count: 20_000)
    #expect(tokenizer.count(words) == 60_000)
    #expect(tokenizer.count(String(repeating: "a", count: 300_000)) == 1)
    #expect(tokenizer.count("a" + String(repeating: "\u{301}", count: 100_000)) == 1)
    #expect(tokenizer.prefix(of: words[...], maxTokens: 30_000).utf8.count == 90_000)
    #expect(tokenizer.encode(words, maxTokens: 256).count == 256)
  }

  @Test func damagedVocabulariesAreRefused() throws {
    let folder = try TemporaryFolder()
    for contents in ["", "a\nb\n", "[UNK]\n[CLS]\n"] {
      let file = try folder.file("vocab.txt", contents)
      let error = #expect(throws: EmbeddingError.self) { try WordPieceTokenizer(vocabulary: file) }
      #expect(error?.code == "model_corrupt")
    }
    let missing = folder.url.appendingPathComponent("missing")
    #expect(throws: EmbeddingError.self) { try WordPieceTokenizer(vocabulary: missing) }
    // Arbitrary bytes with the special tokens among them are merely a strange vocabulary.
    let bytes = Data("[UNK]\r\n[CLS]\n[SEP]\n##\n\n".utf8) + Data([0xFF, 0xC3, 0x0A, 0x80])
    let strange = try WordPieceTokenizer(vocabulary: folder.file("strange", bytes))
    #expect(strange.encode("any é", maxTokens: 10) == [1, 0, 0, 2])
  }
}
