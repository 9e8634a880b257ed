import Foundation

/// A moment as people write it: RFC 3339 (`2026-11-23T09:00:00Z`, `...+01:00`), or a date, which is its first
/// moment in UTC.
public enum Moment {
  /// - Returns: to the microsecond, as stores keep it; nil where it is neither.
  public static func parse(_ text: String) -> Date? {
    let text = text.trimmingCharacters(in: .whitespaces)
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count,
        bytes[range].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
      else { return nil }
      return bytes[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
    func byte(_ index: Int) -> UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }
    let dash = UInt8(ascii: "-")
    let colon = UInt8(ascii: ":")
    guard number(0..<4) != nil, byte(4) == dash, number(5..<7) != nil, byte(7) == dash, number(8..<10) != nil,
      let day = CalendarDay(parsing: String(text.prefix(10)))
    else { return nil }
    if bytes.count == 10 { return day.date }
    // RFC 3339 allows a space, and lower case.
    guard let separator = byte(10), [0x54, 0x74, 0x20].contains(separator), let hour = number(11..<13),
      byte(13) == colon, let minute = number(14..<16), hour < 24, minute < 60
    else { return nil }
    var end = 16
    var second = 0
    if byte(16) == colon {
      guard let value = number(17..<19), value <= 60 else { return nil }
      second = value
      end = 19
    }
    var micros = 0
    if byte(end) == UInt8(ascii: ".") {
      let digits = bytes[(end + 1)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard (1...9).contains(digits.count) else { return nil }
      let padded = (Array(digits) + Array(repeating: UInt8(ascii: "0"), count: 6)).prefix(6)
      micros = padded.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      end = digits.endIndex
    }
    guard let offset = offset(bytes[end...].map { $0 }) else { return nil }
    let seconds = hour * 3600 + minute * 60 + second - offset
    return Date(
      timeIntervalSince1970: day.date.timeIntervalSince1970 + Double(seconds) + Double(micros) / 1_000_000)
  }

  /// Seconds east of Greenwich.
  private static func offset(_ bytes: [UInt8]) -> Int? {
    if bytes == [0x5A] || bytes == [0x7A] { return 0 }
    let digits = bytes.enumerated().compactMap {
      [1, 2, 4, 5].contains($0.offset) ? Int($0.element) - 48 : nil
    }
    guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), digits.allSatisfy({ (0...9).contains($0) }),
      bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-")
    else { return nil }
    let (hours, minutes) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
    guard hours < 24, minutes < 60 else { return nil }
    return (bytes[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
  }
}
