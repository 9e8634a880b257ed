import Domain
import Embedding
import Evaluation
import Foundation
import Knowledge
import Retrieval
import Store
import Testing

@testable import Gateway

@Suite struct ErrorTableTests {
  @Test func everyCodeOfEveryTargetHasARow() {
    var codes: [String] = []
    codes += RetrievalError.Code.allCases.map(\.rawValue)
    codes += KnowledgeError.Code.allCases.map(\.rawValue)
    codes += StoreError.Code.allCases.map(\.rawValue)
    codes += EvaluationError.Code.allCases.map(\.rawValue)
    codes += GatewayError.Code.allCases.map(\.rawValue)
    // Domain and Embedding name theirs in place.
    codes += ["invalid_kb_name", "invalid_visibility", "invalid_external_id"]
    codes += [
      "model_unknown", "model_unsuitable", "model_not_installed", "model_corrupt", "overloaded", "shut_down",
    ]
    for code in codes { #expect(ErrorTable.rows[code] != nil, "no row for \(code)") }
  }

  /// Whoever meets a code finds in the handbook what to do.
  @Test func everyCodeIsInTheHandbook() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("corpus/handbook/troubleshooting.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    // Faults of ours that a client sees as "internal".
    let own: Set = ["feed_trimmed", "index_invalid_update", "index_read_only"]
    for code in ErrorTable.rows.keys where !own.contains(code) {
      #expect(text.contains("`\(code)`"), "\(code)")
    }
  }

  @Test func statusesAreWhatTheContractSays() {
    let expected = [
      "query_empty": 400, "unknown_filter_key": 400, "unauthorized": 401, "forbidden": 403,
      "kb_not_found": 404,
      "document_not_found": 404, "route_not_found": 404, "method_not_allowed": 405, "kb_exists": 409,
      "too_large": 413, "unsupported_type": 415, "unreadable_document": 422, "no_text": 422,
      "overloaded": 503,
      "generation_not_reached": 503, "storage_full": 507, "internal": 500, "no_such_code": 500,
    ]
    for (code, status) in expected { #expect(ErrorTable.row(code).status == status, "\(code)") }
  }

  @Test func whatMaySucceedLaterSaysWhen() {
    for (code, row) in ErrorTable.rows where row.status == 503 || row.status == 507 {
      #expect(row.retryAfter != nil, "\(code)")
    }
    for (code, row) in ErrorTable.rows where [400, 401, 403, 404, 409, 413, 415, 422].contains(row.status) {
      #expect(row.retryAfter == nil && !row.isInternal, "\(code)")
    }
  }

  /// Invariant 12: a message that only the operator may read never leaves.
  @Test func internalMessagesStayInside() {
    let secret = "/srv/data/knowledge.db is damaged"
    for error in [StoreError(.storeCorrupt, secret), StoreError(.storeUnavailable, secret)] {
      let problem = Problem(describing: error)
      #expect(problem.code == error.code)
      #expect(!problem.shownMessage.contains("/srv"))
    }
    struct Unheard: Error { let detail: String }
    let unknown = Problem(describing: Unheard(detail: secret))
    #expect(unknown.code == "internal" && !unknown.shownMessage.contains("/srv"))
    #expect(unknown.cause != nil)
  }

  @Test func diagnosticsBecomeErrors() {
    let diagnostic = Diagnostic(path: "x", line: 3, code: "no_text", message: "Empty.", remedy: "Add text.")
    let problem = Problem(
      describing: KnowledgeError(.unreadableDocument, "Unreadable.", diagnostics: [diagnostic]))
    #expect(problem.errors == [.init(field: nil, code: "no_text", message: "Empty. Add text.", line: 3)])
  }
}
