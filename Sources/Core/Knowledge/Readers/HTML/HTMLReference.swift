import CCmark
import CXML
import Foundation

/// A character reference of HTML 5 (`&eacute;`, `&#233;`, `&#xE9;`), by the tables of cmark and libxml2.
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
    let isEnded = name.endIndex < source.endIndex && source[name.endIndex] == UInt8(ascii: ";")
    guard !name.isEmpty, isEnded || !isNumber else { return nil }
    if isNumber {
      guard let decoded = Self.decoded(body[..<(name.endIndex + 1)]) else { return nil }
      self.init(text: Self.readable(decoded, number: name), end: name.endIndex + 1)
    } else if isEnded, let decoded = Self.decoded(body[..<(name.endIndex + 1)]) {
      self.init(text: decoded, end: name.endIndex + 1)
    } else {
      // Names of Latin-1 count without the semicolon, but `&copy=` in an address is no copyright sign.
      let isAddress = name.endIndex < source.endIndex && source[name.endIndex] == UInt8(ascii: "=")
      guard !isEnded, !isAddress, let entity = htmlEntityLookup(Array(name) + [0]),
        entity.pointee.value <= 255, entity.pointee.value != UInt8(ascii: "'"),
        let decoded = Self.decoded(name + [UInt8(ascii: ";")])
      else { return nil }
      self.init(text: decoded, end: name.endIndex)
    }
  }

  private init(text: [UInt8], end: Int) { (self.text, self.end) = (text, end) }

  /// - Parameter body: what follows the `&`, with the semicolon.
  private static func decoded(_ body: some Collection<UInt8>) -> [UInt8]? {
    var buffer = cmark_strbuf()
    cmark_strbuf_init(cmark_get_default_mem_allocator(), &buffer, 0)
    defer { cmark_strbuf_free(&buffer) }
    let source = Array(body)
    guard houdini_unescape_ent(&buffer, source, Int32(source.count)) == source.count else { return nil }
    return Array(UnsafeBufferPointer(start: buffer.ptr, count: Int(buffer.size)))
  }

  /// Numbers 128-159 mean Windows-1252 (WHATWG HTML, numeric character reference end state); those of control
  /// characters mean nothing.
  private static func readable(_ decoded: [UInt8], number: ArraySlice<UInt8>) -> [UInt8] {
    if decoded.count == 1, decoded[0] < 32 && !decoded[0].isTextSpace || decoded[0] == 127 {
      return Array("\u{FFFD}".utf8)
    }
    guard decoded.count == 2, decoded[0] == 0xC2, decoded[1] < 0xA0 else { return decoded }
    return String(data: Data([decoded[1]]), encoding: .windowsCP1252).map { Array($0.utf8) } ?? decoded
  }
}
