import Domain
import Foundation

/// What speaks for a document whatever was asked: how new it is, and how much weight it is said to have.
public struct DocumentPriors: Sendable, Hashable {
  /// Added to the score of a document of today; half of it after `halfLife`, and so on.
  public var freshness = 0.0
  /// Days.
  public var halfLife = 180.0
  /// Added to the score of a document whose attribute `authority` is 1; in proportion for less.
  public var authority = 0.0
  public init() {}

  /// Neither counts.
  public static let none = DocumentPriors()
  /// How many of the best hits are looked at, where either counts.
  static let depth = 50

  var isNone: Bool { freshness == 0 && authority == 0 }

  func prior(of document: DocumentRecord, at now: Date = Date()) -> Double {
    var prior = 0.0
    if freshness > 0 {
      let age = max(0, now.timeIntervalSince(document.date.date) / 86_400)
      prior += freshness * exp2(-age / halfLife)
    }
    if authority > 0, let value = document.attributes["authority"].flatMap(Double.init) {
      prior += authority * min(max(value, 0), 1)
    }
    return prior
  }
}
