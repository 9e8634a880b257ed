/// Account numbers with letters, keys, tokens and passwords.
extension RedactionScanner {
  /// An IBAN (ISO 13616): two letters, two check digits, 11 to 30 more, perhaps in groups of four.
  func iban(at i: Int) -> Find? {
    guard i + 15 <= scalars.count, letter(i) != nil, letter(i + 1) != nil, asciiDigit(i + 2) != nil,
      asciiDigit(i + 3) != nil
    else { return nil }
    var values: [Int] = []
    var end: Int?
    var at = i
    while at < scalars.count, values.count < 34 {
      if let value = letter(at) ?? asciiDigit(at) {
        values.append(value)
        at += 1
        let closes = at == scalars.count || !isWord(scalars[at])
        if closes, values.count >= 15, remainder97(values) == 1 { end = at }
      } else if scalars[at] == " " || scalars[at] == "-", at + 1 < scalars.count, isWord(scalars[at + 1]) {
        at += 1
      } else {
        break
      }
    }
    return end.map { Find(end: $0, marker: "[iban]") }
  }

  /// ISO 7064 mod 97-10, with the first four characters moved to the end.
  private func remainder97(_ values: [Int]) -> Int {
    var remainder = 0
    for value in values.dropFirst(4) + values.prefix(4) {
      remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
    }
    return remainder
  }

  /// A key with a known beginning, a JWT, a bearer token, a long hexadecimal string, a named password.
  func secret(at i: Int) -> Find? {
    let run = tokenEnds[i]
    let length = run - i
    for (mark, least) in Self.marks where length >= least && begins(with: mark, at: i) {
      return Find(end: run, marker: "[key]")
    }
    if length >= 32, (i..<run).allSatisfy({ isHexadecimal(scalars[$0]) || scalars[$0] == "-" }) {
      return Find(end: run, marker: "[key]")
    }
    return announced(at: i)
  }

  /// What stands after `bearer`, `password:`, `api_key=`, ...
  private func announced(at i: Int) -> Find? {
    for announcement in Self.announcements where begins(with: announcement.word, at: i) {
      let name = i..<i + announcement.word.count
      var at = name.upperBound
      var isAnnounced = announcement.spaceSuffices && at < scalars.count && scalars[at] == " "
      while at < scalars.count, at - name.upperBound < 8, isAnnouncing(scalars[at]) {
        if scalars[at] != " " { isAnnounced = true }
        at += 1
      }
      var end = at
      while end < scalars.count, !scalars[end].properties.isWhitespace, scalars[end] != "\"" { end += 1 }
      guard isAnnounced, end - at >= announcement.leastLength else { return nil }
      let copied = String(String.UnicodeScalarView(scalars[name]))
      return Find(end: end, marker: copied + " [secret]")
    }
    return nil
  }

  private func isAnnouncing(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case " ", ":", "=", "\"", "'", "\t": true
    default: false
    }
  }

  private struct Announcement {
    let word: [Unicode.Scalar]
    /// Otherwise a colon, an equals sign or a quotation mark must follow: "token ring" is no secret.
    var spaceSuffices = false
    var leastLength = 1
  }

  private static let announcements =
    [Announcement(word: Array("bearer".unicodeScalars), spaceSuffices: true, leastLength: 16)]
    + [
      "password", "passwort", "passwd", "pwd", "secret", "token", "api_key", "api-key", "apikey",
      "mot de passe", "contraseña",
    ].map { Announcement(word: Array($0.unicodeScalars)) }

  /// Beginnings of well-known keys and the least length of one.
  private static let marks = [
    ("fd_", 16), ("eyj", 40), ("sk-", 16), ("sk_", 16), ("pk_", 16), ("rk_", 16), ("ghp_", 20), ("gho_", 20),
    ("github_pat_", 30), ("glpat-", 16), ("xox", 16), ("akia", 20), ("aiza", 30),
  ].map { (Array($0.0.unicodeScalars), $0.1) }

  /// Compares without regard to ASCII case.
  private func begins(with mark: [Unicode.Scalar], at i: Int) -> Bool {
    guard i + mark.count <= scalars.count else { return false }
    for (offset, scalar) in mark.enumerated() {
      let value = scalars[i + offset].value
      guard value == scalar.value || ((65...90).contains(value) && value | 32 == scalar.value) else {
        return false
      }
    }
    return true
  }

  private func isHexadecimal(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.isASCIIHexDigit }

  /// 10 for A to 35 for Z, in either case.
  private func letter(_ i: Int) -> Int? {
    let value = scalars[i].value
    guard scalars[i].isASCII, (65...90).contains(value & ~32) else { return nil }
    return Int(value & ~32) - 55
  }

  private func asciiDigit(_ i: Int) -> Int? {
    scalars[i].isASCII && digits[i] >= 0 ? Int(digits[i]) : nil
  }
}
