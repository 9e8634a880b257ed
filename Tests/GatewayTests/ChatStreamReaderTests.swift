import Foundation
import Retrieval
import Testing

@testable import Gateway

@Suite struct ChatStreamReaderTests {
  static func event(_ content: String, finish: String? = nil) -> String {
    let choice: JSONValue = [
      "index": 0, "delta": ["content": .string(content)],
      "finish_reason": finish.map { .string($0) } ?? .null,
    ]
    return "data: \(String(decoding: JSONText.data(["choices": [choice]] as JSONValue), as: UTF8.self))\n\n"
  }

  private static let whole =
    ": comment\r\n\r\n" + event("Grüße, ") + "event: x\n" + event("你好") + "data: {\"choices\":[]}\n\n"
    + event(" 🙂.", finish: "stop") + "data: [DONE]\n\n" + "data: nonsense after the end\n\n"

  /// However the bytes are cut, also within a letter.
  @Test(arguments: [1, 2, 3, 5, 64, 100_000]) func cutsDoNotMatter(_ size: Int) throws {
    var reader = ChatStreamReader()
    var text = ""
    var rest = Data(Self.whole.utf8)[...]
    while !rest.isEmpty {
      text += reader.read(Data(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    #expect(text == "Grüße, 你好 🙂." && reader.isComplete && reader.hasEnded && reader.hasBegun)
  }

  @Test(arguments: [
    "data: {not json}\n", "data: {\"error\":{\"message\":\"x\"}}\n", "data: 5\n",
    "data: {\"choices\":[{\"delta\":{\"content\":5}}]}\n",
  ])
  func whatIsNoCompletionIsInvalid(_ text: String) {
    var reader = ChatStreamReader()
    let good = Self.event("One. ")
    #expect(reader.read(Data((good + text).utf8)) == "One. " && reader.failure == .invalid)
  }

  @Test func invalidUTF8AndEndlessLinesAreInvalid() {
    var reader = ChatStreamReader()
    _ = reader.read(Data("data: ".utf8) + [0xC3, 0x28, 0x0A])
    #expect(reader.failure == .invalid)
    var other = ChatStreamReader()
    for _ in 0..<300 where other.failure == nil { _ = other.read(Data(repeating: 0x61, count: 1024)) }
    #expect(other.failure == .invalid)
  }

  /// What stopped at a limit is not whole, whatever the end says.
  @Test func whatWasCutShortIsNotComplete() throws {
    for reason in ["length", "content_filter", "tool_calls"] {
      var reader = ChatStreamReader()
      _ = reader.read(Data((Self.event("One", finish: reason) + "data: [DONE]\n\n").utf8))
      #expect(!reader.isComplete && reader.hasEnded, "\(reason)")
    }
    var reader = ChatStreamReader()
    _ = reader.read(Data(Self.event("One").utf8))
    #expect(!reader.isComplete && !reader.hasEnded)
  }
}
