import Crypto
import Foundation

/// Encrypts small secrets that others keep in the store: refresh tokens, and what signs events.
public protocol Sealing: Sendable {
  /// - Parameter context: what it is and belongs to; opened only with the same.
  func seal(_ plain: Data, context: String) async throws -> Data
  /// - Returns: nil where it was sealed with other keys or for another context, or was changed.
  func open(_ sealed: Data, context: String) async throws -> Data?
}

/// Encrypts what a browser carries for a few minutes: AES-256-GCM under keys derived (HKDF-SHA256) from the secrets that
/// sign browser tokens. Nothing is asked of the store.
///
/// A sealed value begins with the length and the id of its secret. When secrets rotate, what was sealed opens as long
/// as tokens of that secret verify: whoever holds on to it longer seals it anew meanwhile.
public struct TokenSecretsSealing: Sendable {
  private let file: TokenSecretsFile

  public init(_ file: TokenSecretsFile) { self.file = file }

  public func seal(_ plain: Data, context: String) throws -> Data {
    let secret = try file.secretsToSign().secrets[0]
    let id = Data(secret.id.utf8)
    let head = Data([UInt8(id.count)]) + id
    let box = try AES.GCM.seal(plain, using: secret.sealingKey, authenticating: head + Data(context.utf8))
    // 12 bytes of nonce by the system's random source, always: there is a combined form.
    return head + box.combined!
  }

  public func open(_ sealed: Data, context: String) throws -> Data? {
    let sealed = Data(sealed)
    guard let count = sealed.first.map(Int.init), sealed.count > 1 + count,
      let secret = try file.secrets()?.secret(
        id: Substring(decoding: sealed[1..<(1 + count)], as: UTF8.self)),
      let box = try? AES.GCM.SealedBox(combined: sealed[(1 + count)...])
    else { return nil }
    return try? AES.GCM.open(
      box, using: secret.sealingKey, authenticating: sealed[..<(1 + count)] + Data(context.utf8))
  }
}

extension TokenSecrets.Secret {
  fileprivate var sealingKey: SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: key), info: Data("frontdesk sealing".utf8), outputByteCount: 32)
  }
}
