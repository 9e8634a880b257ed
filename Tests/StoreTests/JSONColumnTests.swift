import Foundation
import Testing

@testable import Store

@Suite struct JSONColumnTests {
  static let strings = [
    "", "plain", "Größe 你好 🙂", "\"", "\\", "a\"b\\c", "\n\r\t\u{0}\u{1F}\u{7F}", "[\"x\",\"y\"]", "{\"a\":1}",
    ",", "\u{2028}",
  ]

  @Test func listsRoundTrip() throws {
    for a in Self.strings {
      #expect(try JSONColumn.strings(JSONColumn.encode([a])) == [a])
      for b in Self.strings { #expect(try JSONColumn.strings(JSONColumn.encode([a, b, a])) == [a, b, a]) }
    }
    #expect(try JSONColumn.strings(JSONColumn.encode([String]())) == [])
  }

  @Test func dictionariesRoundTrip() throws {
    for a in Self.strings {
      for b in Self.strings where a != b {
        #expect(try JSONColumn.pairs(JSONColumn.encode([a: b, b: a])) == [a: b, b: a])
      }
    }
    #expect(try JSONColumn.pairs(JSONColumn.encode([String: String]())) == [:])
    #expect(JSONColumn.encode(["b": "1", "a": "2", "B": "3"]) == #"{"B":"3","a":"2","b":"1"}"#)
  }

  @Test func foundationReadsWhatIsWritten() throws {
    let json = Data(JSONColumn.encode(Self.strings).utf8)
    #expect(try JSONDecoder().decode([String].self, from: json) == Self.strings)
  }

  @Test(arguments: ["", "[", "[\"a\"", "[\"a\"]x", "[1]", "{\"a\"}", "null", "\"a\"", "[\"a\" \"b\"]"])
  func otherFormsAreRefused(json: String) {
    #expect(throws: StoreError.self) { try JSONColumn.strings(json) }
    #expect(throws: StoreError.self) { try JSONColumn.pairs(json) }
  }
}
