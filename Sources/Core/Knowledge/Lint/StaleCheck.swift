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
    guard let (key, day) = record.latestDay(of: Self.expiryNames), day < CalendarDay(now) else { return nil }
    return LintFinding(
      code: .stale, document: LintPlace(record),
      message: "Its time is over: `\(key)` is \(day).",
      remedy: "Remove it, or bring it and its date up to date.")
  }

  /// Entries of a FAQ count only where they carry a date of their own: a table's age says nothing of a row's.
  private func stale(_ record: DocumentRecord) -> LintFinding? {
    let own = record.ownDate
    guard own != nil || record.kind == .article else { return nil }
    let day = record.date
    let age = day.days(until: CalendarDay(now))
    guard age > days else { return nil }
    let source = own.map { "its `\($0.attribute)` is \(day)" } ?? "this version was written on \(day)"
    return LintFinding(
      code: .stale, document: LintPlace(record),
      message: "Not changed for \(age) days: \(source).",
      remedy: "Read it again; where it still holds, put today's date.")
  }

  private static let expiryNames: Set<String> = [
    "expires", "expiresat", "expireson", "expiry", "expirydate", "expiration", "expirationdate", "validuntil",
    "validto", "validthrough", "unpublishdate", "enddate",
  ]
}
