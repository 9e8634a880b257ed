import Domain
import Foundation

/// Finds a file's character encoding and turns its bytes into clean UTF-8.
///
/// Order of evidence: byte order mark; NUL pattern of UTF-16; validity as UTF-8; for HTML the declared
/// charset; ISO-2022-JP escapes; else the letters (`EncodingGuess`).
enum TextDecoder {
  /// - Returns: valid UTF-8 with `\n` line ends, without control characters but tab and line feed; lines
  ///   stand where they stood in the file.
  static func decode(_ data: Data, isHTML: Bool, _ context: inout ReadContext) throws(ReadFailure)
    -> [UInt8]
  {
    var bytes = [UInt8](data)
    let encoding = detect(bytes, isHTML: isHTML)
    switch encoding {
    case .utf8(let byteOrderMark):
      if byteOrderMark { bytes.removeFirst(3) }
      if !isValid(bytes) {
        bytes = Array(String(decoding: bytes, as: UTF8.self).utf8)
        context.warn(
          "invalid_utf8", "Some bytes are not UTF-8; each is shown as \u{FFFD}.",
          remedy: "Save the file as UTF-8.")
      }
    case .named(let name, let skip):
      guard let converted = try convert(bytes[skip...], from: name, context.deadline) else {
        throw ReadFailure(
          code: "unknown_encoding", message: "Its character encoding, \(name), is not known here.",
          remedy: "Save the file as UTF-8.")
      }
      bytes = converted
    case .guessed(let name):
      bytes = try convert(bytes[...], from: name, context.deadline) ?? bytes
      context.warn(
        "guessed_encoding", "The file is not UTF-8; it was read as \(name).", remedy: "Save it as UTF-8.")
    }
    try context.deadline.check()
    let (clean, nuls) = cleaned(bytes)
    if nuls > 0 {
      context.warn(
        "control_characters", "\(nuls) NUL characters were left out.", remedy: "Save the file as plain UTF-8."
      )
    }
    return clean
  }

  enum Encoding: Equatable {
    case utf8(byteOrderMark: Bool)
    /// Known from a mark, a pattern or a declaration; the first `skip` bytes are the mark.
    case named(String, skip: Int)
    case guessed(String)
  }

  static func detect(_ bytes: [UInt8], isHTML: Bool) -> Encoding {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return .utf8(byteOrderMark: true) }
    if bytes.starts(with: [0xFF, 0xFE, 0, 0]) { return .named("UTF-32LE", skip: 4) }
    if bytes.starts(with: [0, 0, 0xFE, 0xFF]) { return .named("UTF-32BE", skip: 4) }
    if bytes.starts(with: [0xFF, 0xFE]) { return .named("UTF-16LE", skip: 2) }
    if bytes.starts(with: [0xFE, 0xFF]) { return .named("UTF-16BE", skip: 2) }
    if let order = nulPattern(bytes.prefix(4096)) { return .named(order, skip: 0) }
    let declared = isHTML ? declaredCharset(bytes.prefix(4096)) : nil
    if let declared, declared.hasPrefix("iso-2022") { return .named(declared, skip: 0) }
    if isValid(bytes) {
      return bytes.starts(with: [0x1B, 0x24]) || hasJapaneseEscape(bytes)
        ? .named("ISO-2022-JP", skip: 0) : .utf8(byteOrderMark: false)
    }
    if let declared, !declared.hasPrefix("utf") { return .named(declared, skip: 0) }
    if isNearlyUTF8(bytes.prefix(1 << 16)) { return .utf8(byteOrderMark: false) }
    return .guessed(EncodingGuess.name(for: bytes[...]))
  }

  static func isValid(_ bytes: [UInt8]) -> Bool {
    String(validating: bytes, as: UTF8.self) != nil
  }

  /// UTF-16 without a mark: text in it has NULs in every other place.
  private static func nulPattern(_ head: ArraySlice<UInt8>) -> String? {
    guard head.count >= 8 else { return nil }
    var even = 0
    var odd = 0
    for (index, byte) in head.enumerated() where byte == 0 {
      if index.isMultiple(of: 2) { even += 1 } else { odd += 1 }
    }
    let half = head.count / 2
    if odd * 10 > half * 6, even * 20 < half { return "UTF-16LE" }
    if even * 10 > half * 6, odd * 20 < half { return "UTF-16BE" }
    return nil
  }

  private static func hasJapaneseEscape(_ bytes: [UInt8]) -> Bool {
    bytes.firstIndex(ofASCII: "\u{1B}$B") != nil && bytes.firstIndex(ofASCII: "\u{1B}(B") != nil
  }

  /// Mostly sound UTF-8 with a few bad bytes.
  private static func isNearlyUTF8(_ head: ArraySlice<UInt8>) -> Bool {
    var sound = 0
    var bad = 0
    var index = head.startIndex
    while index < head.endIndex {
      let byte = head[index]
      let length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 0
      let tail = head[(index + 1)...].prefix(max(0, length - 1))
      if length > 1, tail.count == length - 1, tail.allSatisfy({ $0 & 0xC0 == 0x80 }) {
        sound += 1
        index += length
      } else {
        if byte >= 0x80 { bad += 1 }
        index += 1
      }
    }
    return sound > 4 * bad
  }

  /// The charset that an HTML head or XML declaration names, lowercase.
  private static func declaredCharset(_ head: ArraySlice<UInt8>) -> String? {
    let text = String(decoding: head.map { $0 < 0x80 ? $0.lowercased : 63 }, as: UTF8.self)
    for marker in ["charset", "encoding"] {
      var rest = text[...]
      while let found = rest.range(of: marker) {
        rest = rest[found.upperBound...]
        let value = rest.drop { $0 == " " || $0 == "\n" || $0 == "\t" }
        guard value.first == "=" else { continue }
        let name = value.dropFirst().drop { " \"'\n\t".contains($0) }
          .prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_:.".contains($0)) }
        if name.count >= 3, name.count <= 40 { return webName(String(name)) }
      }
    }
    return nil
  }

  /// Pages that say Latin-1 mean Windows-1252, and so on (the WHATWG encoding standard's labels).
  private static func webName(_ label: String) -> String {
    switch label {
    case "iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii": "windows-1252"
    case "shift-jis", "sjis", "x-sjis", "ms932", "windows-31j": "cp932"
    case "gb2312", "gbk": "gb18030"
    case "ks_c_5601-1987", "euc-kr", "ksc5601": "cp949"
    case "iso-8859-9": "windows-1254"
    case "x-euc-jp": "euc-jp"
    default: label
    }
  }

  /// - Returns: nil where the encoding's name means nothing to the C library.
  static func convert(_ bytes: ArraySlice<UInt8>, from name: String, _ deadline: Deadline)
    throws(ReadFailure) -> [UInt8]?
  {
    let handle = iconv_open("UTF-8", name)
    guard handle != iconv_t(bitPattern: -1), let handle else { return nil }
    defer { iconv_close(handle) }
    var input = Array(bytes)
    var result: [UInt8] = []
    result.reserveCapacity(input.count + input.count / 2)
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var consumed = 0
    while consumed < input.count {
      try deadline.check()
      let before = consumed
      var written = 0
      input.withUnsafeMutableBytes { source in
        piece.withUnsafeMutableBytes { target in
          var from =
            source.baseAddress!.advanced(by: consumed).assumingMemoryBound(to: CChar.self) as CharPointer
          var fromLeft = source.count - consumed
          var to = target.baseAddress!.assumingMemoryBound(to: CChar.self) as CharPointer
          var toLeft = target.count
          _ = iconv(handle, &from, &fromLeft, &to, &toLeft)
          consumed = source.count - fromLeft
          written = target.count - toLeft
        }
      }
      result.append(contentsOf: piece[..<written])
      if consumed == before, written == 0 {
        result.append(contentsOf: [0xEF, 0xBF, 0xBD])
        consumed += name.hasPrefix("UTF-16") ? 2 : name.hasPrefix("UTF-32") ? 4 : 1
      }
    }
    // What iconv wrote is UTF-8, but surrogates and the like are settled here once and for all.
    return isValid(result) ? result : Array(String(decoding: result, as: UTF8.self).utf8)
  }

  private typealias CharPointer = UnsafeMutablePointer<CChar>?

  /// Line ends become `\n`; control characters but tab and line feed go, form feeds end a line.
  private static func cleaned(_ bytes: [UInt8]) -> (bytes: [UInt8], nuls: Int) {
    let mustChange = bytes.contains { $0 < 32 && $0 != 9 && $0 != 10 || $0 == 127 }
    guard mustChange else { return (bytes, 0) }
    var nuls = 0
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    bytes.withUnsafeBufferPointer { source in
      var index = 0
      while index < source.count {
        let byte = source[index]
        index += 1
        switch byte {
        case 13:
          result.append(10)
          if index < source.count, source[index] == 10 { index += 1 }
        case 12: result.append(10)
        case 9, 10: result.append(byte)
        case 0: nuls += 1
        case 1..<32, 127: break
        default: result.append(byte)
        }
      }
    }
    return (result, nuls)
  }
}
