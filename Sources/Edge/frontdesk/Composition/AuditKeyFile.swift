import Foundation
import Security

/// The file that `audit_key` names.
enum AuditKeyFile {
  /// - Throws: `UsageError` where it cannot be read, is too short, stands beside the log, or is open to others.
  static func read(_ path: String, notWithin data: URL) throws -> AuditKey {
    let text = try SecretFile.read("audit_key", path, notWithin: data)
    guard let key = AuditKey(text) else {
      throw UsageError(
        "audit_key, '\(path)', has \(text.count) bytes; it needs \(AuditKey.leastBytes) or more.")
    }
    return key
  }
}
