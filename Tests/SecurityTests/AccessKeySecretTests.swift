import Domain
import Foundation
import Security
import Testing

@Suite struct AccessKeySecretTests {
  @Test func shape() {
    let secret = AccessKeySecret()
    #expect(secret.text.hasPrefix("fd_"))
    #expect(secret.text.utf8.count == 46)
    #expect(
      secret.text.dropFirst(3).allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
    )
    #expect(secret.text.hasPrefix(secret.prefix))
    #expect(secret.prefix.count == 11)
    #expect(secret.hash == Digest.sha256(secret.text))
  }

  @Test func keysAreDistinct() {
    let keys = Set((0..<500).map { _ in AccessKeySecret().text })
    #expect(keys.count == 500)
  }

  @Test func printingGivesNothingAway() {
    let secret = AccessKeySecret()
    #expect(!"\(secret)".contains(secret.text))
    #expect(!String(reflecting: secret).contains(secret.text))
  }

  @Test func onlyThePresentedKeyMatches() {
    let now = Date()
    let (key, secret) = AccessKey.issue(name: "shop", role: .reader, at: now)
    #expect(key.matches(secret.text, at: now))
    #expect(!key.matches(secret.text + "x", at: now))
    #expect(!key.matches(String(secret.text.dropLast()), at: now))
    #expect(!key.matches("", at: now))
    #expect(!key.matches(AccessKeySecret().text, at: now))
    #expect(key.prefix == secret.prefix)
  }

  @Test func expiryAndRevocation() {
    let now = Date(timeIntervalSince1970: 1_000)
    let (fresh, _) = AccessKey.issue(name: "a", role: .owner, at: now)
    #expect(fresh.isUsable(at: now))
    let (brief, _) = AccessKey.issue(name: "b", role: .owner, at: now, expiresAt: now.addingTimeInterval(10))
    #expect(brief.isUsable(at: now.addingTimeInterval(9)))
    #expect(!brief.isUsable(at: now.addingTimeInterval(10)))
    let revoked = AccessKey(
      id: "c",
      name: "c",
      prefix: "",
      secretHash: Data(),
      role: .owner,
      knowledgeBases: [],
      createdAt: now,
      expiresAt: nil,
      revokedAt: now
    )
    #expect(!revoked.isUsable(at: now))
  }

  /// After a rotation both secrets open, until the overlap ends; a third never does.
  @Test func overlap() {
    let now = Date(timeIntervalSince1970: 1_000)
    let (old, before) = AccessKey.issue(name: "shop", role: .reader, at: now)
    let (new, after) = AccessKey.issue(name: "shop", role: .reader, at: now)
    let key = AccessKey(
      id: "k", name: "shop", prefix: new.prefix, secretHash: new.secretHash, role: .reader,
      knowledgeBases: [],
      createdAt: now, expiresAt: nil, revokedAt: nil,
      overlap: AccessKey.Overlap(secretHash: old.secretHash, endsAt: now.addingTimeInterval(60)))
    #expect(key.matches(before.text, at: now.addingTimeInterval(59)))
    #expect(!key.matches(before.text, at: now.addingTimeInterval(60)))
    #expect(key.matches(after.text, at: now) && key.matches(after.text, at: now.addingTimeInterval(600)))
    #expect(!key.matches(AccessKeySecret().text, at: now))
  }

  @Test func state() {
    let now = Date(timeIntervalSince1970: 1_000)
    let (key, _) = AccessKey.issue(name: "a", role: .owner, at: now, expiresAt: now.addingTimeInterval(10))
    #expect(key.state(at: now) == .active && key.state(at: now.addingTimeInterval(10)) == .expired)
  }
}
