import CCmark
import CXML
import Foundation

/// A character reference (`&eacute;`, `&#233;`, `&#xE9;`): HTML 4's by libxml2's table, HTML 5's by cmark's.
struct HTMLReference {
  /// What it stands for, in UTF-8.
  let text: [UInt8]
  /// The index behind it.
  let end: Int

  /// Longer names there are none.
  private static let maxBytes = 40

  /// Nil where `source`, which begins with `&`, begins with no reference.
  init?(_ source: ArraySlice<UInt8>) {
    let body = source.dropFirst().prefix(Self.maxBytes)
    let isNumber = body.first == UInt8(ascii: "#")
    let name = body.dropFirst(isNumber ? 1 : 0).prefix(while: \.isAlphanumeric)
    guard !name.isEmpty else { return nil }
    let next = source[name.endIndex...].first
    let isEnded = next == UInt8(ascii: ";")
    let meaning: String?
    if isNumber {
      meaning = isEnded ? Self.character(numbered: name.string) : nil
    } else if let entity = htmlEntityLookup(Array(name) + [0]) {
      // Names of Latin-1 count without the semicolon, but `&copy=` in an address is no copyright sign.
      let value = entity.pointee.value
      let needsEnd = value > 255 || value == UInt8(ascii: "'") || next == UInt8(ascii: "=")
      meaning = isEnded || !needsEnd ? Unicode.Scalar(value).map { String($0) } : nil
    } else {
      meaning = isEnded ? Self.character(named: name.string) : nil
    }
    guard let meaning else { return nil }
    text = Array(meaning.utf8)
    end = name.endIndex + (isEnded ? 1 : 0)
  }

  /// Names that only HTML 5 has: cmark knows them all.
  private static func character(named name: String) -> String? {
    let reference = "&\(name);"
    let document = cmark_parse_document(reference, reference.utf8.count, CMARK_OPT_DEFAULT)
    defer { cmark_node_free(document) }
    let text = cmark_node_get_literal(cmark_node_first_child(cmark_node_first_child(document)))
    return text.map { String(cString: $0) }.flatMap { $0 == reference ? nil : $0 }
  }

  /// - Parameter digits: decimal ones, or `x` and hexadecimal ones.
  private static func character(numbered digits: String) -> String? {
    let isHexadecimal = digits.first == "x" || digits.first == "X"
    let number = isHexadecimal ? digits.dropFirst() : digits[...]
    guard number.utf8.allSatisfy({ isHexadecimal || $0.isDigit }), number.utf8.count <= 8,
      let value = UInt32(number, radix: isHexadecimal ? 16 : 10)
    else { return nil }
    switch value {
    case 9, 10: return String(Unicode.Scalar(UInt8(value)))
    // Those of control characters mean nothing, or Windows-1252 (WHATWG HTML, numeric character reference end state).
    case 0..<32, 127: return "\u{FFFD}"
    case 128...159: return String(data: Data([UInt8(value)]), encoding: .windowsCP1252) ?? "\u{FFFD}"
    default: return String(Unicode.Scalar(value) ?? "\u{FFFD}")
    }
  }
}
