import Domain
import Foundation
import Testing

@testable import Knowledge

@Suite struct StaleCheckTests {
  /// 2026-07-01
  private let now = Date(timeIntervalSince1970: 1_782_864_000)

  private func messages(_ attributes: [String: String], kind: DocumentKind = .article, updated: Date? = nil)
    -> [String]
  {
    StaleCheck(days: 365, now: now).findings([
      .sample("a", kind: kind, attributes: attributes, updated: updated ?? now)
    ]).map(\.message)
  }

  @Test func aDocumentsOwnDateCounts() {
    #expect(messages(["ms.date": "01/24/2024"]) == ["Not changed for 889 days: its `ms.date` is 2024-01-24."])
    #expect(messages(["Last-Modified": "2026-06-01T10:00:00Z"]).isEmpty)
    // The newest of several.
    #expect(messages(["date": "2019-01-01", "updated": "2026-01-01"]).isEmpty)
    // Old by the store, new by itself.
    #expect(messages(["date": "2026-01-01"], updated: now - 900 * 86_400).isEmpty)
    #expect(messages(["date": "2025-07-01"]).isEmpty)
    #expect(messages(["date": "2025-06-30"]).count == 1)
  }

  @Test func elseTheStoresTime() {
    #expect(messages([:], updated: now - 366 * 86_400).count == 1)
    #expect(messages([:], updated: now - 364 * 86_400).isEmpty)
    #expect(messages(["date": "last Tuesday"], updated: now - 366 * 86_400).count == 1)
    #expect(messages([:], kind: .faq, updated: now - 900 * 86_400).isEmpty)
    #expect(messages(["date": "2019-01-01"], kind: .faq).count == 1)
  }

  @Test func expiry() {
    #expect(messages(["expires": "2026-06-30"]) == ["Its time is over: `expires` is 2026-06-30."])
    #expect(messages(["valid_until": "2026-07-01"]).isEmpty)
    #expect(messages(["expires": "never"]).isEmpty)
  }

  @Test(arguments: [
    ("2024-03-31", "2024-03-31"), ("2024/3/1", "2024-03-01"), ("31.03.2024", "2024-03-31"),
    ("03/31/2024", "2024-03-31"), ("31/03/2024", "2024-03-31"), ("2024-03-31 12:00", "2024-03-31"),
    ("03/04/2024", "2024-04-03"), ("04.03.2024", "2024-03-04"),
  ])
  func days(text: String, day: String) { #expect(CalendarDay(parsing: text)?.description == day) }

  @Test(arguments: ["", "2024", "v1.2.3", "99/99/9999", "0000-00-00", "1.2", "2024-13-01", "-1-2-3"])
  func noDays(text: String) { #expect(CalendarDay(parsing: text) == nil) }
}
