import Foundation

/// The things that a turn offers to choose from.
enum ListedChoices {
  /// Lines with bullets or numbers, else numbers within the text, else what commas and "or" part in the last
  /// question.
  ///
  /// - Returns: at least two, in their order; else none.
  static func items(in text: String) -> [String] {
    let lines = text.split(whereSeparator: \.isNewline).compactMap { line -> String? in
      String(line).wholeMatch(of: /\s*(?:[-*•–]|\d{1,2}[.)])\s+(.+)/).map { String($0.1) }
    }
    if lines.count >= 2 { return lines.map(trimmed) }
    // Runs of white space would be tried at each of their places.
    let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let numbered = parts(of: text, between: /(?:^|\s)\d{1,2}[.)]\s+/)
    if numbered.count >= 3 { return numbered.dropFirst().map(trimmed) }
    let sentences = text.split { ".!?\n".contains($0) }
    let asked = text.lastIndex(of: "?").flatMap { mark in sentences.last { $0.endIndex <= mark } }
    guard let sentence = asked ?? sentences.last else { return [] }
    let items = parts(
      of: String(sentence), between: /\s*,\s*(?:or|and|oder|und|o|y|ou|et)\s+|\s*,\s*|\s+(?:or|oder|o|ou)\s+/
    )
    .map(trimmed).filter { !$0.isEmpty }
    return items.count >= 2 ? items : []
  }

  private static func parts(of text: String, between separator: some RegexComponent) -> [String] {
    text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }

  private static func trimmed(_ text: String) -> String {
    text.trimmingCharacters(in: .whitespacesAndNewlines.union(CharacterSet(charactersIn: ".,;:?!")))
  }
}
