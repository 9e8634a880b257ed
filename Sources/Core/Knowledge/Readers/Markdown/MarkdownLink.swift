/// Where the parts of a Markdown link end.
enum MarkdownLink {
  /// A longer destination or title is text; it bounds what one bracket can cost.
  private static let maxDestination = 4_096

  /// The index behind the `)` of `(destination "title")`, `start` being behind its `(`; nil where it is none.
  static func destinationEnd(_ source: [UInt8], _ start: Int) -> Int? {
    let limit = min(source.count, start + maxDestination)
    var at = start
    func skipSpace() {
      while at < limit, source[at].isTextSpace { at += 1 }
    }
    skipSpace()
    if at < limit, source[at] == UInt8(ascii: "<") {
      while at < limit, source[at] != UInt8(ascii: ">"), source[at] != 10 { at += 1 }
      guard at < limit, source[at] == UInt8(ascii: ">") else { return nil }
      at += 1
    } else {
      var depth = 0
      scan: while at < limit {
        switch source[at] {
        case UInt8(ascii: "\\") where at + 1 < limit && source[at + 1].isPunctuation: at += 1
        case UInt8(ascii: "("): depth += 1
        case UInt8(ascii: ")"):
          if depth == 0 { break scan }
          depth -= 1
        case let byte where byte.isTextSpace: break scan
        default: break
        }
        if depth > 32 { return nil }
        at += 1
      }
    }
    skipSpace()
    if at < limit, source[at] == 34 || source[at] == 39 || source[at] == UInt8(ascii: "(") {
      let close = source[at] == UInt8(ascii: "(") ? UInt8(ascii: ")") : source[at]
      at += 1
      while at < limit, source[at] != close { at += source[at] == UInt8(ascii: "\\") ? 2 : 1 }
      guard at < limit else { return nil }
      at += 1
      skipSpace()
    }
    return at < limit && source[at] == UInt8(ascii: ")") ? at + 1 : nil
  }

  /// The `]` that ends a label which begins with `[`; labels hold no unescaped brackets.
  static func closingBracket(_ text: ArraySlice<UInt8>) -> Int? {
    var at = text.startIndex + 1
    while at < text.endIndex {
      switch text[at] {
      case UInt8(ascii: "\\"): at += 1
      case UInt8(ascii: "]"): return at
      case UInt8(ascii: "["): return nil
      default: break
      }
      at += 1
    }
    return nil
  }
}
