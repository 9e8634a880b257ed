import Domain
import Testing

@testable import TextAnalysis

private func sentences(_ text: String, _ language: Language? = .english) -> [String] {
  SentenceSplitter().sentences(in: text, language: language).map { text.slice($0).map(String.init) ?? "?" }
}

@Suite struct SentenceSplitterTests {
  @Test(arguments: [
    ["Dr. Smith paid $5.50 for v2.0 (e.g. No. 5).", "It works!", "Does it?", "Yes... maybe."],
    ["See https://a.b/c?d=1.", "Visit the U.S. Army site."],
    ["J. R. Smith left at 5 p.m. yesterday.", "He came back."],
    ["Bring pens, etc.", "The rest is here."],
    ["It has pens, paper, etc. and more."],
    ["He said \"Stop!\"", "Then he left."],
    ["What?!", "No way."],
    ["It is done.", "iPhone users wait."],
    ["On Jan. 5 it broke.", "See Fig. 3 and Sec. 2."],
    ["It costs 5.", "Then it rises."],
  ])
  func english(expected: [String]) {
    #expect(sentences(expected.joined(separator: " ")) == expected)
  }

  @Test func otherLanguages() {
    let german = ["Am 3. Mai kam z. B. Herr Dr. Meier.", "Das kostet ca. 5 Euro.", "Gut!"]
    #expect(sentences(german.joined(separator: " "), .german) == german)
    let spanish = ["¿Qué hora es?", "El Sr. López llegó.", "¡Bien!"]
    #expect(sentences(spanish.joined(separator: " "), .spanish) == spanish)
    #expect(sentences("今天天气很好。明天呢？“好的！”他说。", .chinese) == ["今天天气很好。", "明天呢？", "“好的！”", "他说。"])
    #expect(sentences("行きます。「はい。」彼は言った。", .japanese) == ["行きます。", "「はい。」", "彼は言った。"])
    #expect(sentences("यह सही है। वह गलत है।", Language(rawValue: "hi")) == ["यह सही है।", "वह गलत है।"])
    #expect(sentences("كيف حالك؟ أنا بخير.", .arabic) == ["كيف حالك؟", "أنا بخير."])
    let thai = "ฉันต้องการเปลี่ยนรหัสผ่านของบัญชีผู้ใช้ในระบบของบริษัทเพราะว่าลืมรหัสผ่านเดิม กรุณาช่วยเหลือด้วย"
    #expect(sentences(thai, .thai).count == 2)
  }

  @Test func linesThatBegin() {
    let text =
      "# Title\nIntro goes\non here\n\nSteps:\n1. Open the file.\n2. Close it. Then\n   wait.\n- item one\n- item two\n"
    #expect(
      sentences(text) == [
        "# Title", "Intro goes\non here", "Steps:", "1. Open the file.", "2. Close it.", "Then\n   wait.",
        "- item one", "- item two",
      ]
    )
    #expect(sentences("one\r\n\r\ntwo\r\n* three") == ["one", "two", "* three"])
    #expect(sentences("a) first\nb) second") == ["a) first", "b) second"])
  }

  @Test func nothingAtAll() {
    #expect(sentences("") == [])
    #expect(sentences(" \n\t\u{3000}\u{FEFF}") == [])
    #expect(sentences("no stop") == ["no stop"])
    #expect(sentences("...") == ["..."])
  }
}
