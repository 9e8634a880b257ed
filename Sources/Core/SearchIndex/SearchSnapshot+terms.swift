/// A term of the index that resembles one that was asked for.
public struct TermMatch: Sendable, Equatable {
  public let term: String
  /// Edits between the two.
  public let edits: Int
  /// Live chunks that have it and that the filter lets through.
  public let docFreq: Int
}

extension SearchSnapshot {
  /// Terms within some edits of a word: insertions, deletions, substitutions, swaps of neighbours.
  ///
  /// - Parameters:
  ///   - edits: at most 2.
  ///   - prefix: how many scalars at the start must be the same; more of them make it faster.
  ///   - filter: counts only chunks that it lets through; terms of none are left out.
  /// - Returns: fewest edits first, then the most frequent, then by term.
  public func terms(
    near word: String, edits: Int, prefix: Int = 1, filter: LabelFilter = .none, limit: Int
  ) -> [TermMatch] {
    guard let automaton = EditDistanceAutomaton(word, distance: edits) else { return [] }
    let start = Array(String(String.UnicodeScalarView(word.unicodeScalars.prefix(max(0, prefix)))).utf8)
    var found: [[UInt8]: (edits: Int, docFreq: Int)] = [:]
    for view in content.views {
      let allowed = view.allowed(filter)
      if case .nothing = allowed { continue }
      let terms = view.segment.lexical.terms
      let isSound = terms.dictionary.forEachTerm(near: automaton, prefix: start) { term, place, edits in
        let count = view.count(place, of: terms, allowed)
        if count > 0 { found[term] = (edits, found[term, default: (edits, 0)].docFreq + count) }
      }
      if !isSound { view.segment.markDamaged() }
    }
    return Array(
      found.map { TermMatch(term: String(decoding: $0, as: UTF8.self), edits: $1.edits, docFreq: $1.docFreq) }
        .sorted { ($0.edits, -$0.docFreq, $0.term) < ($1.edits, -$1.docFreq, $1.term) }
        .prefix(max(0, limit)))
  }

  /// Terms that begin with a prefix: what someone may be about to type.
  ///
  /// - Parameter filter: terms of no chunk that it lets through are left out.
  /// - Returns: the most frequent first, then by term; of very many those that come first in byte order are looked at.
  public func terms(startingWith prefix: String, filter: LabelFilter = .none, limit: Int) -> [String] {
    var counts: [[UInt8]: Int] = [:]
    for view in content.views {
      let terms = view.segment.lexical.terms
      var left = Self.completionLimit
      view.segment.forEachEntry(of: terms, startingWith: Array(prefix.utf8)) { term, place in
        counts[term, default: 0] += place.postings
        left -= 1
        return left > 0
      }
    }
    let frequentFirst = counts.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
    }
    return Array(
      frequentFirst.lazy.map { String(decoding: $0.key, as: UTF8.self) }
        .filter { contains(term: $0, filter: filter) }.prefix(max(0, limit)))
  }

  /// Completions that are counted in each segment.
  private static let completionLimit = 20_000

  /// Whether a live chunk that the filter lets through has a term.
  public func contains(term: String, filter: LabelFilter) -> Bool {
    content.views.contains { view in
      let terms = view.segment.lexical.terms
      guard let place = terms.find(term) else { return false }
      return view.count(place, of: terms, view.allowed(filter)) > 0
    }
  }
}
