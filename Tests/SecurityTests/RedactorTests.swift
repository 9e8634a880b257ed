import Security
import Testing

@Suite struct RedactorTests {
  @Test(arguments: [
    ("Mail me at anna.berg+shop@example.co.uk.", "Mail me at [email]."),
    ("<grüße@münchen.de>", "<[email]>"),
    ("a@b.de,c@d.de", "[email],[email]"),
    ("john.0612345678@mail.example", "[email]"),
    ("call +49 30 1234567 now", "call [phone] now"),
    ("(555) 123-4567", "[phone]"),
    ("1-800-555-1234!", "[phone]!"),
    ("06.12.34.56.78", "[phone]"),
    ("0170/1234567", "[phone]"),
    ("tel:+441632960961", "tel:[phone]"),
    ("ring 555-0123", "ring [phone]"),
    ("電話は０９０-１２３４-５６７８です", "電話は[phone]です"),
    ("電話 ０９０-１２３４-５６７８ です", "電話 [phone] です"),
    ("card 4111 1111 1111 1111, thanks", "card [card], thanks"),
    ("4111-1111-1111-1111 123", "[card] 123"),
    ("378282246310005", "[card]"),
    ("my ssn 078-05-1120", "my ssn [ssn]"),
    ("IBAN DE89 3704 0044 0532 0130 00 please", "IBAN [iban] please"),
    ("gb82west12345698765432", "[iban]"),
    ("Authorization: Bearer abcdefghijklmnopqrstuvwxyz", "Authorization: Bearer [secret]"),
    ("key fd_0123456789abcdefghijABCDEFGHIJ0123456789-_x.", "key [key]."),
    ("password: hunter2", "password [secret]"),
    ("0123456789abcdef0123456789abcdef", "[key]"),
    ("a123456789abcdef0123456789abcdef", "[key]"),
  ])
  func masks(text: String, masked: String) {
    #expect(Redactor().redact(text) == masked)
  }

  @Test(arguments: [
    "How do I reset my password?", "error 0x80070005 in build 10.0.19041",
    "New-CsTeam fails since 2024-05-12",
    "on 12.05.2024 at 10:30", "order 48213 costs 1,299.00", "see https://example.com/a/b?c=d",
    "Wie lautet die Frist von 14 Tagen?", "什么时候退款?", "top 10 @ home", "token ring networks",
    "the year 2024 and 1999", "chapter 1.2.3",
  ])
  func leaves(text: String) {
    #expect(Redactor().redact(text) == text)
  }

  @Test func ibanNeedsItsCheckDigits() {
    #expect(!Redactor().redact("DE88 3704 0044 0532 0130 00").contains("[iban]"))
  }

  @Test func noLineIsForged() {
    let masked = Redactor().redact("hello\n2024 ERROR fake\r\n\u{1B}[31mred\u{202E}")
    #expect(!masked.unicodeScalars.contains { $0.properties.generalCategory == .control })
    #expect(!masked.unicodeScalars.contains("\u{202E}"))
  }

  @Test func longTextIsCut() {
    let masked = Redactor(maximumLength: 10).redact(String(repeating: "é", count: 50))
    #expect(masked == String(repeating: "é", count: 10) + "…")
    #expect(Redactor(maximumLength: 0).redact("x") == "…")
    #expect(Redactor().redact("") == "")
  }

  /// Inputs built to make a backtracking matcher slow; and none may crash.
  @Test func hostileInputIsQuick() {
    let redactor = Redactor(maximumLength: 200_000)
    let clock = ContinuousClock()
    for unit in [
      "a-", "1 ", "@", "a@", "(((1", "+1-", "fd_", "DE89 ", "bearer ", "password ", "..", "1a", "eyJ.",
    ] {
      let text = String(repeating: unit, count: 10_000 / unit.utf8.count)
      let took = clock.measure { _ = redactor.redact(text) }
      #expect(took < .seconds(10), "\(unit) took \(took)")
    }
  }

  @Test func garbageNeverCrashes() {
    var generator = SplitMix(state: 7)
    let alphabet = Array("0123456789 +-./()@abDE89:=\"\n\u{0}é你٣𝟗".unicodeScalars)
    for _ in 0..<3000 {
      var view = String.UnicodeScalarView()
      for _ in 0..<Int(generator.next() % 60) {
        view.append(alphabet[Int(generator.next() % UInt64(alphabet.count))])
      }
      _ = Redactor(maximumLength: Int(generator.next() % 80)).redact(String(view))
    }
  }
}

/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
