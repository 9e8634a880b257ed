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
      view.segment.forEachEntry(of: labels, startingWith: start) { label, place in
        let count = view.count(place, of: labels, allowed)
        if count > 0 { counts[String(decoding: label, as: UTF8.self), default: 0] += count }
        return true
      }
    }
    return counts
  }

  /// Labels that start with a prefix and that a chunk has or had, in byte order.
  public func labels(startingWith prefix: String) -> [String] {
    var found: Set<[UInt8]> = []
    for view in content.views {
      view.segment.forEachEntry(of: view.segment.lexical.labels, startingWith: Array(prefix.utf8)) {
        label, _ in
        found.insert(label)
        return true
      }
    }
    return found.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
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
