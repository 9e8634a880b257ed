import Domain
import Foundation

extension Call {
  /// Whether the caller sees what readers do not: drafts, archived documents, old versions.
  var seesDrafts: Bool { principal.viewer == .all }

  /// A document as the caller finds it: its newest version, or the live one.
  func document(_ externalID: String, in knowledgeBase: KnowledgeBaseID) async throws -> DocumentRecord? {
    seesDrafts
      ? try await services.store.latestDocument(externalID, in: knowledgeBase)
      : try await services.store.document(externalID, in: knowledgeBase)
  }

  /// What the query of a raw body says of its publication.
  ///
  /// - Throws: `invalid_publication`.
  func publicationOfQuery() throws -> PublicationChange {
    var change = PublicationChange()
    if let name = query["status"] {
      guard let status = DocumentStatus(rawValue: name) else {
        throw Problem.invalidParameter("status", PublicationText.status, code: PublicationText.code)
      }
      change.status = status
    }
    func date(_ name: String) throws(Problem) -> DateChange {
      guard let text = query[name] else { return .keep }
      guard !text.isEmpty else { return .clear }
      guard let date = Moment.parse(text) else {
        throw .invalidParameter(name, PublicationText.date, code: PublicationText.code)
      }
      return .set(date)
    }
    change.publishAt = try date("publish_at")
    change.expiresAt = try date("expires_at")
    return change
  }

  /// The fields of a body that may be left out.
  func optionalFields() throws(Problem) -> FieldReader {
    try FieldReader(body: body.isEmpty ? Data("{}".utf8) : body)
  }
}

private enum PublicationText {
  static let code = "invalid_publication"
  static let status = "it must be draft, published or archived."
  static let date =
    "it must be a date such as 2026-12-31 or an RFC 3339 time such as 2026-12-31T18:00:00+01:00."
}

extension FieldReader {
  /// - Parameter status: whether it may be said.
  mutating func publication(status: Bool = true) -> PublicationChange {
    var change = PublicationChange()
    if status { change.status = choice("status", code: PublicationText.code) }
    change.publishAt = date("publish_at")
    change.expiresAt = date("expires_at")
    do throws(ValidationError) { try change.validate() } catch {
      fail("expires_at", error.message, code: error.code)
    }
    return change
  }

  private mutating func date(_ field: String) -> DateChange {
    guard isGiven(field) else { return .keep }
    guard has(field) else { return .clear }
    guard let text = string(field, code: PublicationText.code, maxBytes: 64) else { return .keep }
    guard let date = Moment.parse(text) else {
      fail(field, PublicationText.date, code: PublicationText.code)
      return .keep
    }
    return .set(date)
  }
}
