import Domain
import Foundation
import Testing

@Suite struct MomentTests {
  @Test(arguments: [
    ("2026-11-23", 1_795_392_000.0), ("2026-11-23T09:00:00Z", 1_795_424_400),
    ("2026-11-23t09:00z", 1_795_424_400),
    ("2026-11-23 10:00:00+01:00", 1_795_424_400), ("2026-11-23T09:00:00.25Z", 1_795_424_400.25),
    ("2026-11-23T00:30:00-08:30", 1_795_424_400), (" 1999-12-31T23:59:60Z ", 946_684_800),
  ])
  func read(text: String, seconds: Double) {
    #expect(Moment.parse(text)?.timeIntervalSince1970 == seconds)
  }

  @Test(arguments: [
    "", "2026", "2026-11", "2026-11-31", "26-11-23", "2026-11-23T", "2026-11-23T9:00Z", "2026-11-23T09:00",
    "2026-11-23T24:00Z", "2026-11-23T09:60Z", "2026-11-23T09:00:61Z", "2026-11-23T09:00:00.Z",
    "2026-11-23T09:00:00+1", "2026-11-23T09:00:00+25:00", "2026-11-23T09:00:00Zx", "2026/11/23", "tomorrow",
    "٢٠٢٦-11-23", "2026-11-23T09:00:00.1234567890Z",
  ])
  func refuse(text: String) { #expect(Moment.parse(text) == nil) }

  @Test func asOf() {
    #expect(AsOf(parsing: "17") == .generation(Generation(rawValue: 17)))
    #expect(AsOf(parsing: "2026-11-23") == .time(Date(timeIntervalSince1970: 1_795_392_000)))
    #expect(AsOf(parsing: "-1") == nil && AsOf(parsing: "1.5") == nil && AsOf(parsing: "") == nil)
  }
}
