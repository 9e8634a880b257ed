import Domain

/// Keeps the first of passages that say the very same, and which other documents have them.
struct PassageCollapse {
  /// Suggestions are titles: those count too.
  let countsTitles: Bool
  private(set) var found: [SearchEngine.Found] = []
  private var places: [String: Int] = [:]

  init(countsTitles: Bool) { self.countsTitles = countsTitles }

  mutating func add(_ new: SearchEngine.Found) {
    let key = key(of: new.passage)
    guard let place = places[key] else {
      places[key] = found.count
      found.append(new)
      return
    }
    let document = new.passage.document
    if document.id != found[place].passage.document.id,
      !found[place].alsoIn.contains(where: { $0.id == document.id })
    {
      found[place].alsoIn.append(document)
    }
  }

  /// White space apart. Two questions with one answer are two entries.
  private func key(of passage: Passage) -> String {
    let text = passage.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return countsTitles || passage.document.kind == .faq ? passage.document.title + "\n" + text : text
  }
}
