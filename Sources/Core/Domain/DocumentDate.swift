import Foundation

/// A day of the calendar, in UTC; written as ISO 8601 does (`2026-11-23`), so that days sort as text.
public struct CalendarDay: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Since 1970-01-01.
  private let days: Int

  public init(_ date: Date) { days = Int((date.timeIntervalSince1970 / 86_400).rounded(.down)) }

  /// Reads `2026-11-23`, also with a time behind it, and `11/23/2026`; nil for anything else.
  public init?(parsing text: some StringProtocol) {
    let parts: [Substring]
    let text = Substring(text).prefix(10)
    if text.contains("-") {
      parts = text.split(separator: "-", omittingEmptySubsequences: false)
    } else {
      let american = text.split(separator: "/", omittingEmptySubsequences: false)
      parts = american.count == 3 ? [american[2], american[0], american[1]] : []
    }
    guard parts.count == 3, parts[0].count == 4,
      parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
      (1...12).contains(month), (1...Self.length(of: month, in: year)).contains(day)
    else { return nil }
    days = Self.days(year, month, day)
  }

  public var date: Date { Date(timeIntervalSince1970: Double(days) * 86_400) }

  public var description: String {
    // Howard Hinnant's algorithms for the Gregorian calendar, in years that begin with March.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let civilMonth = month < 10 ? month + 3 : month - 9
    let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
    func padded(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(padded(year, 4))-\(padded(civilMonth, 2))-\(padded(day, 2))"
  }

  public static func < (a: CalendarDay, b: CalendarDay) -> Bool { a.days < b.days }

  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func length(of month: Int, in year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension DocumentRecord {
  /// Attributes in which authors say when a document was last looked at, the surest first.
  static let dateAttributes = ["updated", "last_modified", "lastmod", "modified", "ms.date", "date"]

  /// When the document was last changed: what it says itself, else when the store last saw it change.
  public var date: CalendarDay {
    for name in Self.dateAttributes {
      if let day = attributes[name].flatMap({ CalendarDay(parsing: $0) }) { return day }
    }
    return CalendarDay(updatedAt)
  }
}
