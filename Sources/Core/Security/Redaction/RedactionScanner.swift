/// Walks once over a text and copies it, putting a marker in place of each find.
///
/// Every look-ahead is bounded by a constant, which keeps the walk linear.
struct RedactionScanner {
  let scalars: [Unicode.Scalar]
  /// Decimal value of each scalar, or -1.
  let digits: [Int8]
  /// For each scalar the end of the token-like run it stands in, without the full stops that end it.
  let tokenEnds: [Int]
  private var output = String.UnicodeScalarView()
  /// How many of the last scalars of `output` were copied as they were, and may be taken back.
  private var copiedSinceMask = 0

  init(_ scalars: [Unicode.Scalar]) {
    self.scalars = scalars
    digits = scalars.map { scalar in
      if scalar.isASCII { return scalar.value >= 48 && scalar.value <= 57 ? Int8(scalar.value - 48) : -1 }
      guard scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue else {
        return -1
      }
      return Int8(value)
    }
    var ends = Array(scalars.indices)
    var end = scalars.count
    for i in scalars.indices.reversed() {
      if !Self.isToken(scalars[i]) {
        end = i
      } else if scalars[i] == ".", end == i + 1 {
        end = i
      }
      ends[i] = max(i, end)
    }
    tokenEnds = ends
  }

  /// Base64, base64url, JWT and URL-safe punctuation.
  private static func isToken(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", "~", "+", "/", "=": true
    default: false
    }
  }

  mutating func run() -> String {
    var i = 0
    while i < scalars.count {
      if let find = find(at: i) {
        if find.unwind > 0 { output.removeLast(find.unwind) }
        output.append(contentsOf: find.marker.unicodeScalars)
        copiedSinceMask = 0
        i = find.end
      } else {
        output.append(isControl(scalars[i]) ? " " : scalars[i])
        copiedSinceMask += 1
        i += 1
      }
    }
    return String(output)
  }

  /// Something to mask, from the scalar looked at (less `unwind` already copied) to before `end`.
  struct Find {
    var unwind = 0
    let end: Int
    let marker: String
  }

  private func find(at i: Int) -> Find? {
    if scalars[i] == "@" { return address(at: i) }
    // The local part of an address is copied until its `@` masks it whole.
    if startsWord(i), runsIntoAddress(i) { return nil }
    let opens = scalars[i] == "+" || scalars[i] == "("
    if opens || (digits[i] >= 0 && startsNumber(i)), let number = number(at: i) { return number }
    guard startsWord(i), isWord(scalars[i]) else { return nil }
    return iban(at: i) ?? secret(at: i)
  }

  /// An e-mail address around the `@`: its local part has been copied already.
  private func address(at i: Int) -> Find? {
    var start = i
    while start > 0, i - start < min(64, copiedSinceMask), isLocalPart(scalars[start - 1]) { start -= 1 }
    var end = i + 1
    while end < scalars.count, end - i <= 255, isWord(scalars[end]) || scalars[end] == "-" || dot(end) {
      end += 1
    }
    guard start < i, end > i + 1 else { return nil }
    return Find(unwind: i - start, end: end, marker: "[email]")
  }

  private func runsIntoAddress(_ start: Int) -> Bool {
    var i = start
    while i < scalars.count, i - start < 64, isLocalPart(scalars[i]) { i += 1 }
    return i > start && i + 1 < scalars.count && scalars[i] == "@" && isWord(scalars[i + 1])
  }

  /// A dot inside a domain, not the full stop after it.
  private func dot(_ i: Int) -> Bool {
    scalars[i] == "." && i + 1 < scalars.count && isWord(scalars[i + 1])
  }

  func startsWord(_ i: Int) -> Bool { i == 0 || !isWord(scalars[i - 1]) }

  /// Scripts without spaces put numbers right beside letters; Latin does so only inside names and codes.
  private func startsNumber(_ i: Int) -> Bool {
    i == 0 || (digits[i - 1] < 0 && !(scalars[i - 1].isASCII && isWord(scalars[i - 1])))
  }

  func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return (48...57).contains(scalar.value) || (65...90).contains(scalar.value & ~32)
    }
    return scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
  }

  private func isLocalPart(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case ".", "_", "%", "+", "-", "'": true
    default: isWord(scalar)
    }
  }

  private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    // Bidirectional overrides reorder a terminal's line.
    case .format: !scalar.properties.isJoinControl
    default: false
    }
  }
}
