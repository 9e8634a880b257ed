import Domain
import Testing

@testable import Knowledge

@Suite struct DuplicateCheckTests {
  private func codes(_ documents: [LintDocument]) -> [LintCode] {
    DuplicateCheck().findings(documents).map(\.code)
  }

  @Test func theSamePassageInTwoDocuments() {
    let text = prose(40, seed: 1)
    // Case, marks and spaces do not count.
    let findings = DuplicateCheck().findings([
      .sample("a.md", [prose(40, seed: 2), text]), .sample("b.md", [text.uppercased() + "  !"]),
    ])
    #expect(findings.map(\.code) == [.duplicate])
    #expect(findings.first?.document.externalID == "a.md")
    #expect(findings.first?.other?.externalID == "b.md")
  }

  @Test func boilerplateIsOneFinding() {
    let (text, second) = (prose(30, seed: 1), prose(30, seed: 9))
    let documents = (0..<50).map {
      LintDocument.sample("d\($0).md", [text, second, prose(30, seed: 100 + $0)])
    }
    let findings = DuplicateCheck().findings(documents)
    #expect(findings.count == 1)
    #expect(findings.first?.also.count == LintFinding.maxAlso)
    #expect(findings.first?.message == "The same 2 passages stand in 50 documents.")
  }

  @Test func aFewWordsDiffer() {
    let text = prose(60, seed: 1)
    var words = text.split(separator: " ").map(String.init)
    (words[20], words[45]) = ("other", "another")
    let changed = words.joined(separator: " ")
    let findings = DuplicateCheck().findings([.sample("a.md", [text]), .sample("b.md", [changed + " More."])])
    #expect(findings.map(\.code) == [.nearDuplicate])
    #expect(findings.first?.other?.quote?.isEmpty == false)
  }

  @Test func whatIsNotTheSame() {
    // Other words, the same document, too short, nothing.
    #expect(codes([.sample("a.md", [prose(60, seed: 1)]), .sample("b.md", [prose(60, seed: 2)])]).isEmpty)
    #expect(codes([.sample("a.md", [prose(60, seed: 1), prose(60, seed: 1)])]).isEmpty)
    #expect(codes([.sample("a.md", ["See also."]), .sample("b.md", ["See also."])]).isEmpty)
    #expect(codes([.sample("a.md", [""]), .sample("b.md", [])]).isEmpty)
    #expect(codes([]).isEmpty)
  }

  @Test func theSameWordsInAnotherOrderAreAnotherText() {
    let words = prose(60, seed: 1).split(separator: " ").map(String.init)
    let turned = words.reversed().joined(separator: " ")
    #expect(codes([.sample("a.md", [words.joined(separator: " ")]), .sample("b.md", [turned])]).isEmpty)
  }

  @Test func languagesWithoutSpaces() {
    let text = "退款将在十四天内退回到您的原付款方式，如果您使用礼品卡付款，退款将退回到礼品卡余额，处理时间可能更长，请联系客服了解详情。"
    #expect(codes([.sample("a", [text]), .sample("b", [text])]) == [.duplicate])
    #expect(codes([.sample("a", [text]), .sample("b", [text + "谢谢您的理解。"])]) == [.nearDuplicate])
  }

  /// Work for each of the fifty million pairs would not end within a test.
  @Test func tenThousandPassages() {
    var documents = (0..<10_000).map { LintDocument.sample("d\($0)", [prose(40, seed: $0 * 13 + 1)]) }
    documents.append(.sample("copy", [prose(40, seed: 13 * 5_000 + 1) + " And so on."]))
    let findings = DuplicateCheck().findings(documents)
    #expect(findings.contains { $0.document.externalID == "d5000" && $0.other?.externalID == "copy" })
  }

  /// All resemble each other, and none is the same: what is compared stays bounded.
  @Test func aThousandOfOneTemplate() {
    let text = prose(60, seed: 1)
    let documents = (0..<1_000).map { LintDocument.sample("d\($0)", [text + " Number n\($0)."]) }
    let findings = DuplicateCheck().findings(documents)
    #expect(findings.map(\.code) == [.nearDuplicate])
    #expect(findings.first?.message.contains("in 1000 documents") == true)
  }

  @Test func sketchesMissNoLikeSets() {
    let base = (0..<200).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 }.sorted()
    let like = Array(base.dropFirst(10)), unlike = base.map { $0 ^ 0xFFFF_FFFF }.sorted()
    #expect(MinHash.resemblance(base, base) == 1 && MinHash.resemblance([], []) == 1)
    #expect(MinHash.resemblance(base, like) == 0.95 && MinHash.resemblance(base, []) == 0)
    let pairs = MinHash(bands: 20, rows: 5).candidatePairs(of: [base, unlike, like, []])
    #expect(pairs.contains(MinHash.IndexPair(first: 0, second: 2)))
    #expect(!pairs.contains { $0.first == 3 || $0.second == 3 })
  }

  @Test func aHugeParagraph() {
    let text = prose(200_000, seed: 3)
    #expect(codes([.sample("a", [text]), .sample("b", [text + " End."])]) == [.nearDuplicate])
  }
}
