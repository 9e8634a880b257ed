/// Words, numbers and signs of a text, as checks compare them.
///
/// A word is letters and digits with what joins them (`e-mail`, `10.0.19041`, `HKEY\Software`); where words are
/// not parted by spaces, each character is one. Percent and currency signs stand for themselves.
struct LintWord: Hashable {
  /// As written.
  let text: Substring
  /// In lower case.
  let key: String
  /// A space or a mark stands before it, so that the number before is none of its own.
  let isApart: Bool

  var isCapitalised: Bool {
    guard let first = text.unicodeScalars.first else { return false }
    return first.isASCII ? ("A"..."Z").contains(first) : first.properties.isUppercase
  }
  var hasDigit: Bool { text.utf8.contains(where: \.isDigit) }

  /// What a sentence may be about: words of some length, and pairs of characters where words are not parted.
  static func terms(of keys: [String]) -> [String] {
    var terms: [String] = []
    for (i, key) in keys.enumerated() {
      if Self.isSingle(key) {
        if i + 1 < keys.count, Self.isSingle(keys[i + 1]) { terms.append(key + keys[i + 1]) }
      } else if key.utf8.count >= 4, !key.utf8.contains(where: \.isDigit) {
        terms.append(key)
      }
    }
    return terms
  }

  private static func isSingle(_ key: String) -> Bool {
    guard let first = key.unicodeScalars.first, first.value >= 0x0E00 else { return false }
    return Kind(first) == .single
  }

  static func words(of text: Substring) -> [LintWord] {
    var words: [LintWord] = []
    let scalars = text.unicodeScalars
    var index = scalars.startIndex
    var lastEnd = index
    while index < scalars.endIndex {
      let kind = Kind(scalars[index])
      let start = index
      index = scalars.index(after: index)
      switch kind {
      case .other: continue
      case .sign, .single: break
      case .letter:
        while index < scalars.endIndex {
          let next = Kind(scalars[index])
          if next == .letter {
            index = scalars.index(after: index)
            continue
          }
          let behind = scalars.index(after: index)
          guard joiners.contains(scalars[index]), behind < scalars.endIndex, Kind(scalars[behind]) == .letter
          else { break }
          index = scalars.index(after: behind)
        }
      }
      let word = text[start..<index]
      let isApart = start > lastEnd || words.isEmpty
      lastEnd = index
      for part in word.splittingUnit {
        words.append(
          LintWord(text: part, key: part.lowercased(), isApart: part.startIndex == start ? isApart : false))
      }
    }
    return words
  }

  private enum Kind {
    case letter, single, sign, other

    init(_ scalar: Unicode.Scalar) {
      switch scalar.value {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: self = .letter
      case 0x25, 0x24, 0xA2, 0xA3, 0xA5, 0xB0, 0x2030, 0x20A0...0x20CF: self = .sign
      case 0..<0x80: self = .other
      // Kana, Han and Thai are written without spaces.
      case 0x0E00...0x0EFF, 0x3040...0x30FF, 0x3400...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF:
        self = .single
      default:
        let properties = scalar.properties
        self = properties.isAlphabetic || properties.numericType != nil ? .letter : .other
      }
    }
  }

  private static let joiners: Set<Unicode.Scalar> = [
    ".", ",", ":", "/", "'", "’", "_", "-", "\\", "@", "\u{2011}",
  ]
}

extension Substring {
  /// `250GB`, `30kg` and `14-day` as number and unit; anything else, ordinals (`2nd`) too, as it is.
  fileprivate var splittingUnit: [Substring] {
    guard let first = utf8.first, first.isDigit,
      let end = utf8.firstIndex(where: { !$0.isDigit && $0 != 0x2E && $0 != 0x2C })
    else { return [self] }
    let isHyphenated = utf8[end] == UInt8(ascii: "-")
    let unit = isHyphenated ? self[utf8.index(after: end)...] : self[end...]
    let letters = unit.unicodeScalars
    guard !letters.isEmpty, letters.allSatisfy(\.properties.isAlphabetic) else { return [self] }
    let isUnit =
      isHyphenated
      ? unit.allSatisfy(\.isLowercase) && unit != "bit"
      : letters.count <= 3 && (letters.count > 1 || letters.first?.properties.isLowercase == true)
        && !["st", "nd", "rd", "th", "er", "re", "e"].contains(unit)
    return isUnit ? [self[..<end], unit] : [self]
  }
}
