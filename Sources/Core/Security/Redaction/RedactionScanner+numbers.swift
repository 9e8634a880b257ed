/// Phone numbers, cards, social security numbers and other long digit strings.
extension RedactionScanner {
  /// Digits without a separator inside, as they stand in the text.
  private struct Group {
    let start: Int
    let end: Int
    var count: Int { end - start }
  }

  func number(at i: Int) -> Find? {
    let groups = groups(from: i)
    guard let first = groups.first else { return nil }
    if let card = card(in: groups) { return card }
    let signed = scalars[i] == "+" || scalars[i] == "("
    // What follows a date is judged by itself when the walk reaches it.
    if !signed, isDate(groups) { return nil }
    let total = groups.reduce(0) { $0 + $1.count }
    let end = groups[groups.count - 1].end
    if groups.map(\.count) == [3, 2, 4] { return Find(end: end, marker: "[ssn]") }
    if groups.count == 1 {
      if signed ? total >= 7 : total >= 9 {
        return Find(end: end, marker: signed || digits[first.start] == 0 ? "[phone]" : "[number]")
      }
      return digits[first.start] == 0 && total >= 7 ? Find(end: end, marker: "[phone]") : nil
    }
    guard (7...20).contains(total) else {
      return total > 20 ? Find(end: end, marker: "[number]") : nil
    }
    let dotted = scalars[groups[0].end] == "."
    let trunk = digits[first.start] == 0 && first.count > 1
    if signed || trunk || (total >= 9 && !dotted) { return Find(end: end, marker: "[phone]") }
    // 555-0123: the local North American form.
    return groups.map(\.count) == [3, 4] && scalars[groups[0].end] == "-"
      ? Find(end: end, marker: "[phone]") : nil
  }

  /// Groups with at most two separators between them, at most 32 digits in all.
  private func groups(from start: Int) -> [Group] {
    var groups: [Group] = []
    var i = start
    while i < scalars.count, i - start < 4, scalars[i] == "+" || scalars[i] == "(" { i += 1 }
    var total = 0
    while i < scalars.count, digits[i] >= 0 {
      let begin = i
      // An unbroken run is taken whole, whatever its length.
      while i < scalars.count, digits[i] >= 0 { i += 1 }
      if i < scalars.count, scalars[i].isASCII, isWord(scalars[i]) { break }
      total += i - begin
      groups.append(Group(start: begin, end: i))
      guard total <= 32 else { break }
      var separators = 0
      while i < scalars.count, separators < 3, isSeparator(scalars[i]) {
        i += 1
        separators += 1
      }
      if separators == 0 { break }
    }
    return groups
  }

  private func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case " ", "-", ".", "/", "(", ")", "\u{A0}", "\u{202F}", "\u{2010}", "\u{2011}", "\u{2013}": true
    default: false
    }
  }

  /// The longest stretch of whole groups that begins here and is a card number.
  private func card(in groups: [Group]) -> Find? {
    var number: [Int8] = []
    var end: Int?
    for group in groups {
      number += digits[group.start..<group.end]
      guard number.count <= 19 else { break }
      if number.count >= 13, number.contains(where: { $0 != 0 }), CheckDigit.isValid(number) {
        end = group.end
      }
    }
    return end.map { Find(end: $0, marker: "[card]") }
  }

  /// 2024-05-12, 12.05.2024, 12/5/2024.
  private func isDate(_ groups: [Group]) -> Bool {
    guard groups.count >= 3 else { return false }
    let parts = groups.prefix(3).map { group in
      (count: group.count, value: digits[group.start..<group.end].reduce(0) { ($0 &* 10) &+ Int($1) })
    }
    let year = { (part: (count: Int, value: Int)) in part.count == 4 && (1900...2100).contains(part.value) }
    let day = { (part: (count: Int, value: Int)) in part.count <= 2 && (1...31).contains(part.value) }
    return (year(parts[0]) && day(parts[1]) && day(parts[2]))
      || (day(parts[0]) && day(parts[1]) && year(parts[2]))
  }
}
