import Domain
import Foundation
import Synchronization

/// What every reader is given besides the bytes: the name, the bounds, and where to put diagnostics.
struct ReadContext {
  let path: String
  let limits: ReaderLimits
  let deadline: Deadline
  private(set) var diagnostics: [Diagnostic] = []
  private var leftOut = 0

  /// A file of a million bad rows tells it this often, then once in sum.
  private static let maxDiagnostics = 1_000

  init(path: String, limits: ReaderLimits, deadline: Deadline) {
    self.path = path
    self.limits = limits
    self.deadline = deadline
  }

  mutating func report(_ failure: ReadFailure) {
    diagnose(failure.code, failure.message, remedy: failure.remedy, line: failure.line, .failure)
  }

  mutating func warn(_ code: String, _ message: String, remedy: String, line: Int? = nil) {
    diagnose(code, message, remedy: remedy, line: line, .warning)
  }

  private mutating func diagnose(
    _ code: String, _ message: String, remedy: String, line: Int?, _ severity: Diagnostic.Severity
  ) {
    guard diagnostics.count < Self.maxDiagnostics else {
      leftOut += 1
      diagnostics[Self.maxDiagnostics - 1] = Diagnostic(
        path: path, code: "more_diagnostics", message: "\(leftOut + 1) more problems in this file.",
        remedy: "Mend those listed first.", severity: .failure)
      return
    }
    diagnostics.append(
      Diagnostic(
        path: path, line: line, code: code, message: message, remedy: remedy, severity: severity))
  }

  /// The title of a document that has no other: its file's name, without the extension, in words.
  var titleFromName: String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    var stem = Substring(name)
    if let dot = name.lastIndex(of: "."), dot != name.startIndex { stem = name[..<dot] }
    guard !stem.contains(" ") else { return String(stem) }
    let words = stem.split { $0 == "-" || $0 == "_" }.joined(separator: " ")
    return words.isEmpty ? String(stem) : words
  }
}

/// Why a file, or a row of it, gave no document.
struct ReadFailure: Error {
  let code: String
  let message: String
  let remedy: String
  var line: Int?
}

extension ReadFailure {
  static func tooLarge(bytes: Int, limit: Int) -> Self {
    Self(
      code: "too_large", message: "The file has \(bytes) bytes; the limit is \(limit).",
      remedy: "Split it into smaller files.")
  }
  static func noText(_ message: String) -> Self {
    Self(
      code: "no_text", message: message,
      remedy: "Check that the file holds text, not only images; run OCR over scans.")
  }
  static func encrypted(_ what: String) -> Self {
    Self(
      code: "encrypted", message: "This is \(what): it needs a password.",
      remedy: "Save a copy without a password and ingest that.")
  }
  static func timeout(_ limit: Duration) -> Self {
    Self(
      code: "timeout", message: "Reading took longer than \(limit.components.seconds) s and was stopped.",
      remedy: "Split the file, or convert it to plain text or Markdown.")
  }
  static let cancelled = Self(
    code: "cancelled", message: "Reading was cancelled.", remedy: "Run the command again.")
}

/// The moment by which a file must be read; parsers ask it in their loops.
final class Deadline: Sendable {
  private struct State {
    var end: ContinuousClock.Instant
    var isCancelled = false
  }
  private let limit: Duration
  private let state: Mutex<State>

  init(_ limit: Duration) {
    self.limit = limit
    state = Mutex(State(end: .now + limit))
  }

  func restart() { state.withLock { $0.end = .now + limit } }
  func cancel() { state.withLock { $0.isCancelled = true } }

  /// - Throws: `timeout` or `cancelled`. Costs about 100 ns: ask once per row, line or few kilobytes.
  func check() throws(ReadFailure) {
    let now = state.withLock { $0 }
    if now.isCancelled { throw .cancelled }
    if ContinuousClock.now >= now.end { throw .timeout(limit) }
  }
}
