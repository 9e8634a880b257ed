import Foundation
import TestSupport
import Testing

@testable import Gateway

/// What is written reads back as what Foundation would have written.
@Suite struct JSONWriterTests {
  private struct Inner: Codable, Equatable {
    var name: String
    var numbers: [[Int]]
    var flags: [Bool]
    var missing: Double?
  }

  private struct Outer: Codable, Equatable {
    var text: String
    var inner: [Inner]
    var byName: [String: Inner]
    var deep: [String: [String: [Double]]]
    var small: Int8
    var large: UInt64
    var ratio: Float
    var none: [Inner]
    var single: Single
  }

  /// Encodes itself as one value.
  private struct Single: Codable, Equatable {
    var value: String
    init(_ value: String) { self.value = value }
    init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(String.self) }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(value)
    }
  }

  private struct Nothing: Encodable { func encode(to encoder: any Encoder) throws {} }

  private struct Nested: Encodable {
    enum Keys: String, CodingKey { case first, second, third }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Keys.self)
      var first = container.nestedContainer(keyedBy: Keys.self, forKey: .first)
      try first.encode(1, forKey: .first)
      var second = container.nestedUnkeyedContainer(forKey: .second)
      try second.encode("a")
      try second.encodeNil()
      try container.encodeNil(forKey: .third)
    }
  }

  private func inner(_ random: inout SeededGenerator) -> Inner {
    let scalars: [String] = ["a", "\"", "\\", "\u{0}", "\u{1F}", "\n", "\t", "é", "語", "🙂", "/", "\u{2028}"]
    return Inner(
      name: (0..<Int.random(in: 0...12, using: &random)).map { _ in
        scalars.randomElement(using: &random) ?? ""
      }.joined(),
      numbers: (0..<Int.random(in: 0...3, using: &random)).map { count in
        (0..<count).map { _ in Int.random(in: .min ... .max, using: &random) }
      },
      flags: [true, false].shuffled(using: &random),
      missing: Bool.random(using: &random) ? nil : Double.random(in: -1e9...1e9, using: &random))
  }

  @Test func valuesComeBack() throws {
    var random = SeededGenerator(7)
    for _ in 0..<200 {
      let value = Outer(
        text: inner(&random).name, inner: [inner(&random), inner(&random)],
        byName: ["b\"": inner(&random), "a": inner(&random)],
        deep: ["x": ["y": [0.1, -2, 1e-7, 5]], "e": [:]],
        small: .min, large: .max, ratio: 0.25, none: [], single: Single(inner(&random).name))
      let written = try JSONWriter.data(value)
      #expect(try JSONDecoder().decode(Outer.self, from: written) == value)
      let reference = try JSONDecoder().decode(Outer.self, from: JSONEncoder().encode(value))
      #expect(reference == value)
    }
  }

  @Test(arguments: [
    ("{\"a\":[1,2],\"b\":[]}", ["b": [], "a": [1, 2]] as [String: [Int]])
  ])
  func dictionariesAreSorted(text: String, value: [String: [Int]]) throws {
    #expect(String(decoding: try JSONWriter.data(value), as: UTF8.self) == text)
  }

  @Test func whatIsNoNumberIsText() throws {
    let text = String(decoding: try JSONWriter.data([Double.nan, .infinity, -.infinity, 3]), as: UTF8.self)
    #expect(text == "[\"nan\",\"inf\",\"-inf\",3]")
    #expect(String(decoding: try JSONWriter.data([Float(0.1), -2]), as: UTF8.self) == "[0.1,-2]")
  }

  @Test func containersEndWhereTheirParentGoesOn() throws {
    #expect(
      String(decoding: try JSONWriter.data(Nested()), as: UTF8.self)
        == "{\"first\":{\"first\":1},\"second\":[\"a\",null],\"third\":null}")
    #expect(String(decoding: try JSONWriter.data([Nothing()]), as: UTF8.self) == "[{}]")
  }
}
