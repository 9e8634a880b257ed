/// Runs of `*`, `_` and `~`, and which of them pair up (CommonMark 0.31, section 6.2 and its appendix).
struct EmphasisStack {
  private struct Run {
    let mark: UInt8
    /// The marks not yet paired, as a range of the output.
    var rest: Range<Int>
    let length: Int
    let canOpen: Bool
    let canClose: Bool
  }
  private var runs: [Run] = []

  /// - Parameters:
  ///   - before, after: the neighbouring bytes. Only ASCII counts as punctuation here: Chinese and Japanese
  ///     write emphasis next to full-width marks, which the standard's rule would leave unpaired.
  mutating func add(_ mark: UInt8, _ range: Range<Int>, before: UInt8, after: UInt8) {
    let opens = !after.isTextSpace && (!after.isPunctuation || before.isTextSpace || before.isPunctuation)
    let closes = !before.isTextSpace && (!before.isPunctuation || after.isTextSpace || after.isPunctuation)
    let isInner = mark == UInt8(ascii: "_")
    let canOpen = opens && (!isInner || !closes || before.isPunctuation)
    let canClose = closes && (!isInner || !opens || after.isPunctuation)
    guard canOpen || canClose else { return }
    runs.append(Run(mark: mark, rest: range, length: range.count, canOpen: canOpen, canClose: canClose))
  }

  private struct Kind: Hashable {
    let mark: UInt8
    let canOpen: Bool
    let remainder: Int
  }

  /// Pairs the runs and adds the paired marks to `cuts`.
  ///
  /// For each kind of closer the place is kept below which no opener can be: time stays linear.
  mutating func match(cuts: inout [Range<Int>]) {
    var before = runs.indices.map { $0 - 1 }
    var after = runs.indices.map { $0 + 1 }
    var bottoms: [Kind: Int] = [:]
    func unlink(_ index: Int) {
      if before[index] >= 0 { after[before[index]] = after[index] }
      if after[index] < before.count { before[after[index]] = before[index] }
    }
    var closer = 0
    while closer < runs.count {
      let run = runs[closer]
      guard run.canClose else {
        closer = after[closer]
        continue
      }
      let kind = Kind(mark: run.mark, canOpen: run.canOpen, remainder: run.length % 3)
      let bottom = bottoms[kind] ?? -1
      var opener = before[closer]
      while opener > bottom, !pairs(runs[opener], run) { opener = before[opener] }
      guard opener > bottom else {
        bottoms[kind] = before[closer]
        let next = after[closer]
        if !run.canOpen { unlink(closer) }
        closer = next
        continue
      }
      let count =
        run.mark == UInt8(ascii: "~") ? run.rest.count : min(2, run.rest.count, runs[opener].rest.count)
      let openerRest = runs[opener].rest
      cuts.append((openerRest.upperBound - count)..<openerRest.upperBound)
      cuts.append(run.rest.lowerBound..<(run.rest.lowerBound + count))
      runs[opener].rest = openerRest.lowerBound..<(openerRest.upperBound - count)
      runs[closer].rest = (run.rest.lowerBound + count)..<run.rest.upperBound
      after[opener] = closer
      before[closer] = opener
      if runs[opener].rest.isEmpty { unlink(opener) }
      if runs[closer].rest.isEmpty {
        let next = after[closer]
        unlink(closer)
        closer = next
      }
    }
  }

  private func pairs(_ opener: Run, _ closer: Run) -> Bool {
    guard opener.canOpen, opener.mark == closer.mark else { return false }
    if opener.mark == UInt8(ascii: "~") { return opener.rest.count == closer.rest.count }
    // The rule of three, for runs that could be either.
    guard opener.canClose || closer.canOpen else { return true }
    return (opener.length + closer.length) % 3 != 0 || (opener.length % 3 == 0 && closer.length % 3 == 0)
  }
}
