import Domain
import Foundation

/// Who reads a document when, as a file says it.
extension DocumentMetadata {
  static let publicationKeys: Set<String> = [
    "frontdesk_status", "frontdesk_publish_at", "frontdesk_expires_at",
  ]

  /// - Throws: `invalid_publication`: what cannot be understood is not taken for "now".
  mutating func setPublication(_ key: String, _ value: String) throws(ReadFailure) {
    let value = value.trimmingCharacters(in: .whitespacesAndNewlines)
    switch key {
    case "frontdesk_status":
      guard let status = DocumentStatus(rawValue: value.lowercased()) else {
        throw ReadFailure(
          code: "invalid_publication", message: "frontdesk_status is '\(value.cut(toBytes: 100))'.",
          remedy: "Write draft, published or archived.")
      }
      publication.status = status
    case "frontdesk_publish_at": publication.publishAt = try Self.date(value, of: key)
    default: publication.expiresAt = try Self.date(value, of: key)
    }
  }

  func checkPublication() throws(ReadFailure) {
    do throws(ValidationError) { try publication.validate() } catch {
      throw ReadFailure(
        code: error.code, message: "frontdesk_expires_at is not after frontdesk_publish_at.",
        remedy: "Move one of them.")
    }
  }

  private static func date(_ value: String, of key: String) throws(ReadFailure) -> DateChange {
    if ["null", "~", ""].contains(value.lowercased()) { return .clear }
    guard let date = Moment.parse(value) else {
      throw ReadFailure(
        code: "invalid_publication", message: "\(key) is '\(value.cut(toBytes: 100))', which is no date.",
        remedy: "Write 2026-12-31, or a time such as 2026-12-31T18:00:00+01:00.")
    }
    return .set(date)
  }
}
