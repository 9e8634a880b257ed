import Domain
import Foundation
import Security
import Synchronization
import TestSupport
import Testing

@Suite struct BrowserTokenTests {
  private func token(at now: Date = Date(timeIntervalSince1970: 1_000), life: Int64 = 60) -> BrowserToken {
    BrowserToken(
      scope: .chat, origin: "https://a.example", customer: "Zoë", groups: ["gold"], knowledgeBases: ["shop"],
      keyID: "k", at: now, lifetimeSeconds: life)
  }

  @Test func comesBackAsItWent() throws {
    let secrets = TokenSecrets(at: Date())
    let token = token()
    let text = try secrets.sign(token)
    #expect(BrowserToken.verified(text, by: secrets) == token)
    #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    #expect(BrowserToken.verified(text, by: TokenSecrets(at: Date())) == nil)
    #expect(!token.hasEnded(at: Date(timeIntervalSince1970: 1_059)))
    #expect(token.hasEnded(at: Date(timeIntervalSince1970: 1_060)))
  }

  /// Any one byte changed, left out or put in: not ours.
  @Test func everyByteCounts() throws {
    let secrets = TokenSecrets(at: Date())
    let bytes = Array(try secrets.sign(token()).utf8)
    for index in bytes.indices {
      for edit in 0..<3 {
        var forged = bytes
        switch edit {
        case 0: forged[index] = forged[index] == 0x41 ? 0x42 : 0x41
        case 1: forged.remove(at: index)
        default: forged.insert(0x41, at: index)
        }
        guard forged != bytes else { continue }
        #expect(
          BrowserToken.verified(String(decoding: forged, as: UTF8.self), by: secrets) == nil, "\(index)")
      }
    }
  }

  @Test func rotationKeepsWhatMayStillLive() throws {
    let start = Date(timeIntervalSince1970: 10_000)
    var secrets = TokenSecrets(at: start)
    let first = try secrets.sign(token(at: start, life: 3600))
    secrets.rotate(at: start.addingTimeInterval(7200), endingTokens: false)
    // It signed until the rotation: its last tokens may live for another hour.
    #expect(BrowserToken.verified(first, by: secrets) != nil)
    secrets.rotate(at: start.addingTimeInterval(7200 + 3599), endingTokens: false)
    #expect(BrowserToken.verified(first, by: secrets) != nil)
    secrets.rotate(at: start.addingTimeInterval(7200 + 3600), endingTokens: false)
    #expect(BrowserToken.verified(first, by: secrets) == nil)
    let second = try secrets.sign(token())
    secrets.rotate(at: start.addingTimeInterval(10_900), endingTokens: true)
    #expect(BrowserToken.verified(second, by: secrets) == nil)
  }

  @Test func marksNeedTheSecret() {
    let (one, other) = (TokenSecrets(at: Date()), TokenSecrets(at: Date()))
    #expect(one.marks(of: Data([1])) == one.marks(of: Data([1])))
    #expect(one.marks(of: Data([1])) != one.marks(of: Data([2])))
    #expect(one.marks(of: Data([1])) != other.marks(of: Data([1])))
  }

  @Test func printingGivesNothingAway() throws {
    let secrets = TokenSecrets(at: Date())
    let stored = String(decoding: try JSONEncoder().encode(secrets), as: UTF8.self)
    let key = try #require(stored.firstRange(of: #""key":""#)).upperBound
    let secret = String(stored[key...].prefix(20))
    #expect(!"\(secrets)".contains(secret) && !String(reflecting: secrets).contains(secret))
  }

  @Test func theFileIsMadeOnceAndForItsOwnerAlone() async throws {
    let folder = try TemporaryFolder()
    let path = folder.url.appendingPathComponent(TokenSecretsFile.name).path
    #expect(try TokenSecretsFile(folder: folder.url).secrets() == nil)
    #expect(!FileManager.default.fileExists(atPath: path))
    // Many at once, as processes that start together: all get the same.
    let made = try await withThrowingTaskGroup(of: TokenSecrets.self) { group in
      for _ in 0..<16 { group.addTask { try TokenSecretsFile(folder: folder.url).secretsToSign() } }
      return try await group.reduce(into: Set<TokenSecrets>()) { $0.insert($1) }
    }
    #expect(made.count == 1)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [TokenSecretsFile.name])
  }

  /// Another process's rotation is seen within a second.
  @Test func rotationsByOthersAreSeen() throws {
    let folder = try TemporaryFolder()
    let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
    let file = TokenSecretsFile(folder: folder.url, clock: { time.withLock { $0 } })
    let before = try file.secretsToSign()
    let text = try before.sign(token())
    let other = TokenSecretsFile(folder: folder.url)
    try other.rotate(endingTokens: true)
    #expect(try file.secrets() == before)
    time.withLock { $0 += 1 }
    let after = try #require(try file.secrets())
    #expect(after != before && BrowserToken.verified(text, by: after) == nil)
    let mode =
      try FileManager.default.attributesOfItem(
        atPath: folder.url.appendingPathComponent(TokenSecretsFile.name).path)[.posixPermissions] as? NSNumber
    #expect(mode?.intValue == 0o600)
  }

  @Test func aDamagedFileOpensNothing() throws {
    let folder = try TemporaryFolder()
    for content in ["", "{}", #"{"secrets":[]}"#, "nonsense"] {
      try Data(content.utf8).write(to: folder.url.appendingPathComponent(TokenSecretsFile.name))
      let file = TokenSecretsFile(folder: folder.url)
      #expect(throws: TokenSecretsFile.Failure.self, "\(content)") { try file.secrets() }
      #expect(throws: TokenSecretsFile.Failure.self, "\(content)") { try file.secretsToSign() }
    }
  }

  @Test func base64HasOneSpelling() {
    for bytes in [Data(), Data([0]), Data([0xFB, 0xFF]), Data([1, 2, 3])] {
      let text = Base64URL.encode(bytes)
      #expect(Base64URL.decode(text) == bytes && !text.contains(where: { "+/=".contains($0) }))
    }
    for text in ["A", "AA==", "AB", "-_+/", "A A", "é"] { #expect(Base64URL.decode(text) == nil, "\(text)") }
  }
}
