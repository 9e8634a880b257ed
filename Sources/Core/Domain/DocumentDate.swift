import Foundation

/// A day of the calendar, in UTC; written as ISO 8601 does (`2026-11-23`), so that days sort as text.
public struct CalendarDay: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Since 1970-01-01.
  private let days: Int

  public init(_ date: Date) { days = Int((date.timeIntervalSince1970 / 86_400).rounded(.down)) }

  private init?(_ year: Int, _ month: Int, _ day: Int) {
    guard (1000...9999).contains(year), (1...12).contains(month),
      (1...Self.length(of: month, in: year)).contains(day)
    else { return nil }
    days = Self.days(year, month, day)
  }

  /// Reads `2024-03-31`, also with a time behind it, `2024/3/31`, `31.03.2024`, `03/31/2024` and `31/03/2024`.
  ///
  /// Of two readings (`04/03/2024`) the later is taken, so that nothing is called older than it may be.
  ///
  /// - Parameter monthFirst: the American order is meant.
  public init?(parsing text: String, monthFirst: Bool = false) {
    let head = text.prefix { $0.isNumber || "-./".contains($0) }
    let parts = head.split(whereSeparator: { "-./".contains($0) }).compactMap { Int($0) }
    guard parts.count == 3, head.first?.isNumber == true else { return nil }
    if parts[0] > 31 {
      self.init(parts[0], parts[1], parts[2])
      return
    }
    let american = Self(parts[2], parts[0], parts[1])
    let european = Self(parts[2], parts[1], parts[0])
    let readings = head.contains(".") ? [european] : monthFirst ? [american] : [american, european]
    guard let day = readings.compactMap({ $0 }).max() ?? european else { return nil }
    self = day
  }

  public func days(until other: CalendarDay) -> Int { other.days - days }

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
  /// Names of attributes in which authors put when a document was last looked at; in lower case, words parted by
  /// nothing.
  private static let dateNames: Set<String> = [
    "msdate", "date", "updated", "updatedat", "lastupdated", "lastmodified", "lastmod", "modified",
    "modifiedat", "lastreviewed", "reviewed", "revised", "published", "publishedat", "created", "createdat",
  ]

  /// The newest date that the document itself gives; whoever touched it last may have put only one of them.
  public var ownDate: (attribute: String, day: CalendarDay)? { latestDay(of: Self.dateNames) }

  /// When the document was last changed: what it says itself, else when the store last saw it change.
  public var date: CalendarDay { ownDate?.day ?? CalendarDay(updatedAt) }

  /// The latest of the days in some attributes.
  ///
  /// - Parameter names: in lower case, words parted by nothing.
  public func latestDay(of names: Set<String>) -> (attribute: String, day: CalendarDay)? {
    attributes.compactMap { attribute, value -> (attribute: String, day: CalendarDay)? in
      let name = attribute.lowercased().filter(\.isLetter)
      guard names.contains(name), let day = CalendarDay(parsing: value, monthFirst: name == "msdate") else {
        return nil
      }
      return (attribute, day)
    }.max { ($0.day, $1.attribute) < ($1.day, $0.attribute) }
  }
}
