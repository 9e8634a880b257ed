/// Percent-encoding of path segments (RFC 3986, section 2.1), byte for byte.
enum PercentEncoding {
  /// Decodes once; `+` is a plus.
  ///
  /// - Returns: nil where an escape is cut short or the bytes are not UTF-8.
  static func decode(_ segment: some StringProtocol) -> String? {
    // NIO has put U+FFFD in the place of raw bytes that were no UTF-8: what was meant is lost.
    if segment.unicodeScalars.contains("\u{FFFD}") { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(segment.utf8.count)
    var source = segment.utf8.makeIterator()
    while let byte = source.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = source.next().flatMap(hexDigit), let low = source.next().flatMap(hexDigit) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Encodes everything but unreserved characters.
  static func encode(_ string: String) -> String {
    var encoded: [UInt8] = []
    encoded.reserveCapacity(string.utf8.count)
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.append(byte)
      default:
        encoded.append(UInt8(ascii: "%"))
        encoded.append(contentsOf: [byte >> 4, byte & 0xF].map { $0 < 10 ? 48 + $0 : 55 + $0 })
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

/// What follows the `?` of a request: names and values decoded, the first of each name counts.
struct QueryParameters: Sendable {
  private var values: [String: String] = [:]

  /// - Throws: `invalid_parameter` where an escape is cut short or is not UTF-8.
  init(_ query: Substring?) throws(Problem) {
    for pair in (query ?? "").split(separator: "&").prefix(64) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentEncoding.decode(parts[0]),
        let value = PercentEncoding.decode(parts.count > 1 ? parts[1].replacing("+", with: " ") : "")
      else {
        throw Problem("invalid_parameter", "A query parameter is not percent-encoded UTF-8.")
      }
      if values[name] == nil { values[name] = value }
    }
  }

  subscript(name: String) -> String? { values[name] }

  func integer(_ name: String, in range: ClosedRange<Int>, code: String) throws(Problem) -> Int? {
    guard let text = values[name] else { return nil }
    guard let value = Int(text), range.contains(value) else {
      let bound =
        range.upperBound == .max
        ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
      throw .invalidParameter(name, "\(name) must be a whole number, \(bound).", code: code)
    }
    return value
  }

  /// `?name`, `?name=true` and `?name=1` are true.
  func flag(_ name: String) throws(Problem) -> Bool {
    switch values[name] {
    case nil, "false", "0": return false
    case "", "true", "1": return true
    default: throw .invalidParameter(name, "\(name) must be true or false.")
    }
  }
}
