import Domain
import Foundation
import HTTPTypes

/// Entity tags of documents (RFC 9110, section 8.8.3): the version in quotes, with a number behind it where the
/// document's state has changed by itself.
enum EntityTag {
  static func text(_ version: Int) -> String { "\"\(version)\"" }

  static func text(_ record: DocumentRecord) -> String {
    record.revision == 0 ? text(record.version) : "\"\(record.version).\(record.revision)\""
  }

  /// - Parameters:
  ///   - values: of If-Match or If-None-Match: `*`, or tags with commas between.
  ///   - weakly: whether `W/"3"` stands for `"3"`.
  static func list(_ values: [String], includes wanted: String, weakly: Bool) -> Bool {
    values.flatMap { $0.split(separator: ",") }.contains { tag in
      var tag = tag.trimmingCharacters(in: .whitespaces)
      if weakly, tag.hasPrefix("W/") { tag.removeFirst(2) }
      return tag == "*" || tag == wanted
    }
  }
}

extension Call {
  /// - Throws: `precondition_failed` where If-Match or If-None-Match forbid the write.
  func checkPreconditions(on externalID: String, in knowledgeBase: KnowledgeBaseID) async throws {
    let (match, noneMatch) = (headers[values: .ifMatch], headers[values: .ifNoneMatch])
    if match.isEmpty, noneMatch.isEmpty { return }
    let record = try await services.store.latestDocument(externalID, in: knowledgeBase)
    if !match.isEmpty {
      guard let record, EntityTag.list(match, includes: EntityTag.text(record), weakly: false) else {
        throw Problem(
          "precondition_failed",
          record.map { "The document is at version \($0.version) now; read it again before writing." }
            ?? "There is no such document to replace.",
          headers: record.map { [.eTag: EntityTag.text($0)] } ?? [:])
      }
    }
    if let record, EntityTag.list(noneMatch, includes: EntityTag.text(record), weakly: true) {
      throw Problem(
        "precondition_failed", "There is a document of this id already, at version \(record.version).",
        headers: [.eTag: EntityTag.text(record)])
    }
  }
}
