import Domain

/// Keeps the first of passages that say the very same, and which other documents have them.
struct PassageCollapse {
  /// Suggestions are titles: those count too.
  let countsTitles: Bool
  private(set) var found: [SearchEngine.Found] = []
  /// Passages that were left out.
  private(set) var repeats = 0
  private var places: [[UInt8]: Int] = [:]

  init(countsTitles: Bool) { self.countsTitles = countsTitles }

  mutating func add(_ new: SearchEngine.Found) {
    let key = key(of: new.passage)
    guard let place = places[key] else {
      places[key] = found.count
      found.append(new)
      return
    }
    repeats += 1
    let document = new.passage.document
    if document.id != found[place].passage.document.id,
      !found[place].alsoIn.contains(where: { $0.id == document.id })
    {
      found[place].alsoIn.append(document)
    }
  }

  /// White space apart. Two questions with one answer are two entries.
  private func key(of passage: Passage) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(passage.text.utf8.count)
    if countsTitles || passage.document.kind == .faq {
      key.append(contentsOf: (passage.document.title + "\n").utf8)
    }
    var isBetweenWords = false
    for byte in passage.text.utf8 {
      if byte == 0x20 || (0x09...0x0d).contains(byte) {
        isBetweenWords = true
        continue
      }
      if isBetweenWords, !key.isEmpty { key.append(0x20) }
      isBetweenWords = false
      key.append(byte)
    }
    return key
  }
}
