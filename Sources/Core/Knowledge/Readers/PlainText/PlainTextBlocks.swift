import Domain

/// The structure that plain text shows by itself: paragraphs between blank lines, list items by line.
public enum PlainTextBlocks {
  /// - Returns: in order; together they hold every visible character of the text, which stays as it is.
  public static func blocks(of text: String) -> [Block] {
    var text = text
    return text.withUTF8 { bytes in
      var blocks: [Block] = []
      var start: Int?
      var end = 0
      var isItem = false
      func close() {
        if let first = start {
          blocks.append(Block(kind: isItem ? .listItem : .paragraph, span: ByteSpan(start: first, end: end)))
        }
        start = nil
      }
      var lineStart = 0
      while lineStart < bytes.count {
        var lineEnd = lineStart
        while lineEnd < bytes.count, bytes[lineEnd] != 10 { lineEnd += 1 }
        var first = lineStart
        while first < lineEnd, bytes[first].isTextSpace { first += 1 }
        var last = lineEnd
        while last > first, bytes[last - 1].isTextSpace { last -= 1 }
        if first == last {
          close()
        } else {
          let opensItem = isListItem(bytes, first, last)
          if opensItem { close() }
          if start == nil {
            start = first
            isItem = opensItem
          }
          end = last
        }
        lineStart = lineEnd + 1
      }
      close()
      return blocks
    }
  }

  /// `- text`, `* text`, `• text`, `1. text`, `1) text`.
  private static func isListItem(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var at = start
    if bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "*") || bytes[at] == UInt8(ascii: "+") {
      at += 1
    } else if end - at > 3, bytes[at] == 0xE2, bytes[at + 1] == 0x80, bytes[at + 2] == 0xA2 {
      at += 3
    } else {
      while at < end, at - start < 3, bytes[at].isDigit { at += 1 }
      guard at > start, at < end, bytes[at] == UInt8(ascii: ".") || bytes[at] == UInt8(ascii: ")") else {
        return false
      }
      at += 1
    }
    return at + 1 < end && bytes[at] == 32
  }
}
