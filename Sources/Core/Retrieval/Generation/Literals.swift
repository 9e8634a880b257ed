import Foundation

/// What a sentence must have letter by letter: numbers, dates, times, amounts, addresses, identifiers.
enum Literals {
  static func of(_ text: String) -> Set<String> {
    var found: Set<String> = []
    for piece in text.split(whereSeparator: { $0.isWhitespace || $0 == "–" || $0 == "—" || $0 == "|" }) {
      let bare = piece.trimmingCharacters(in: edges).lowercased()
      guard !bare.isEmpty else { continue }
      if let numeral = StatementWords.numerals[bare] {
        found.insert(numeral)
      } else if let unit = units[bare] {
        found.insert(unit)
      } else if isAddress(bare) {
        found.insert(bare)
      } else if bare.contains(where: \.isNumber) {
        add(bare, to: &found)
      }
    }
    return found
  }

  private static let edges = CharacterSet(charactersIn: "()[]{}\"'“”‘’«»„*_`<>.,;:!?…·•、。，；：！？（）「」")

  /// Web and mail addresses, file and host names, paths.
  static func isAddress(_ piece: String) -> Bool {
    if piece.contains("://") || piece.contains("@") || piece.hasPrefix("www.") || piece.hasPrefix("mailto:")
      || piece.hasPrefix("javascript:") || piece.hasPrefix("data:") || piece.contains("\\")
    {
      return true
    }
    if piece.hasPrefix("/"), piece.count > 1 { return true }
    // example.com, example.com/x, settings.json
    let parts = piece.prefix { $0 != "/" && $0 != "?" && $0 != "#" }.split(
      separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 1, let last = parts.last, last.count >= 2, parts.allSatisfy({ !$0.isEmpty }) else {
      return false
    }
    return last.allSatisfy { $0.isLetter && $0.isASCII } && parts[0].count > 1
  }

  private static func add(_ piece: String, to found: inout Set<String>) {
    var piece = piece[...]
    for (sign, unit) in signs where piece.contains(sign) {
      found.insert(unit)
      piece = piece.filter { $0 != sign }[...]
    }
    // "30-day": a number and a word; "555-0123" and "2024-03-01" are one thing.
    let parts = piece.split(separator: "-")
    if parts.count == 2, parts[0].allSatisfy(\.isNumber), parts[1].allSatisfy(\.isLetter) {
      found.insert(number(parts[0]))
    } else if !piece.isEmpty {
      found.insert(number(piece))
    }
  }

  /// Without the marks between thousands.
  static func number(_ text: Substring) -> String {
    guard let first = text.first, first.isNumber, text.contains(where: { ",.'".contains($0) }) else {
      return String(text)
    }
    guard text.allSatisfy({ $0.isNumber || ",.'".contains($0) }) else { return String(text) }
    let groups = text.split(whereSeparator: { ",.'".contains($0) })
    guard groups.count > 1, groups[0].count <= 3, groups.dropFirst().dropLast().allSatisfy({ $0.count == 3 }),
      groups[groups.count - 1].count == 3
    else { return String(text) }
    return groups.joined()
  }

  private static let signs: [(Character, String)] = [
    ("%", "%"), ("€", "€"), ("$", "$"), ("£", "£"), ("¥", "¥"), ("°", "°"),
  ]

  private static let units = [
    "%": "%", "percent": "%", "per cent": "%", "prozent": "%", "€": "€", "euro": "€", "euros": "€",
    "eur": "€",
    "$": "$", "dollar": "$", "dollars": "$", "usd": "$", "£": "£", "gbp": "£", "pounds": "£", "°": "°",
    "degrees": "°", "grad": "°",
  ]
}
