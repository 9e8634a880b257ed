import Foundation
import TestSupport
import Testing

@testable import Security

@Suite struct SealingTests {
  @Test func whatIsSealedOpensHereForTheSamePurposeAlone() throws {
    let folder = try TemporaryFolder()
    let sealing = TokenSecretsSealing(TokenSecretsFile(folder: folder.url))
    let plain = Data("refresh token".utf8)
    let sealed = try sealing.seal(plain, context: "session-1")
    #expect(try sealing.open(sealed, context: "session-1") == plain)
    #expect(sealed.range(of: plain) == nil)
    // The same once more is not the same bytes.
    #expect(try sealing.seal(plain, context: "session-1") != sealed)
    #expect(try sealing.open(sealed, context: "session-2") == nil)
    // A slice has other indices.
    #expect(try sealing.open((Data([0, 0]) + sealed).dropFirst(2), context: "session-1") == plain)
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(try sealing.open(changed, context: "session-1") == nil, "byte \(index)")
    }
    for count in 0..<sealed.count {
      #expect(try sealing.open(sealed.prefix(count), context: "session-1") == nil)
    }
    let elsewhere = try TemporaryFolder()
    let others = TokenSecretsSealing(TokenSecretsFile(folder: elsewhere.url))
    #expect(try others.open(sealed, context: "session-1") == nil)
    _ = try others.seal(plain, context: "x")
    #expect(try others.open(sealed, context: "session-1") == nil)
    #expect(try sealing.seal(Data(), context: "").count > 28)
  }

  @Test func rotationKeepsWhatIsInUse() throws {
    let folder = try TemporaryFolder()
    let file = TokenSecretsFile(folder: folder.url)
    let sealing = TokenSecretsSealing(file)
    let sealed = try sealing.seal(Data([1]), context: "a")
    try file.rotate(endingTokens: false)
    #expect(try sealing.open(sealed, context: "a") == Data([1]))
    try file.rotate(endingTokens: true)
    #expect(try sealing.open(sealed, context: "a") == nil)
  }

  @Test func sessionSecrets() {
    let (one, two) = (SessionSecret(), SessionSecret())
    #expect(one.text != two.text && one.text.utf8.count == 43 && one.hash == Digest.sha256(one.text))
    #expect(one.isCSRFToken(one.csrfToken) && !one.isCSRFToken(two.csrfToken) && !one.isCSRFToken(""))
    #expect(!one.isCSRFToken(one.text) && one.csrfToken != one.text)
    #expect(SessionSecret(presented: one.text)?.csrfToken == one.csrfToken)
    for text in ["", "x", one.text + "=", String(one.text.dropLast()), one.text.dropLast() + "+"] {
      #expect(SessionSecret(presented: text) == nil, "\(text)")
    }
    #expect(!"\(one)".contains(one.text) && !String(reflecting: one).contains(one.text))
  }
}
