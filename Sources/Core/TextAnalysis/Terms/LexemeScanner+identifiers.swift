/// What a compound is made of.
private struct Shape {
  /// Everything but letters and digits.
  var marks = ByteSet("")
  var markCount = 0
  var digitCount = 0
  var hasLetter = false
  /// Every piece between marks is one letter or digit.
  var hasOnlyInitials = true

  init(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) {
    var pieceLength = 0
    for byte in bytes {
      // The bytes inside a character count with its first.
      if byte & 0xC0 == 0x80 { continue }
      if byte >= 0x80 || byte.isLetter {
        hasLetter = true
        pieceLength += 1
      } else if byte.isDigit {
        digitCount += 1
        pieceLength += 1
      } else {
        marks.insert(byte)
        markCount += 1
        pieceLength = 0
      }
      if pieceLength > 1 { hasOnlyInitials = false }
    }
  }
}

extension LexemeScanner {
  /// Marks that a name is written with; others stand between names.
  private static let weakMarks = ByteSet("._-~'")

  /// Emits words that connectors join, or a word with digits, marks or capitals inside.
  func compound(_ whole: Range<Int>) {
    let range = trimmed(whole)
    guard !range.isEmpty else { return }
    let shape = Shape(bytes[range])
    if !shape.hasLetter {
      number(range, shape)
    } else if shape.digitCount > 0 {
      identifier(range)
    } else if shape.marks.isEmpty {
      leaf(range, .word)
    } else if shape.marks.isSubset(of: ByteSet("'")) {
      apostrophes(range, kind: .word)
    } else if shape.marks.isSubset(of: ByteSet("-'")) {
      hyphenated(range)
    } else if shape.marks.isSubset(of: ByteSet(".")), shape.hasOnlyInitials {
      // `U.S.A` and `e.g` are also written without stops.
      joined(range, without: ByteSet("."), kind: .word, form: .word)
    } else if shape.markCount == 1, shape.marks.isSubset(of: ByteSet("/:")) {
      // `and/or`, `Note:this`: two words and no name.
      forEachPiece(of: range, separatedBy: shape.marks.contains) { leaf($0, .word) }
    } else {
      identifier(range)
    }
  }

  private func identifier(_ range: Range<Int>) {
    exact(range, .identifier)
    let isStrong = { (byte: UInt8) in byte.isMark && !Self.weakMarks.contains(byte) }
    guard bytes[range].contains(where: isStrong) else { return name(range, isEmitted: true) }
    forEachPiece(of: range, separatedBy: isStrong) { name($0, isEmitted: false) }
  }

  /// Emits a piece of an identifier that has only weak marks, and its parts.
  private func name(_ range: Range<Int>, isEmitted: Bool) {
    let shape = Shape(bytes[range])
    if shape.marks.isEmpty {
      if shape.hasLetter, shape.digitCount > 0 {
        if !isEmitted { exact(range, .identifier) }
        mixedParts(range)
      } else {
        leaf(range, .identifierPart)
      }
      return
    }
    if !isEmitted {
      if !shape.hasLetter { return number(range, shape) }
      if shape.digitCount == 0, shape.marks.isSubset(of: ByteSet("-'")) { return hyphenated(range) }
      exact(range, .identifier)
    }
    if bytes[range.lowerBound] == UInt8(ascii: "v"), shape.marks.isSubset(of: ByteSet(".")) {
      let version = range.lowerBound + 1..<range.upperBound
      let versionShape = Shape(bytes[version])
      if !versionShape.hasLetter, bytes[version.lowerBound].isDigit {
        return number(version, versionShape, kind: .identifierPart)
      }
    }
    forEachPiece(of: range, separatedBy: Self.weakMarks.contains) { leaf($0, .identifierPart) }
  }

  /// Emits digits with marks between them: an amount, a date, a version.
  private func number(_ range: Range<Int>, _ shape: Shape, kind: Token.Kind? = nil) {
    if shape.marks.isSubset(of: ByteSet(",.")) {
      if hasThousands(range) {
        return joined(range, without: ByteSet(","), kind: kind ?? .number, form: .exact)
      }
      if shape.markCount <= 1 { return exact(range, kind ?? .number) }
      exact(range, kind ?? .identifier)
    } else {
      exact(range, kind ?? (shape.digitCount >= 5 ? .identifier : .number))
    }
    let isNumber = kind == nil && shape.digitCount < 5 && !shape.marks.isSubset(of: ByteSet(",."))
    forEachPiece(of: range, separatedBy: shape.marks.contains) {
      exact($0, isNumber ? .number : .identifierPart)
    }
  }

  /// True for `1,234` and `1,234,567.89`.
  private func hasThousands(_ range: Range<Int>) -> Bool {
    var groups = 0
    var length = 0
    for index in range {
      let byte = bytes[index]
      if byte.isDigit {
        length += 1
      } else if byte == UInt8(ascii: ",") {
        guard groups == 0 ? (1...3).contains(length) : length == 3 else { return false }
        groups += 1
        length = 0
      } else {
        return groups > 0 && length == 3 && bytes[index + 1..<range.upperBound].allSatisfy(\.isDigit)
      }
    }
    return groups > 0 && length == 3
  }

  /// Emits `sign-in` as one word and as its pieces. With capitals inside it is a name, as `New-CsTeam` is.
  private func hyphenated(_ range: Range<Int>) {
    let isName = range.dropFirst().contains { isUpper(window.original($0)) }
    joined(
      range,
      without: ByteSet("-'"),
      kind: isName ? .identifier : .word,
      form: .hyphenated(isName: isName)
    )
    forEachPiece(of: range, separatedBy: ByteSet("-").contains) { leaf($0, isName ? .identifierPart : .word) }
  }

  /// Emits what has no separator in it any more, then the parts that its capitals or digits mark.
  private func leaf(_ range: Range<Int>, _ kind: Token.Kind) {
    let shape = Shape(bytes[range])
    if !shape.hasLetter {
      exact(range, kind == .word ? .number : kind)
    } else if shape.digitCount > 0 {
      exact(range, kind == .word ? .identifier : kind)
      mixedParts(range)
    } else if !shape.marks.isEmpty {
      apostrophes(range, kind: kind)
    } else {
      let parts = parts(range)
      word(range, kind == .word && !parts.isEmpty ? .identifier : kind)
      for part in parts { word(part, .identifierPart) }
    }
  }

  /// Emits the runs of letters and of digits in `office365` or `0x80070005`.
  private func mixedParts(_ range: Range<Int>) {
    if range.count > 2, bytes[range.lowerBound] == UInt8(ascii: "0"),
      bytes[range.lowerBound + 1] == UInt8(ascii: "x")
    {
      return exact(range.lowerBound + 2..<range.upperBound, .identifierPart)
    }
    for part in parts(range) {
      if bytes[part.lowerBound].isDigit { exact(part, .identifierPart) } else { word(part, .identifierPart) }
    }
  }

  /// Cuts where capitals begin a part and where letters meet digits; single letters are left out.
  ///
  /// - Returns: nothing where there is one part, or so many that it must be a hash or a key.
  private func parts(_ range: Range<Int>) -> [Range<Int>] {
    var cuts = [range.lowerBound]
    for index in range.dropFirst() where isBoundary(index, in: range) {
      cuts.append(index)
      if cuts.count > 8 { return [] }
    }
    guard cuts.count > 1 else { return [] }
    cuts.append(range.upperBound)
    return zip(cuts, cuts.dropFirst()).map { $0..<$1 }.filter { $0.count > 1 || bytes[$0.lowerBound].isDigit }
  }

  private func isBoundary(_ index: Int, in range: Range<Int>) -> Bool {
    let byte = bytes[index]
    if byte & 0xC0 == 0x80 { return false }
    if byte.isDigit != bytes[index - 1].isDigit { return true }
    let original = window.original(index)
    guard isUpper(original) else { return false }
    let previous = window.original(index - 1)
    if isLower(previous) { return true }
    return isUpper(previous) && index + 2 < range.upperBound && isLower(window.original(index + 1))
      && isLower(window.original(index + 2))
  }

  private func isUpper(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
  private func isLower(_ byte: UInt8) -> Bool { byte.isLetter }

  /// A range without marks at its ends.
  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, bytes[start].isMark { start += 1 }
    while start < end, bytes[end - 1].isMark { end -= 1 }
    return start..<end
  }

  /// Visits what stands between separators, without marks at its ends; skips what is then empty.
  private func forEachPiece(
    of range: Range<Int>,
    separatedBy isSeparator: (UInt8) -> Bool,
    _ body: (Range<Int>) -> Void
  ) {
    var start = range.lowerBound
    for index in range.lowerBound...range.upperBound
    where index == range.upperBound || isSeparator(bytes[index]) {
      let piece = trimmed(start..<index)
      if !piece.isEmpty { body(piece) }
      start = index + 1
    }
  }
}
