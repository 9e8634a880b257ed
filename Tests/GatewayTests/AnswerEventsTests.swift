import Foundation
import Testing

@testable import Gateway

@Suite struct AnswerEventsTests {
  @Test(arguments: [
    ("", []), ("One.", ["One."]), ("One. Two! Three", ["One. ", "Two! ", "Three"]),
    ("A\nB\r\n\r\nC", ["A\n", "B\r\n\r\n", "C"]),
    ("1.5 is a number", ["1.5 is a number"]), ("你好。再见。", ["你好。", "再见。"]), ("  \n ", ["  \n "]),
  ])
  func partsJoinToTheText(_ text: String, _ parts: [String]) {
    #expect(AnswerEvents.parts(of: text) == parts)
    #expect(AnswerEvents.parts(of: text).joined().utf8.elementsEqual(text.utf8))
  }

  @Test func anEventIsOneLineOfData() {
    let event = AnswerEvents.event("answer", JSONText.data(["text": "a\nb"]))
    #expect(String(buffer: event) == "event: answer\ndata: {\"text\":\"a\\nb\"}\n\n")
  }
}
