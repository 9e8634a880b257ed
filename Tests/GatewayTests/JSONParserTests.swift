import Foundation
import Testing

@testable import Gateway
import TestSupport

@Suite struct JSONParserTests {
  func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Data(text.utf8)) }

  @Test func readsEveryKindOfValue() throws {
    let value = try parse(
      #" {"a": [1, -2, 3.5, 1e3, true, false, null], "b": {"c": "d"}, "": "", "n": 9223372036854775807} "#)
    #expect(
      value == [
        "a": [1, -2, 3.5, 1000.0, true, false, nil], "b": ["c": "d"], "": "", "n": 9_223_372_036_854_775_807,
      ])
  }

  @Test func readsEscapes() throws {
    #expect(
      try parse(#""\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00\u0000""#) == .string("\"\\/\u{8}\u{c}\n\r\té\u{e9}😀\0")
    )
  }

  @Test(arguments: [
    "", " ", "{", "}", "[", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
    "tru",
    "nulll", "01", "-", "1.", ".5", "1e", "+1", "0x10", "NaN", "Infinity", "1e999", "\"", "\"\\", "\"\\x\"",
    "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "1 2", "[1]]",
    "{\"a\":1,\"a\":2}", "// c\n1", "\u{FEFF}{}",
  ])
  func refuses(_ text: String) {
    #expect(throws: JSONSyntaxError.self) { try parse(text) }
  }

  @Test func refusesBytesThatAreNotUTF8() {
    for bytes: [UInt8] in [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xFF, 0xFE, 0x7B, 0],
    ] {
      #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(Data(bytes)) }
    }
  }

  @Test func boundsNestingInsteadOfCrashing() throws {
    #expect(throws: JSONSyntaxError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    #expect(throws: JSONSyntaxError.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
    let deepest =
      String(repeating: "[", count: JSONParser.maxDepth) + String(repeating: "]", count: JSONParser.maxDepth)
    #expect(throws: Never.self) { try parse(deepest) }
  }

  /// Any prefix and any single changed byte of a valid document is read or refused, never a crash.
  @Test func survivesMutations() throws {
    let document = Array(
      #"{"query":"réset \u00e9 \ud83d\ude00","limit":10,"filter":{"tags":["a","b"]},"x":[1.5e3,null]}"#.utf8)
    for length in document.indices { _ = try? JSONParser.parse(Data(document[..<length])) }
    var generator = SeededGenerator(7)
    for _ in 0..<5000 {
      var mutated = document
      mutated[Int.random(in: 0..<mutated.count, using: &generator)] = UInt8.random(
        in: 0...255, using: &generator)
      guard let value = try? JSONParser.parse(Data(mutated)) else { continue }
      // What was read can be written and read again (1.5e3 becomes 1500 on the way).
      let written = JSONText.data(value)
      #expect(try JSONText.data(JSONParser.parse(written)) == written)
    }
  }

  @Test func namesTheByteThatIsWrong() {
    #expect(throws: JSONSyntaxError(byte: 6, message: "a value was expected")) { try parse(#"{"a": x}"#) }
  }
}
