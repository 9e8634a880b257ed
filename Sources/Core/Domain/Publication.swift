import Foundation

/// Whether a version is meant for readers, and when.
public struct Publication: Hashable, Sendable {
  public var status: DocumentStatus
  /// Nil for at once.
  public var publishAt: Date?
  /// Nil for never; the first moment at which it is no longer shown.
  public var expiresAt: Date?

  public init(status: DocumentStatus = .published, publishAt: Date? = nil, expiresAt: Date? = nil) {
    self.status = status
    self.publishAt = publishAt
    self.expiresAt = expiresAt
  }

  public static let published = Publication()

  public var isInOrder: Bool {
    guard let publishAt, let expiresAt else { return true }
    return expiresAt > publishAt
  }

  /// Whether its time has come, though it may be over.
  public func isDue(at now: Date) -> Bool { status == .published && publishAt.map { $0 <= now } ?? true }
  public func isExpired(at now: Date) -> Bool { expiresAt.map { $0 <= now } ?? false }

  /// This with what a change says of it; a date that was kept gives way to one that is said and contradicts it.
  public func changed(by change: PublicationChange) -> Publication {
    var changed = self
    if let status = change.status { changed.status = status }
    changed.publishAt = change.publishAt.applied(to: publishAt)
    changed.expiresAt = change.expiresAt.applied(to: expiresAt)
    if !changed.isInOrder {
      if change.publishAt == .keep { changed.publishAt = nil }
      if change.expiresAt == .keep { changed.expiresAt = nil }
    }
    return changed
  }
}
