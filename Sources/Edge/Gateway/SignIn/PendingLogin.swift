import Foundation
import Security

/// A sign-in that was begun here: what the browser keeps, sealed, while its user is at the provider.
struct PendingLogin: Sendable, Codable {
  static let lifetime: TimeInterval = 600
  private static let context = "login"

  /// Ties the answer to this browser.
  let state: String
  /// Ties the identity token to this sign-in.
  let nonce: String
  /// Ties the code to this server (RFC 7636).
  let verifier: String
  let returnTo: String
  let begunAt: Date

  init(returnTo: String, at now: Date) {
    state = Base64URL.encode(RandomBytes.key())
    nonce = Base64URL.encode(RandomBytes.key())
    verifier = Base64URL.encode(RandomBytes.key())
    self.returnTo = returnTo
    begunAt = now
  }

  /// `S256` of the verifier.
  var challenge: String { Base64URL.encode(Digest.sha256(verifier)) }

  func sealed(by sealing: TokenSecretsSealing) throws -> String {
    Base64URL.encode(try sealing.seal(try JSONEncoder().encode(self), context: Self.context))
  }

  /// - Returns: nil where this server did not seal it, or it is over.
  init?(_ text: String, by sealing: TokenSecretsSealing, at now: Date) throws {
    guard text.utf8.count <= 4096, let sealed = Base64URL.decode(text),
      let plain = try sealing.open(sealed, context: Self.context),
      let login = try? JSONDecoder().decode(PendingLogin.self, from: plain),
      now < login.begunAt.addingTimeInterval(Self.lifetime)
    else { return nil }
    self = login
  }
}
