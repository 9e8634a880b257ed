import Foundation
import Synchronization

/// Where the secrets of browser tokens lie: one file of the data folder, which only its owner reads.
///
/// Made when the first token is. Several processes may use it at once: each sees a rotation within a second.
public final class TokenSecretsFile: Sendable {
  public static let name = "browser-tokens.json"

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  private struct State {
    var secrets: TokenSecrets?
    var stamp: Stamp?
    var checkedAt = Date.distantPast
  }
  /// Tells one content of the file from another.
  private struct Stamp: Equatable {
    let inode: UInt64
    let size: Int64
    let modified: Date?
  }

  private let url: URL
  private let clock: @Sendable () -> Date
  private let state = Mutex(State())

  public init(folder: URL, clock: @escaping @Sendable () -> Date = { Date() }) {
    url = folder.appendingPathComponent(Self.name)
    self.clock = clock
  }

  /// - Returns: nil where no token was ever made here.
  /// - Throws: `Failure` where the file cannot be read.
  public func secrets() throws -> TokenSecrets? {
    try state.withLock { state in
      let now = clock()
      if now >= state.checkedAt, now < state.checkedAt.addingTimeInterval(1) { return state.secrets }
      let stamp = stamp()
      if stamp != state.stamp || stamp == nil {
        state.secrets = stamp == nil ? nil : try read()
        state.stamp = stamp
      }
      state.checkedAt = now
      return state.secrets
    }
  }

  /// The secrets, made now where there are none.
  public func secretsToSign() throws -> TokenSecrets {
    if let secrets = try secrets() { return secrets }
    // Whoever comes first wins, also among processes: a link does not replace.
    try write(TokenSecrets(at: clock())) { partial in
      guard link(partial, url.path) == 0 || errno == EEXIST else { throw failure("made") }
      unlink(partial)
    }
    forget()
    guard let secrets = try secrets() else { throw failure("read") }
    return secrets
  }

  /// Makes a new secret that signs from now on.
  ///
  /// - Parameter endingTokens: whether tokens made before end at once.
  public func rotate(endingTokens: Bool) throws {
    var secrets = try secretsToSign()
    secrets.rotate(at: clock(), endingTokens: endingTokens)
    try write(secrets) { partial in
      guard rename(partial, url.path) == 0 else { throw failure("replaced") }
    }
    forget()
  }

  private func forget() { state.withLock { $0.checkedAt = .distantPast } }

  private func stamp() -> Stamp? {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: url.path) else { return nil }
    return Stamp(
      inode: (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0,
      size: (attributes[.size] as? NSNumber)?.int64Value ?? 0,
      modified: attributes[.modificationDate] as? Date)
  }

  private func read() throws -> TokenSecrets {
    do {
      let secrets = try JSONDecoder().decode(TokenSecrets.self, from: Data(contentsOf: url))
      guard !secrets.secrets.isEmpty else { throw failure("read: it holds no secret") }
      return secrets
    } catch let failure as Failure {
      throw failure
    } catch {
      throw failure("read: \(error)")
    }
  }

  /// Writes beside the file, for the owner's eyes alone, and lets `publish` give it its name.
  private func write(_ secrets: TokenSecrets, publish: (String) throws -> Void) throws {
    let partial = url.path + ".\(UUID().uuidString)"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("made") }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: JSONEncoder().encode(secrets))
      try file.synchronize()
      try file.close()
      try publish(partial)
    } catch {
      unlink(partial)
      throw error
    }
  }

  private func failure(_ what: String) -> Failure {
    Failure(
      description:
        "\(url.path) cannot be \(what) (errno \(errno)). Check its folder's permissions, or delete "
        + "it: tokens that were made with it then end.")
  }
}
