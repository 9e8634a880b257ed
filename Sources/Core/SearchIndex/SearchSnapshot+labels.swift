extension SearchSnapshot {
  /// Counts live chunks by label.
  ///
  /// - Parameters:
  ///   - prefix: what the labels start with, such as `tag=`; compared byte by byte.
  ///   - filter: counts only chunks that it lets through.
  /// - Returns: labels that at least one such chunk has.
  public func labelCounts(prefix: String, filter: LabelFilter = .none) -> [String: Int] {
    var counts: [String: Int] = [:]
    let start = Array(prefix.utf8)
    for view in content.views {
      let allowed = view.allowed(filter)
      if case .nothing = allowed { continue }
      let labels = view.segment.lexical.labels
      var iterator = start.withUnsafeBytes { labels.dictionary.iterator(notBelow: $0) }
      while let place = iterator.next(), iterator.term.starts(with: start) {
        let count = view.count(place, of: labels, allowed)
        if count > 0 { counts[String(decoding: iterator.term, as: UTF8.self), default: 0] += count }
      }
      if iterator.isDamaged { view.segment.markDamaged() }
    }
    return counts
  }

  /// Which of some chunks have a label.
  public func chunks(among keys: some Sequence<UInt64>, with label: String) -> Set<UInt64> {
    let filter = LabelFilter(all: [[label]])
    let allowed = content.views.map { $0.allowed(filter) }
    return Set(
      keys.filter { key in
        guard let place = content.locate(key) else { return false }
        return allowed[place.view].contains(place.ordinal)
      })
  }
}
