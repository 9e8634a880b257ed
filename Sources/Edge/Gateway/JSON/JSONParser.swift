import Foundation

/// Why bytes are not JSON.
struct JSONSyntaxError: Error, Equatable {
  /// From 0.
  let byte: Int
  let message: String
}

/// A strict reader of JSON (RFC 8259) that takes hostile bytes: nesting is bounded, a key said twice is
/// refused, and time is linear in the length.
struct JSONParser {
  static let maxDepth = 64

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  static func parse(_ data: Data) throws(JSONSyntaxError) -> JSONValue {
    let result: Result<JSONValue, JSONSyntaxError> = data.withUnsafeBytes { raw in
      var parser = JSONParser(bytes: raw.bindMemory(to: UInt8.self))
      do throws(JSONSyntaxError) {
        return .success(try parser.document())
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  private mutating func document() throws(JSONSyntaxError) -> JSONValue {
    skipSpace()
    if position == bytes.count { throw error("the body is empty") }
    let value = try value(depth: 0)
    skipSpace()
    if position < bytes.count { throw error("something follows the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    guard depth <= Self.maxDepth else { throw error("nested deeper than \(Self.maxDepth) levels") }
    guard position < bytes.count else { throw error("the body ends within a value") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw error("a value was expected")
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var members: [String: JSONValue] = [:]
    skipSpace()
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw error("a key was expected")
      }
      let start = position
      let key = try string()
      skipSpace()
      guard take(":") else { throw error("':' was expected") }
      skipSpace()
      let value = try value(depth: depth + 1)
      guard members.updateValue(value, forKey: key) == nil else {
        throw JSONSyntaxError(byte: start, message: "the key is there twice")
      }
      skipSpace()
      if take(",") { continue }
      if take("}") { return .object(members) }
      throw error("',' or '}' was expected")
    }
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take("]") { return .array(elements) }
    while true {
      skipSpace()
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take(",") { continue }
      if take("]") { return .array(elements) }
      throw error("',' or ']' was expected")
    }
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    let start = position
    position += 1
    var decoded: [UInt8] = []
    var runStart = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        decoded.append(contentsOf: bytes[runStart..<position])
        position += 1
        guard let string = String(validating: decoded, as: UTF8.self) else {
          throw JSONSyntaxError(byte: start, message: "the string is not valid UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        decoded.append(contentsOf: bytes[runStart..<position])
        position += 1
        decoded.append(contentsOf: String(Character(try escape())).utf8)
        runStart = position
      case 0..<0x20:
        throw error("a control character must be escaped")
      default:
        position += 1
      }
    }
    throw error("the body ends within a string")
  }

  private mutating func escape() throws(JSONSyntaxError) -> Unicode.Scalar {
    guard position < bytes.count else { throw error("the body ends within a string") }
    position += 1
    switch bytes[position - 1] {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try hexDigits()
      if let scalar = Unicode.Scalar(first) { return scalar }
      // A surrogate: only a high one followed by a low one means anything.
      guard first < 0xDC00, take("\\"), take("u") else { throw error("half a surrogate pair") }
      let second = try hexDigits()
      guard (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
      else { throw error("half a surrogate pair") }
      return scalar
    default: throw error("an unknown escape")
    }
  }

  private mutating func hexDigits() throws(JSONSyntaxError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw error("the body ends within a string") }
    var value: UInt16 = 0
    for byte in bytes[position..<(position + 4)] {
      guard let digit = hexDigit(byte) else { throw error("four hex digits were expected") }
      value = value << 4 | UInt16(digit)
    }
    position += 4
    return value
  }

  private mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    _ = take("-")
    guard let first = digits() else { throw error("a digit was expected") }
    if first.count > 1, bytes[first.lowerBound] == UInt8(ascii: "0") { throw error("a number begins with 0") }
    var isWhole = true
    if take(".") {
      isWhole = false
      guard digits() != nil else { throw error("a digit was expected") }
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      guard digits() != nil else { throw error("a digit was expected") }
    }
    // A double is written in fewer than 400 digits; longer ones are only meant to cost.
    guard position - start <= 400 else { throw error("the number is too long") }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw error("the number is too large") }
    return .number(value)
  }

  private mutating func digits() -> Range<Int>? {
    let start = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
      position += 1
    }
    return start < position ? start..<position : nil
  }

  private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue
  {
    let end = position + text.utf8CodeUnitCount
    guard end <= bytes.count,
      text.withUTF8Buffer({ $0.elementsEqual(bytes[position..<end]) })
    else { throw error("a value was expected") }
    position = end
    return value
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private func error(_ message: String) -> JSONSyntaxError {
    JSONSyntaxError(byte: position, message: message)
  }
}

/// The value of an ASCII hex digit of either case.
func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}
