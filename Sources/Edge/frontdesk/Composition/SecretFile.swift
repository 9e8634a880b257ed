import Foundation

/// A file with a secret that a setting names.
enum SecretFile {
  /// - Returns: its bytes, without white space around them.
  /// - Throws: `UsageError` where it cannot be read, lies in the data folder, or is open to everyone.
  static func read(_ setting: String, _ path: String, notWithin data: URL) throws -> Data {
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let folder = data.resolvingSymlinksInPath().standardizedFileURL.path + "/"
    guard !url.standardizedFileURL.path.hasPrefix(folder) else {
      throw UsageError(
        "\(setting) must not be in the data folder: who gets at what it guards could read it there.")
    }
    let content: Data
    do { content = try Data(contentsOf: url) } catch {
      throw UsageError(
        "The file of \(setting), '\(path)', cannot be read; make one with: (umask 077; openssl rand -hex 32 > FILE)"
      )
    }
    let mode = (try? FileManager.default.attributesOfItem(atPath: url.path))?[.posixPermissions] as? Int ?? 0
    guard mode & 0o007 == 0 else {
      throw UsageError("Anyone on this machine can read \(setting), '\(path)': chmod 600 it.")
    }
    return content.trimmingWhitespace
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
