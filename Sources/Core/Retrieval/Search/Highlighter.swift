import Domain
import TextAnalysis

/// Marks in a passage the words that a query matched.
struct Highlighter: Sendable {
  private let analyzer: TextAnalyzer
  private let terms: Set<String>

  init(analyzer: TextAnalyzer, terms: [QueryTerm]) {
    self.analyzer = analyzer
    self.terms = Set(terms.flatMap(\.alternatives))
  }

  /// - Returns: half-open byte ranges of the passage's text, ascending, overlapping ones joined.
  func highlights(in passage: Passage) -> [[Int]] {
    let language = passage.document.language.map(Language.init(rawValue:))
    let spans = analyzer.tokens(of: passage.text, language: language)
      .filter { terms.contains($0.term) }
      .map(\.span)
      .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
    var merged: [[Int]] = []
    for span in spans {
      if let last = merged.last, span.start <= last[1] {
        merged[merged.count - 1][1] = max(last[1], span.end)
      } else {
        merged.append([span.start, span.end])
      }
    }
    return merged
  }
}
