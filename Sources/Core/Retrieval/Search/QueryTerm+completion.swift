import Domain
import SearchIndex
import TextAnalysis

extension QueryTerm {
  /// A word that may be unfinished, with what it may become.
  ///
  /// - Parameter visible: lets through what the viewer may see; other words are not told.
  func completed(by snapshot: SearchSnapshot, visible: LabelFilter) -> QueryTerm {
    guard let typed = alternatives.last else { return self }
    var completions = snapshot.terms(startingWith: typed, filter: visible, limit: Self.maxCompletions)
    if completions.isEmpty {
      // The index has stems, and someone who typed `installat` is past that of `installation`.
      completions = (1...Self.longestEnding).lazy.map { String(typed.dropLast($0)) }
        .filter { $0.count >= Self.leastStem && snapshot.contains(term: $0, filter: visible) }
        .prefix(1).map { $0 }
    }
    guard !completions.isEmpty else { return corrected(by: snapshot, visible: visible) }
    let known = alternatives + completions.filter { !alternatives.contains($0) }
    return QueryTerm(alternatives: known, span: span, kind: kind, isStopWord: false)
  }

  private static let maxCompletions = 8
  private static let longestEnding = 5
  private static let leastStem = 4
}
