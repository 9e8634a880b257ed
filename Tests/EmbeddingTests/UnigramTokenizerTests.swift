import Foundation
import TestSupport
import Testing

@testable import Embedding

@Suite struct UnigramTokenizerTests {
  private let tokenizer: UnigramTokenizer

  init() throws { tokenizer = try TinyFourBitModel.tokenizer() }

  /// Between the special tokens.
  private func pieces(_ text: String) -> [String] {
    tokenizer.encode(text, maxTokens: 100_000).dropFirst().dropLast().map {
      TinyFourBitModel.pieces[Int($0)].text
    }
  }

  @Test(arguments: [
    ("", []), ("  \t\n ", []), ("a", ["▁a"]), (" a  a ", ["▁a", "▁a"]), ("hello", ["▁hello"]),
    // The likeliest cut, not the longest pieces: "▁a" + "bc" is -9.5, "▁ab" + "c" -12, "▁" + "abc" -16.
    ("abc", ["▁a", "bc"]), ("ab", ["▁ab"]), ("hell", ["▁", "hell"]),
    ("a\u{1}b", ["▁ab"]), ("a\u{0}b", ["▁ab"]), ("a\u{A0}\u{3000}a", ["▁a", "▁a"]), ("a▁a", ["▁a", "▁a"]),
    ("①.", ["▁", "1", "."]), ("ａｂ", ["▁a", "<unk>"]), ("中文", ["▁", "中文"]), ("文中", ["▁", "文", "中"]),
    ("zzz", ["▁", "<unk>"]), ("zaz z", ["▁", "<unk>", "a", "<unk>", "▁", "<unk>"]), ("🙂", ["▁", "<unk>"]),
    ("café", ["▁caf", "é"]), ("cafe\u{301}", ["▁caf", "é"]), ("\u{301}", ["▁", "<unk>"]),
    ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", ["▁", "한", "글"]), ("か\u{3099}", ["▁", "が"]),
    ("o\u{323}\u{302}", ["▁", "ộ"]),
  ])
  func splits(_ text: String, _ expected: [String]) {
    #expect(pieces(text) == expected, "\(text.unicodeScalars.map(\.value))")
  }

  /// Halfwidth kana and its mark are replaced first, then composed.
  @Test func replacementsAreComposed() throws {
    let tokenizer = try TinyFourBitModel.tokenizer(pieces: TinyFourBitModel.pieces + [("ガ", -5)])
    #expect(tokenizer.encode("ｶﾞ", maxTokens: 9)[2] == Int32(TinyFourBitModel.pieces.count))
  }

  @Test func noTextYieldsASpecialToken() {
    let forbidden = Set(["<s>", "<pad>", "</s>", "<mask>"].map(TinyFourBitModel.id))
    let spellings = ["<s>", "<pad>", "</s>", "<mask>", "<unk>", "＜mask＞", "<\u{1}mask>"]
    for text in spellings + [spellings.joined(), "a<mask>b", "\u{2581}<mask>"] {
      #expect(
        forbidden.isDisjoint(with: tokenizer.encode(text, maxTokens: 1000).dropFirst().dropLast()), "\(text)")
    }
    #expect(pieces("<mask>") == ["▁", "<", "mask", ">"])
    #expect(pieces("</s>") == ["▁", "<", "/", "s", ">"])
    var random = SeededRandom(31)
    for _ in 0..<300 {
      let ids = tokenizer.encode(randomText(&random), maxTokens: 1000).dropFirst().dropLast()
      #expect(forbidden.isDisjoint(with: ids))
    }
  }

  @Test func truncationKeepsTheSpecialTokens() {
    let text = "abc a hello zz"
    let all = tokenizer.encode(text, maxTokens: 100)
    #expect(all.count == 8)
    for limit in 2...8 {
      #expect(tokenizer.encode(text, maxTokens: limit) == all[..<(limit - 1)] + [2], "\(limit)")
    }
    #expect(tokenizer.encode(text, maxTokens: 0) == [0, 2])
  }

  /// The best of all cuts of a word, tried one by one.
  private func best(_ word: [Character]) -> Double {
    var scores = [0.0]
    for end in 1...word.count {
      scores.append(
        (0..<end).map { start in
          let text = String(word[start..<end])
          let piece = TinyFourBitModel.pieces.first { $0.text == text && $0.score < 0 }
          let unknown = end - start == 1 ? -24.0 : -.infinity
          return scores[start] + max(piece.map { Double($0.score) } ?? -.infinity, unknown)
        }.max()!)
    }
    return scores[word.count]
  }

  @Test func cutsAreTheLikeliest() {
    var random = SeededRandom(32)
    let parts = ["a", "b", "c", "l", "o", "he", "hell", "abc"]
    for _ in 0..<500 {
      let word = Array(
        (0..<Int.random(in: 1...8, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
      )
      let ids = tokenizer.encode(String(word), maxTokens: 100).dropFirst().dropLast()
      let score = ids.reduce(0.0) { $0 + Double(TinyFourBitModel.pieces[Int($1)].score) }
      #expect(!ids.contains(3))
      #expect(abs(score - best(["▁"] + word)) < 1e-9, "\(String(word))")
      #expect(ids.map { TinyFourBitModel.pieces[Int($0)].text }.joined() == "▁" + String(word))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func longInputsTakeLinearTime() {
    let words = String(repeating: "abc ", count: 20_000)
    #expect(tokenizer.encode(words, maxTokens: 100_000).count == 40_002)
    #expect(tokenizer.encode(words, maxTokens: 256).count == 256)
    // A word is cut where it is too long, and what follows has no mark.
    let long = pieces(String(repeating: "s", count: 90_000))
    #expect(long.count == 90_001 && long.count { $0 == "▁" } == 1)
    #expect(tokenizer.encode("e" + String(repeating: "\u{301}", count: 100_000), maxTokens: 512).count <= 512)
    #expect(tokenizer.encode(String(repeating: "\u{1}", count: 300_000), maxTokens: 512) == [0, 2])
    #expect(tokenizer.encode(String(repeating: " ", count: 300_000), maxTokens: 512) == [0, 2])
  }

  @Test func damagedVocabulariesAreRefused() throws {
    func expectCorrupt(_ change: (inout FourBitFile.Pieces) -> Void) throws {
      let folder = try TemporaryFolder()
      let file = try FourBitFile(
        TinyFourBitModel.write(TinyFourBitModel.data().file, into: folder.url).weights)
      var pieces = file.pieces
      change(&pieces)
      let error = #expect(throws: EmbeddingError.self) { try UnigramVocabulary(pieces, of: file.file) }
      #expect(error?.code == "model_corrupt")
    }
    try expectCorrupt { $0.count = 0 }
    try expectCorrupt { $0.unknown = $0.count }
    try expectCorrupt { $0.start = .max }
    try expectCorrupt { $0.bytes = UnsafeRawBufferPointer(rebasing: $0.bytes.dropLast()) }
    try expectCorrupt { $0.scores = $0.offsets }
    try expectCorrupt { $0.offsets = $0.scores }
    try expectCorrupt { $0.replacementCount += 1 }
    try expectCorrupt { $0.replacementCount -= 1 }
    for replacements: [(UInt32, [UInt32])] in [
      [(0xD800, [])], [(0x41, [0x11_0000])], [(0x42, []), (0x41, [])], [(0x41, []), (0x41, [])],
    ] {
      #expect(throws: EmbeddingError.self) {
        try TinyFourBitModel.tokenizer(replacements: replacements.map { (scalar: $0.0, by: $0.1) })
      }
    }
    #expect(throws: EmbeddingError.self) {
      try TinyFourBitModel.tokenizer(pieces: [("a", .nan)] + TinyFourBitModel.pieces)
    }
  }
}
