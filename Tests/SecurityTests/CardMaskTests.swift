import Foundation
import Testing

@testable import Security

@Suite struct CardMaskTests {
  /// Test numbers that the networks publish.
  @Test(arguments: [
    ("4111111111111111", "************1111"), ("4111 1111 1111 1111", "**** **** **** 1111"),
    ("5555-5555-5555-4444", "****-****-****-4444"), ("378282246310005", "***********0005"),
    ("3782 822463 10005", "**** ****** *0005"), ("30569309025904", "**********5904"),
    ("6011.1111.1111.1117", "****.****.****.1117"), ("3530111333300000", "************0000"),
    ("2223003122003222", "************3222"), ("6205500000000000004", "***************0004"),
    ("4222222222222", "*********2222"),
    ("4111\u{A0}1111\u{2011}1111\u{202F}1111", "****\u{A0}****\u{2011}****\u{202F}1111"),
    ("My card is 4111 1111 1111 1111.", "My card is **** **** **** 1111."),
    ("Order 12 4111111111111111", "Order 12 ************1111"),
    ("卡号4111111111111111。", "卡号************1111。"),
    ("VISA4111111111111111", "VISA************1111"), ("+4111111111111111", "+************1111"),
    ("4111_1111_1111_1111", "****_****_****_1111"), ("4111\t1111 \t 1111 1111", "****\t**** \t **** 1111"),
    ("4111\u{200B}1111\u{FEFF}1111\u{AD}1111", "****\u{200B}****\u{FEFF}****\u{AD}1111"),
    ("4111111111111111, 5555555555554444", "************1111, ************4444"),
  ])
  func numbers(text: String, masked: String) { #expect(CardMask.masked(text) == masked) }

  @Test func otherScripts() {
    let wide = String(
      String.UnicodeScalarView(
        "4111111111111111".unicodeScalars.map { Unicode.Scalar($0.value - 0x30 + 0xff10)! }))
    let masked = CardMask.masked("カード：" + wide)
    #expect(masked.utf8.count == ("カード：" + wide).utf8.count)
    #expect(masked.hasPrefix("カード：***") && masked.hasSuffix("\u{ff11}\u{ff11}\u{ff11}\u{ff11}"))
    let arabic = String(
      String.UnicodeScalarView(
        "5555555555554444".unicodeScalars.map { Unicode.Scalar($0.value - 0x30 + 0x660)! }))
    #expect(CardMask.masked(arabic).hasPrefix("************"))
  }

  @Test(arguments: [
    // A wrong check digit, no network, too short, too long, parts of names and of longer numbers.
    "4111111111111112", "1111111111111117", "411111111117", "41111111111111111111111", "B4 111 111",
    "4111111111111111b", "0x4111111111111111", "00000000-0000-4111-1111-111111111111", "356938035643809",
    "+49 30 1234 5678 901", "2026-11-23 12:34:56", "10.0.19041.1234", "ISBN 978-3-16-148410-0",
    "", "no digits at all", "١٢٣", "DE89 3704 0044 0532 0130 00",
  ])
  func whatIsNoCardStays(text: String) { #expect(CardMask.masked(text) == text) }

  @Test(arguments: [
    ("4111 1111 1111 1111, CVV 123", "**** **** **** 1111, CVV ***"),
    ("CVC2: 1234 for 378282246310005", "CVC2: **** for ***********0005"),
    ("4111111111111111 12/27 123", "************1111 12/27 ***"),
    ("4111111111111111 exp 12/2027, 123", "************1111 exp 12/2027, ***"),
    ("4111111111111111, security code is 123.", "************1111, security code is ***."),
    ("Karte 4111111111111111, Prüfnummer 123", "Karte ************1111, Prüfnummer ***"),
    // Without a card a code is any number; far from one, too.
    ("The CVV has 3 digits, such as 123", "The CVV has 3 digits, such as 123"),
    ("4111111111111111 in 250 shops, decide", "************1111 in 250 shops, decide"),
  ])
  func codes(text: String, masked: String) { #expect(CardMask.masked(text) == masked) }

  /// Every number with a right check digit is found, alone and in a sentence, and byte ranges stay.
  @Test func generated() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let length = [13, 16, 19].randomElement(using: &generator)!
      var digits = [4] + (1..<length).map { _ in Int.random(in: 0...9, using: &generator) }
      let check = (0...9).first { CheckDigit.isValid(digits.dropLast() + [$0]) }!
      digits[length - 1] = check
      let number = digits.map(String.init).joined()
      let text = "é \(number) – ok"
      let masked = CardMask.masked(text)
      #expect(masked == "é " + String(repeating: "*", count: length - 4) + number.suffix(4) + " – ok")
    }
  }

  @Test func longTextsTakeLinearTime() {
    // Would take hours if it were not.
    for unit in ["4111 ", "4", "cvv ", "4111111111111111 ", "12/27 ", "é"] {
      let text = String(repeating: unit, count: 100_000)
      #expect(CardMask.masked(text).utf8.count == text.utf8.count)
    }
  }
}
