import Crypto
import Foundation

/// Keeps small secrets unreadable in a store, and gives them back to who has the key.
public protocol SecretSealer: Sendable {
  /// - Parameter context: what the secret is for; another context does not open it. No secret.
  func seal(_ secret: Data, context: String) throws -> Data
  /// - Throws: where it was sealed under another key or context, or was changed.
  func open(_ sealed: Data, context: String) throws -> Data
}

/// Seals with AES-256-GCM under a key in a file of the data folder, which only its owner reads.
///
/// Made when the first secret is sealed; several processes may do so at once. Whoever has the data folder whole has the
/// secrets, too: what this guards are copies of the database alone, its log and its backups.
public final class SealingKeyFile: SecretSealer {
  public static let name = "webhook-key"

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  private let url: URL

  public init(folder: URL) { url = folder.appendingPathComponent(Self.name) }

  public func seal(_ secret: Data, context: String) throws -> Data {
    let box = try AES.GCM.seal(secret, using: try key(making: true), authenticating: Data(context.utf8))
    guard let sealed = box.combined else { throw failure("used") }
    return sealed
  }

  public func open(_ sealed: Data, context: String) throws -> Data {
    try AES.GCM.open(
      AES.GCM.SealedBox(combined: sealed), using: try key(making: false), authenticating: Data(context.utf8))
  }

  private func key(making: Bool) throws -> SymmetricKey {
    if making, !FileManager.default.fileExists(atPath: url.path) { try make() }
    guard let bytes = try? Data(contentsOf: url), bytes.count == 32 else { throw failure("read") }
    return SymmetricKey(data: bytes)
  }

  /// Whoever comes first wins, also among processes: a link does not replace.
  private func make() throws {
    let partial = url.path + ".\(UUID().uuidString)"
    let descriptor = Foundation.open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("made") }
    defer { unlink(partial) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try file.write(contentsOf: SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) })
    try file.synchronize()
    try file.close()
    guard link(partial, url.path) == 0 || errno == EEXIST else { throw failure("made") }
  }

  private func failure(_ what: String) -> Failure {
    Failure(
      description: "\(url.path) cannot be \(what). Check its folder's permissions; where the file is lost, "
        + "rotate every webhook's secret.")
  }
}
