import Foundation
import Security

/// The file that `master_key` names.
enum MasterKeySetting {
  /// - Throws: `UsageError` where it cannot be read, holds no key, stands beside what it opens, or is open to others.
  static func read(_ path: String, notWithin data: URL) throws -> MasterKeys {
    let text = String(
      decoding: try SecretFile.read("master_key", path, notWithin: data), as: UTF8.self)
    guard let keys = MasterKeys(text: text) else {
      throw UsageError(
        "master_key, '\(path)', is no key file: 64 hexadecimal digits a line, the current key first.")
    }
    return keys
  }
}
