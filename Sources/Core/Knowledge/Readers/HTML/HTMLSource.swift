/// A page or fragment, put so that libxml2, which reads HTML 4, loses nothing of it.
enum HTMLSource {
  /// The element around everything. libxml2 knows neither it nor what may stand in it, so it adds, moves and
  /// ends nothing on its account, as it would for `html`.
  static let root = "xtml"

  static func prepared(_ html: [UInt8], _ deadline: Deadline) throws(ReadFailure) -> [UInt8] {
    var result = Array("<\(root)>".utf8)
    result.reserveCapacity(html.count + result.count)
    try resolveReferences(html, into: &result, deadline)
    unwrapCharacterData(&result)
    if let at = result.firstIndexOfTag("<html", from: 0) { result[at + 1] = UInt8(ascii: "x") }
    for (open, close) in swallowing { disarm(open, close, &result) }
    return result
  }

  /// Replaces what HTML 4 does not know, or libxml2 reads otherwise than browsers do. References to
  /// characters that are marks of HTML stay.
  private static func resolveReferences(
    _ html: [UInt8], into result: inout [UInt8], _ deadline: Deadline
  ) throws(ReadFailure) {
    var kept = 0
    var from = 0
    var count = 0
    while let at = html.firstIndex(ofByte: UInt8(ascii: "&"), from: from) {
      from = at + 1
      count &+= 1
      if count & 0x3FF == 0 { try deadline.check() }
      guard let reference = HTMLReference(html[at...]) else { continue }
      from = reference.end
      if let first = reference.text.first, reference.text.count == 1, "<>&\"'".utf8.contains(first) {
        continue
      }
      result.append(contentsOf: html[kept..<at])
      result.append(contentsOf: reference.text)
      kept = from
    }
    result.append(contentsOf: html[kept...])
  }

  /// `<![CDATA[...]]>` is text in pages that were once XML.
  private static func unwrapCharacterData(_ bytes: inout [UInt8]) {
    guard var open = bytes.firstIndex(ofASCII: "<![CDATA[") else { return }
    var result: [UInt8] = []
    var kept = 0
    while let close = bytes.firstIndex(ofASCII: "]]>", from: open + 9) {
      result.append(contentsOf: bytes[kept..<open])
      for byte in bytes[(open + 9)..<close] {
        if byte == UInt8(ascii: "<") { result.append(contentsOf: "&lt;".utf8) } else { result.append(byte) }
      }
      kept = close + 3
      guard let next = bytes.firstIndex(ofASCII: "<![CDATA[", from: kept) else { break }
      open = next
    }
    bytes = result + bytes[kept...]
  }

  /// Elements whose content is not read as text of the page; without an end they would swallow the rest.
  private static let swallowing: [(StaticString, StaticString)] = [
    ("<script", "</script"), ("<style", "</style"), ("<title", "</title"), ("<textarea", "</textarea"),
    ("<iframe", "</iframe"), ("<noembed", "</noembed"), ("<noframes", "</noframes"),
  ]

  /// Gives start tags that nothing closes a name that means nothing.
  private static func disarm(_ open: StaticString, _ close: StaticString, _ bytes: inout [UInt8]) {
    var from = 0
    while let at = bytes.firstIndexOfTag(close, from: from) { from = at + 1 }
    while let at = bytes.firstIndexOfTag(open, from: from) {
      bytes[at + 1] = UInt8(ascii: "x")
      from = at + 1
    }
  }
}

extension Array where Element == UInt8 {
  /// Where a tag that begins so stands next; `tag` is in lower case, the source in any.
  fileprivate func firstIndexOfTag(_ tag: StaticString, from: Int) -> Int? {
    tag.withUTF8Buffer { tag in
      var at = from
      while let open = firstIndex(ofByte: UInt8(ascii: "<"), from: at) {
        let end = open + tag.count
        var same = 1
        while same < tag.count, end < count, self[open + same].lowercased == tag[same] { same += 1 }
        if same == tag.count, !self[end].isAlphanumeric { return open }
        at = open + 1
      }
      return nil
    }
  }
}
