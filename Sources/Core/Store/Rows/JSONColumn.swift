import Foundation

/// Lists and dictionaries of strings as JSON columns.
///
/// A rebuild decodes a list a chunk: strings without escapes, which is nearly all, are read here at about
/// the speed of copying; a list with escapes is left to Foundation.
enum JSONColumn {
  static func encode(_ strings: [String]) -> String {
    var json: [UInt8] = [UInt8(ascii: "[")]
    for (i, string) in strings.enumerated() {
      if i > 0 { json.append(UInt8(ascii: ",")) }
      append(string, to: &json)
    }
    json.append(UInt8(ascii: "]"))
    return String(decoding: json, as: UTF8.self)
  }

  /// Keys in byte order, so that equal dictionaries give equal text.
  static func encode(_ pairs: [String: String]) -> String {
    var json: [UInt8] = [UInt8(ascii: "{")]
    let sorted = pairs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (i, pair) in sorted.enumerated() {
      if i > 0 { json.append(UInt8(ascii: ",")) }
      append(pair.key, to: &json)
      json.append(UInt8(ascii: ":"))
      append(pair.value, to: &json)
    }
    json.append(UInt8(ascii: "}"))
    return String(decoding: json, as: UTF8.self)
  }

  static func strings(_ json: String) throws -> [String] {
    if json == "[]" { return [] }
    if let pieces = pieces(json, open: "[", close: "]", separators: [","]) { return pieces }
    return try decode([String].self, json)
  }

  static func pairs(_ json: String) throws -> [String: String] {
    if json == "{}" { return [:] }
    guard let pieces = pieces(json, open: "{", close: "}", separators: [":", ","]), pieces.count % 2 == 0
    else { return try decode([String: String].self, json) }
    var pairs: [String: String] = [:]
    for i in stride(from: 0, to: pieces.count, by: 2) { pairs[pieces[i]] = pieces[i + 1] }
    return pairs
  }

  private static func decode<T: Decodable>(_ type: T.Type, _ json: String) throws -> T {
    do {
      return try JSONDecoder().decode(type, from: Data(json.utf8))
    } catch {
      throw StoreError.corrupt("a JSON column cannot be read", cause: error)
    }
  }

  /// The strings of a flat list written by `encode`, or nil where one is escaped or the form is another.
  ///
  /// - Parameter separators: what stands after the first string, the second, and so on round.
  private static func pieces(
    _ json: String,
    open: Unicode.Scalar,
    close: Unicode.Scalar,
    separators: [Unicode.Scalar]
  ) -> [String]? {
    let utf8 = json.utf8
    guard utf8.first == UInt8(ascii: open), !utf8.contains(UInt8(ascii: "\\")) else { return nil }
    var pieces: [String] = []
    var rest = utf8.dropFirst()
    while true {
      guard rest.first == UInt8(ascii: "\"") else { return nil }
      rest = rest.dropFirst()
      guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
      pieces.append(String(rest[..<end]) ?? "")
      rest = rest[end...].dropFirst()
      guard let next = rest.first else { return nil }
      rest = rest.dropFirst()
      if next == UInt8(ascii: close) { return rest.isEmpty ? pieces : nil }
      guard next == UInt8(ascii: separators[(pieces.count - 1) % separators.count]) else { return nil }
    }
  }

  private static func append(_ string: String, to json: inout [UInt8]) {
    json.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        json.append(UInt8(ascii: "\\"))
        json.append(byte)
      case 0..<32:
        json.append(contentsOf: "\\u00".utf8)
        json.append(UInt8(ascii: byte < 16 ? "0" : "1"))
        let low = byte & 15
        json.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
      default: json.append(byte)
      }
    }
    json.append(UInt8(ascii: "\""))
  }
}
