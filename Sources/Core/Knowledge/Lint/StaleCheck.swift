import Domain
import Foundation

/// Finds articles that nobody has touched for long, and documents whose time is over.
struct StaleCheck {
  var days = 365
  let now: Date

  func findings(_ documents: [LintDocument]) -> [LintFinding] {
    documents.compactMap { expired($0.record) ?? stale($0.record) }
  }

  private func expired(_ record: DocumentRecord) -> LintFinding? {
    guard let (key, day) = Self.latest(of: Self.expiryKeys, in: record), let today = Day(now), day < today
    else { return nil }
    return LintFinding(
      code: .stale, document: LintPlace(record),
      message: "Its time is over: `\(key)` is \(day).",
      remedy: "Remove it, or bring it and its date up to date.")
  }

  /// Entries of a FAQ count only where they carry a date of their own: a table's age says nothing of a row's.
  private func stale(_ record: DocumentRecord) -> LintFinding? {
    let own = Self.latest(of: Self.dateKeys, in: record)
    guard own != nil || record.kind == .article, let day = own?.day ?? Day(record.updatedAt),
      let today = Day(now)
    else { return nil }
    let age = day.days(until: today)
    guard age > days else { return nil }
    let source = own.map { "its `\($0.key)` is \(day)" } ?? "this version was written on \(day)"
    return LintFinding(
      code: .stale, document: LintPlace(record),
      message: "Not changed for \(age) days: \(source).",
      remedy: "Read it again; where it still holds, put today's date.")
  }

  /// In lower case, words parted by nothing.
  private static let dateKeys: Set<String> = [
    "msdate", "date", "updated", "updatedat", "lastupdated", "lastmodified", "lastmod", "modified",
    "modifiedat",
    "lastreviewed", "reviewed", "revised", "published", "publishedat", "created", "createdat",
  ]
  private static let expiryKeys: Set<String> = [
    "expires", "expiresat", "expireson", "expiry", "expirydate", "expiration", "expirationdate", "validuntil",
    "validto", "validthrough", "unpublishdate", "enddate",
  ]

  /// The newest of a document's dates: whoever touched it last may have put only one of them.
  private static func latest(of keys: Set<String>, in record: DocumentRecord) -> (key: String, day: Day)? {
    record.attributes.compactMap { key, value in
      let name = key.lowercased().filter { $0.isLetter }
      guard keys.contains(name), let day = Day(value, monthFirst: name == "msdate") else { return nil }
      return (key, day)
    }.max { ($0.day, $1.key) < ($1.day, $0.key) }
  }
}

/// A day of the Gregorian calendar.
struct Day: Hashable, Comparable, CustomStringConvertible {
  let year: Int
  let month: Int
  let day: Int

  private init?(_ year: Int, _ month: Int, _ day: Int) {
    guard (1970...2200).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    self.year = year
    self.month = month
    self.day = day
  }

  /// In UTC.
  init?(_ date: Date) {
    let parts = Self.calendar.dateComponents([.year, .month, .day], from: date)
    guard let year = parts.year, let month = parts.month, let day = parts.day else { return nil }
    self.init(year, month, day)
  }

  /// Reads `2024-03-31`, also with a time behind it, `2024/3/31`, `31.03.2024`, `03/31/2024` and `31/03/2024`.
  ///
  /// Of two readings (`04/03/2024`) the later is taken, so that no document is called older than it may be.
  ///
  /// - Parameter monthFirst: the American order is meant.
  init?(_ text: String, monthFirst: Bool = false) {
    let head = text.prefix { $0.isNumber || "-./".contains($0) }
    let parts = head.split(whereSeparator: { "-./".contains($0) }).compactMap { Int($0) }
    guard parts.count == 3, let first = head.first, first.isNumber else { return nil }
    if parts[0] > 31 {
      self.init(parts[0], parts[1], parts[2])
      return
    }
    let american = Day(parts[2], parts[0], parts[1])
    let european = Day(parts[2], parts[1], parts[0])
    let readings = head.contains(".") ? [european] : monthFirst ? [american] : [american, european]
    guard let day = readings.compactMap({ $0 }).max() ?? european else { return nil }
    self = day
  }

  func days(until other: Day) -> Int {
    guard let from = date, let to = other.date else { return 0 }
    return Int((to.timeIntervalSince(from) / 86_400).rounded())
  }

  private var date: Date? {
    Self.calendar.date(from: DateComponents(year: year, month: month, day: day))
  }

  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? calendar.timeZone
    return calendar
  }()

  static func < (a: Day, b: Day) -> Bool { (a.year, a.month, a.day) < (b.year, b.month, b.day) }
  var description: String {
    let (month, day) = (String(month), String(day))
    return "\(year)-\(month.count < 2 ? "0" : "")\(month)-\(day.count < 2 ? "0" : "")\(day)"
  }
}
