/// The check digit of ISO/IEC 7812-1 annex B (Luhn).
enum CheckDigit {
  /// - Parameter digits: 0 to 9 each, the check digit last.
  static func isValid(_ digits: some BidirectionalCollection<some BinaryInteger>) -> Bool {
    var sum = 0
    for (place, digit) in digits.reversed().enumerated() {
      let value = Int(digit) * (place % 2 == 1 ? 2 : 1)
      sum += value > 9 ? value - 9 : value
    }
    return sum % 10 == 0
  }
}
