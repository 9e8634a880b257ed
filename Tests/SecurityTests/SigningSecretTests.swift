import Foundation
import TestSupport
import Testing

@testable import Security

@Suite struct SigningSecretTests {
  /// The vector of the libraries at github.com/standard-webhooks.
  @Test func thePublishedVector() throws {
    let secret = try #require(SigningSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    let signature = secret.signature(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Data(#"{"test": 2432232314}"#.utf8))
    #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test func aNewOneIsReadBackAndNeverShown() throws {
    let secret = SigningSecret()
    #expect(secret.key.count == 32 && secret.text.hasPrefix("whsec_"))
    #expect(SigningSecret(secret.text)?.key == secret.key && SigningSecret().key != secret.key)
    #expect(SigningSecret("MfKQ9r8GKYqr") == nil && SigningSecret("whsec_") == nil)
    #expect(!"\(secret)".contains(secret.text.dropFirst(6)))
    #expect(!String(reflecting: secret).contains(secret.key.base64EncodedString()))
  }
}
