import Foundation
import Security

/// The file that `audit_key` names.
enum AuditKeyFile {
  /// - Throws: `UsageError` where it cannot be read, is too short, stands beside the log, or is open to others.
  static func read(_ path: String, notWithin data: URL) throws -> AuditKey {
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let folder = data.resolvingSymlinksInPath().standardizedFileURL.path + "/"
    guard !url.standardizedFileURL.path.hasPrefix(folder) else {
      throw UsageError(
        "audit_key must not be in the data folder: who can change the log could read it there.")
    }
    let content: Data
    do { content = try Data(contentsOf: url) } catch {
      throw UsageError(
        "The file of audit_key, '\(path)', cannot be read; make one with: (umask 077; openssl rand -hex 32 > FILE)"
      )
    }
    let mode = (try? FileManager.default.attributesOfItem(atPath: url.path))?[.posixPermissions] as? Int ?? 0
    guard mode & 0o007 == 0 else {
      throw UsageError("Anyone on this machine can read audit_key, '\(path)': chmod 600 it.")
    }
    let text = content.trimmingWhitespace
    guard let key = AuditKey(text) else {
      throw UsageError(
        "audit_key, '\(path)', has \(text.count) bytes; it needs \(AuditKey.leastBytes) or more.")
    }
    return key
  }
}

extension Data {
  fileprivate var trimmingWhitespace: Data {
    let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) })
    else {
      return Data()
    }
    return Data(self[first...last])
  }
}
