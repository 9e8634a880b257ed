import Foundation

/// Writes values as JSON text while they are encoded, without building them up first.
///
/// Keys come in the order in which a type encodes them, those of dictionaries sorted, so equal values are equal
/// bytes. A container must be finished before its parent goes on, as the synthesised `encode(to:)` does.
final class JSONWriter {
  private(set) var bytes: [UInt8] = []
  /// Containers begun and not ended, the outermost first.
  private var open: [Container] = []

  private struct Container {
    let closing: UInt8
    var isEmpty = true
  }

  static func data(_ value: some Encodable) throws -> Data {
    let writer = JSONWriter()
    writer.bytes.reserveCapacity(4096)
    try writer.write(value, path: [])
    writer.close(to: 0)
    return Data(writer.bytes)
  }

  // MARK: Structure

  /// - Returns: how deep it lies.
  fileprivate func begin(_ opening: UInt8, _ closing: UInt8) -> Int {
    bytes.append(opening)
    open.append(Container(closing: closing))
    return open.count
  }

  /// Ends what was begun within a container, and separates its next value from the last.
  fileprivate func next(in depth: Int) {
    close(to: depth)
    if !open[depth - 1].isEmpty { bytes.append(UInt8(ascii: ",")) }
    open[depth - 1].isEmpty = false
  }

  fileprivate func next(in depth: Int, key: some CodingKey) {
    next(in: depth)
    write(key.stringValue)
    bytes.append(UInt8(ascii: ":"))
  }

  private func close(to depth: Int) {
    while open.count > depth, let container = open.popLast() { bytes.append(container.closing) }
  }

  // MARK: Values

  fileprivate func write<Value: Encodable>(_ value: Value, path: [any CodingKey]) throws {
    // What arrays hold most often; casts of types that are compared before cost nothing.
    if Value.self == Int.self, let number = value as? Int { return write(text: number) }
    if Value.self == String.self, let text = value as? String { return write(text) }
    let before = bytes.count
    let depth = open.count
    let encoder = ValueEncoder(writer: self, codingPath: path)
    if let dictionary = value as? any StringDictionary {
      try dictionary.encodeSorted(to: encoder)
    } else {
      try value.encode(to: encoder)
    }
    // Something that encodes nothing is an empty object, as Foundation has it.
    if bytes.count == before { bytes += Array("{}".utf8) }
    close(to: depth)
  }

  fileprivate func writeNull() { bytes += Array("null".utf8) }
  fileprivate func write(_ flag: Bool) { bytes += Array((flag ? "true" : "false").utf8) }
  fileprivate func write(text number: some CustomStringConvertible) {
    bytes += Array(number.description.utf8)
  }

  /// A score that is no number becomes text rather than a lost response.
  fileprivate func write(_ number: some BinaryFloatingPoint & CustomStringConvertible) {
    guard number.isFinite else { return write(number.isNaN ? "nan" : number < 0 ? "-inf" : "inf") }
    let text = number.description
    bytes += Array((text.hasSuffix(".0") ? text.dropLast(2) : text[...]).utf8)
  }

  fileprivate func write(_ text: String) {
    var text = text
    bytes.append(UInt8(ascii: "\""))
    text.withUTF8 { characters in
      var start = 0
      for (index, byte) in characters.enumerated() {
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
        bytes += characters[start..<index]
        start = index + 1
        escape(byte)
      }
      bytes += characters[start...]
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private func escape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0x00..<0x20:
      bytes += Array("u00".utf8)
      for digit in [byte >> 4, byte & 15] { bytes.append(Array("0123456789abcdef".utf8)[Int(digit)]) }
    default: bytes.append(byte)
    }
  }
}

/// A dictionary, whose own order is another in every run.
private protocol StringDictionary {
  func encodeSorted(to encoder: any Encoder) throws
}

extension Dictionary: StringDictionary where Key == String, Value: Encodable {
  fileprivate func encodeSorted(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: TextKey.self)
    for (key, value) in sorted(by: { $0.key < $1.key }) {
      try container.encode(value, forKey: TextKey(stringValue: key))
    }
  }
}

private struct TextKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { return nil }
}

/// Where one value goes.
private struct ValueEncoder: Encoder, SingleValueEncodingContainer {
  let writer: JSONWriter
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(ObjectEncoder(writer, codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { ArrayEncoder(writer, codingPath) }
  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func encodeNil() { writer.writeNull() }
  func encode(_ value: some Encodable) throws { try writer.write(value, path: codingPath) }
  func encode(_ value: Bool) { writer.write(value) }
  func encode(_ value: String) { writer.write(value) }
  func encode(_ value: Double) { writer.write(value) }
  func encode(_ value: Float) { writer.write(value) }
  func encode(_ value: Int) { writer.write(text: value) }
  func encode(_ value: Int8) { writer.write(text: value) }
  func encode(_ value: Int16) { writer.write(text: value) }
  func encode(_ value: Int32) { writer.write(text: value) }
  func encode(_ value: Int64) { writer.write(text: value) }
  func encode(_ value: UInt) { writer.write(text: value) }
  func encode(_ value: UInt8) { writer.write(text: value) }
  func encode(_ value: UInt16) { writer.write(text: value) }
  func encode(_ value: UInt32) { writer.write(text: value) }
  func encode(_ value: UInt64) { writer.write(text: value) }
}

private struct ObjectEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let writer: JSONWriter
  let codingPath: [any CodingKey]
  private let depth: Int

  init(_ writer: JSONWriter, _ codingPath: [any CodingKey]) {
    self.writer = writer
    self.codingPath = codingPath
    depth = writer.begin(UInt8(ascii: "{"), UInt8(ascii: "}"))
  }

  /// What the value of a key is given to.
  private func value(_ key: some CodingKey) -> ValueEncoder {
    writer.next(in: depth, key: key)
    return ValueEncoder(writer: writer, codingPath: codingPath + [key])
  }

  func encodeNil(forKey key: Key) { value(key).encodeNil() }
  func encode(_ it: some Encodable, forKey key: Key) throws { try value(key).encode(it) }
  func encode(_ it: Bool, forKey key: Key) { value(key).encode(it) }
  func encode(_ it: String, forKey key: Key) { value(key).encode(it) }
  func encode(_ it: Double, forKey key: Key) { value(key).encode(it) }
  func encode(_ it: Int, forKey key: Key) { value(key).encode(it) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> { value(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    value(key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { value(TextKey(stringValue: "super")) }
  func superEncoder(forKey key: Key) -> any Encoder { value(key) }
}

private struct ArrayEncoder: UnkeyedEncodingContainer {
  let writer: JSONWriter
  let codingPath: [any CodingKey]
  private(set) var count = 0
  private let depth: Int

  init(_ writer: JSONWriter, _ codingPath: [any CodingKey]) {
    self.writer = writer
    self.codingPath = codingPath
    depth = writer.begin(UInt8(ascii: "["), UInt8(ascii: "]"))
  }

  private mutating func value() -> ValueEncoder {
    writer.next(in: depth)
    count += 1
    return ValueEncoder(writer: writer, codingPath: codingPath)
  }

  mutating func encodeNil() { value().encodeNil() }
  mutating func encode(_ it: some Encodable) throws { try value().encode(it) }
  mutating func encode(_ it: Bool) { value().encode(it) }
  mutating func encode(_ it: String) { value().encode(it) }
  mutating func encode(_ it: Double) { value().encode(it) }
  mutating func encode(_ it: Int) { value().encode(it) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> { value().container(keyedBy: type) }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { value().unkeyedContainer() }
  mutating func superEncoder() -> any Encoder { value() }
}
