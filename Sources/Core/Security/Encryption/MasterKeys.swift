import Crypto
import Foundation

/// The keys that wrap data keys, and nothing else: whoever has the store but none of these reads no sealed value.
public struct MasterKeys: Sendable {
  struct Entry: Sendable {
    /// Tells keys apart, and nothing about them.
    let id: Data
    let key: SymmetricKey
  }
  /// The first wraps; the others only open what was wrapped before.
  let entries: [Entry]

  /// - Parameter keys: 32 bytes each, the current one first; at least one.
  public init?(_ keys: [Data]) {
    guard !keys.isEmpty, keys.allSatisfy({ $0.count == Self.byteCount }) else { return nil }
    entries = keys.map { key in
      let hash = Digest.sha256(Data("frontdesk master key ".utf8) + key)
      return Entry(id: hash.prefix(8), key: SymmetricKey(data: key))
    }
  }

  public static let byteCount = 32

  /// Reads the form of a key file: 64 hexadecimal digits a line, the current key first.
  ///
  /// - Returns: nil where a line is anything else, or there is none.
  public init?(text: String) {
    let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }
    let keys = lines.compactMap { Digest.bytes(hex: $0) }
    guard keys.count == lines.count else { return nil }
    self.init(keys)
  }

  var current: Entry { entries[0] }

  func key(id: Data) -> SymmetricKey? { entries.first { $0.id == id }?.key }
}

/// The master key of a data folder for which no other is configured: a file in it that only its owner reads.
///
/// Lying beside what it opens, it guards copies of the database and backups, not the folder.
public enum MasterKeyFile {
  public static let name = "master.key"

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// - Returns: nil where there is none.
  /// - Throws: `Failure` where the file cannot be read or holds no key.
  public static func read(in folder: URL) throws -> MasterKeys? {
    let url = folder.appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    guard let text = try? String(contentsOf: url, encoding: .utf8), let keys = MasterKeys(text: text) else {
      throw Failure(
        description:
          "\(url.path) cannot be read as a master key: 64 hexadecimal digits a line, the current key first.")
    }
    return keys
  }

  /// Makes one where there is none; of several processes the first wins.
  public static func readOrMake(in folder: URL) throws -> MasterKeys {
    if let keys = try read(in: folder) { return keys }
    let url = folder.appendingPathComponent(name)
    let partial = url.path + ".\(UUID().uuidString)"
    let key = RandomBytes.key()
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(url) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    defer { unlink(partial) }
    try file.write(contentsOf: Data((Digest.hex(key) + "\n").utf8))
    try file.synchronize()
    try file.close()
    // A link does not replace.
    guard link(partial, url.path) == 0 || errno == EEXIST else { throw failure(url) }
    try synchronise(folder)
    guard let keys = try read(in: folder) else { throw failure(url) }
    return keys
  }

  /// What is sealed with a key that a power cut takes along could never be opened again.
  private static func synchronise(_ folder: URL) throws {
    let descriptor = open(folder.path, O_RDONLY)
    guard descriptor >= 0 else { throw failure(folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(folder) }
  }

  private static func failure(_ url: URL) -> Failure {
    Failure(description: "\(url.path) cannot be made (errno \(errno)). Check its folder's permissions.")
  }
}
