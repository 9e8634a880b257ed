import Domain
import Foundation
import Security
import Store
import Testing

@Suite struct AccessKeyStoreTests {
  @Test func keysComeBackAsTheyWent() async throws {
    let sample = try await Sample()
    let now = Date(timeIntervalSince1970: 1_700_000_000.123456)
    let (first, secret) = AccessKey.issue(
      name: "shop \"q\"",
      role: .privacyOfficer,
      scopes: [.purgeDocuments, .search],
      knowledgeBases: ["a", "b"],
      groups: ["staff \"s\""],
      at: now
    )
    let (second, _) = AccessKey.issue(
      name: "",
      role: .reader,
      at: now.addingTimeInterval(1),
      expiresAt: now.addingTimeInterval(9)
    )
    try await sample.store.insert(second)
    try await sample.store.insert(first)
    let found = try #require(
      try await sample.store.accessKey(secretHash: AccessKeySecret.hash(of: secret.text))
    )
    #expect(found == first)
    #expect(found.matches(secret.text, at: now))
    #expect(try await sample.store.accessKeys() == [first, second])
    #expect(try await sample.store.accessKey(secretHash: Data([1, 2, 3])) == nil)
    #expect(await thrownCode { try await sample.store.insert(first) } == "key_exists")
    // The secret itself is nowhere on disk.
    #expect(try PurgeTests.files(in: sample.folder.url, containing: secret.text).isEmpty)
  }

  @Test func revocation() async throws {
    let sample = try await Sample()
    let now = Date(timeIntervalSince1970: 1_000)
    let (key, _) = AccessKey.issue(name: "k", role: .owner, at: now)
    try await sample.store.insert(key)
    #expect(try await sample.store.revokeAccessKey(id: key.id, at: now))
    #expect(try await sample.store.revokeAccessKey(id: key.id, at: now.addingTimeInterval(5)))
    #expect(try await sample.store.revokeAccessKey(id: "nobody", at: now) == false)
    let revoked = try #require(try await sample.store.accessKey(secretHash: key.secretHash))
    #expect(revoked.revokedAt == now)
    #expect(!revoked.isUsable(at: now))
  }

  /// One key, two secrets, until the overlap ends; the next rotation ends the oldest.
  @Test func rotation() async throws {
    let sample = try await Sample()
    let now = Date(timeIntervalSince1970: 1_000)
    let (key, first) = AccessKey.issue(name: "k", role: .service, at: now)
    try await sample.store.insert(key)
    let (second, third) = (AccessKeySecret(), AccessKeySecret())
    let end = now.addingTimeInterval(60)
    #expect(
      try await sample.store.rotateAccessKey(
        id: key.id, prefix: second.prefix, secretHash: second.hash, overlapEndsAt: end))
    for secret in [first, second] {
      let found = try #require(try await sample.store.accessKey(secretHash: secret.hash))
      #expect(found.id == key.id && found.matches(secret.text, at: now) && found.prefix == second.prefix)
      #expect(found.matches(secret.text, at: end) == (secret.text == second.text))
    }
    #expect(
      try await sample.store.rotateAccessKey(
        id: key.id, prefix: third.prefix, secretHash: third.hash, overlapEndsAt: nil))
    #expect(try await sample.store.accessKey(secretHash: first.hash) == nil)
    #expect(try await sample.store.accessKey(secretHash: second.hash) == nil)
    #expect(try await sample.store.accessKey(secretHash: third.hash)?.overlap == nil)
    #expect(
      try await sample.store.rotateAccessKey(
        id: "nobody", prefix: "", secretHash: Data([1]), overlapEndsAt: nil) == false)
    _ = try await sample.store.revokeAccessKey(id: key.id, at: now)
    #expect(
      try await sample.store.rotateAccessKey(
        id: key.id, prefix: "", secretHash: Data([1]), overlapEndsAt: nil) == false)
  }

  @Test func usesGoForward() async throws {
    let sample = try await Sample()
    let now = Date(timeIntervalSince1970: 6_000)
    let (key, _) = AccessKey.issue(name: "k", role: .service, at: now)
    try await sample.store.insert(key)
    try await sample.store.noteUses([key.id: now, "nobody": now])
    try await sample.store.noteUses([key.id: now.addingTimeInterval(-60)])
    #expect(try await sample.store.accessKey(id: key.id)?.lastUsedAt == now)
  }
}
