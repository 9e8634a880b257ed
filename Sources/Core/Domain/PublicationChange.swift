import Foundation

/// What a write says of a publication; what it leaves out stays as it is.
public struct PublicationChange: Hashable, Sendable {
  public var status: DocumentStatus?
  public var publishAt: DateChange
  public var expiresAt: DateChange

  public init(
    status: DocumentStatus? = nil, publishAt: DateChange = .keep, expiresAt: DateChange = .keep
  ) {
    self.status = status
    self.publishAt = publishAt
    self.expiresAt = expiresAt
  }

  /// This, as far as another says nothing.
  public func changed(by other: PublicationChange) -> PublicationChange {
    PublicationChange(
      status: other.status ?? status, publishAt: other.publishAt == .keep ? publishAt : other.publishAt,
      expiresAt: other.expiresAt == .keep ? expiresAt : other.expiresAt)
  }

  /// Says nothing.
  public static let keep = PublicationChange()

  /// - Throws: `ValidationError` with code `invalid_publication` where it ends before it begins.
  public func validate() throws(ValidationError) {
    guard case .set(let begin) = publishAt, case .set(let end) = expiresAt, end <= begin else { return }
    throw ValidationError(
      code: "invalid_publication",
      message: "expires_at must be after publish_at; move one of them, or send null to clear it.")
  }
}

/// What a write says of a date.
public enum DateChange: Hashable, Sendable {
  case keep
  case clear
  case set(Date)

  func applied(to date: Date?) -> Date? {
    switch self {
    case .keep: date
    case .clear: nil
    case .set(let new): new
    }
  }
}
