import SearchIndex
import TextAnalysis

extension QueryTerm {
  /// A word that occurs nowhere is searched for in the spellings that do, so that a typo costs no hit.
  ///
  /// A word that occurs stays as it is, so that a correct query finds what it found.
  ///
  /// - Parameter visible: lets through what the viewer may see. A word of hidden chunks alone counts as one that
  ///   occurs nowhere: else the lack of a correction would tell that it is there.
  func corrected(by snapshot: SearchSnapshot, visible: LabelFilter) -> QueryTerm {
    guard kind == .word, let plain = alternatives.last, plain.unicodeScalars.count >= Self.leastScalars,
      !alternatives.contains(where: { snapshot.contains(term: $0, filter: visible) })
    else { return self }
    let edits = plain.unicodeScalars.count >= Self.leastScalarsOfTwoEdits ? 2 : 1
    var matches: [TermMatch] = []
    for form in alternatives {
      for match in snapshot.terms(near: form, edits: edits, filter: visible, limit: Self.maxSpellings)
      where !matches.contains(where: { $0.term == match.term }) {
        matches.append(match)
      }
    }
    // The nearest alone: a word one edit away makes one two edits away unlikely.
    let fewest = matches.map(\.edits).min()
    let spellings = matches.filter { $0.edits == fewest }.sorted { $0.docFreq > $1.docFreq }
      .prefix(Self.maxSpellings).map(\.term)
    return QueryTerm(
      alternatives: alternatives + spellings, span: span, kind: kind, isStopWord: isStopWord)
  }

  /// Shorter words have too many neighbours (Meilisearch allows 1 typo from 5 letters on, 2 from 9).
  private static let leastScalars = 5
  private static let leastScalarsOfTwoEdits = 9
  private static let maxSpellings = 3
}
