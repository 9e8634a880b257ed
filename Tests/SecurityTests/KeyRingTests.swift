import Domain
import Foundation
import TestSupport
import Testing

@testable import Security

@Suite struct KeyRingTests {
  private func masters(_ seeds: UInt8...) throws -> MasterKeys {
    try #require(MasterKeys(seeds.map { Data(repeating: $0, count: 32) }))
  }

  private func ring(_ masters: MasterKeys, sealKeys: UInt32 = 1) throws -> (KeyRing, [WrappedDataKey]) {
    let empty = try KeyRing(masters: masters)
    var keys = [try empty.makeKey(number: 1, purpose: .lookup)]
    for number in 0..<sealKeys { keys.append(try empty.makeKey(number: number + 2, purpose: .seal)) }
    return (try KeyRing(masters: masters, keys: keys), keys)
  }

  @Test func whatIsSealedOpensInItsContextAlone() throws {
    let (ring, _) = try ring(try masters(1))
    let value = Data("My address is 5 Mill Lane.".utf8)
    let sealed = try ring.seal(value, context: "message 7 1")
    #expect(try ring.open(sealed, context: "message 7 1") == value)
    #expect(sealed.range(of: Data("Mill".utf8)) == nil)
    // The head, the nonce and the tag are all there is beside the text.
    #expect(sealed.count == value.count + 5 + 12 + 16)
    #expect(throws: KeyRing.Failure.damaged) { try ring.open(sealed, context: "message 7 2") }
    // No two seals of one value are alike.
    #expect(try ring.seal(value, context: "message 7 1") != sealed)
  }

  @Test func everyChangedByteIsNoticed() throws {
    let (ring, _) = try ring(try masters(1))
    let sealed = try ring.seal(Data("text".utf8), context: "c")
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(throws: KeyRing.Failure.self, "byte \(index)") { try ring.open(changed, context: "c") }
    }
    for length in 0..<sealed.count {
      #expect(throws: KeyRing.Failure.self, "\(length) bytes") {
        try ring.open(sealed.prefix(length), context: "c")
      }
    }
    #expect(throws: KeyRing.Failure.damaged) { try ring.open(Data("plain".utf8), context: "c") }
  }

  @Test func theNewestKeySealsAndTheOthersOpen() throws {
    let masters = try masters(1)
    let (old, keys) = try ring(masters)
    let sealed = try old.seal(Data("before".utf8), context: "c")
    var new = old
    try new.add(try old.makeKey(number: 3, purpose: .seal))
    #expect(KeyRing.keyNumber(of: try new.seal(Data(), context: "c")) == 3)
    #expect(try new.open(sealed, context: "c") == Data("before".utf8))
    let late = try new.seal(Data("after".utf8), context: "c")
    #expect(throws: KeyRing.Failure.unknownKey(3)) { try old.open(late, context: "c") }
    #expect(try KeyRing(masters: masters, keys: keys).newest == 2)
  }

  @Test func dataKeysNeedTheirMasterKey() throws {
    let (_, keys) = try ring(try masters(1))
    #expect(throws: KeyRing.Failure.masterKeyMissing) { try KeyRing(masters: try masters(2), keys: keys) }
    // A wrapped key cannot be put in the place of another.
    let moved = WrappedDataKey(
      number: 9, purpose: .seal, master: keys[1].master, wrapped: keys[1].wrapped)
    #expect(throws: KeyRing.Failure.damaged) { try KeyRing(masters: try masters(1), keys: [moved]) }
  }

  @Test func aNewMasterKeyTakesOver() throws {
    let (ring, keys) = try ring(try masters(1))
    let sealed = try ring.seal(Data("x".utf8), context: "c")
    let both = try KeyRing(masters: try masters(2, 1), keys: keys)
    let rewrapped = try keys.map { try #require(try both.rewrapped($0)) }
    let after = try KeyRing(masters: try masters(2), keys: rewrapped)
    #expect(try after.open(sealed, context: "c") == Data("x".utf8))
    #expect(try after.pseudonym(of: "c-1", kind: "k") == ring.pseudonym(of: "c-1", kind: "k"))
    #expect(try rewrapped.allSatisfy { try after.rewrapped($0) == nil })
  }

  @Test func pseudonymsAreOfTheirKindAndKey() throws {
    let (ring, _) = try ring(try masters(1))
    let one = try ring.pseudonym(of: "c-1", kind: "customer")
    #expect(one.count == 32)
    #expect(try ring.pseudonym(of: "c-1", kind: "customer") == one)
    #expect(try ring.pseudonym(of: "c-1", kind: "message") != one)
    #expect(try ring.pseudonym(of: "c-2", kind: "customer") != one)
    let (other, _) = try self.ring(try masters(1))
    #expect(try other.pseudonym(of: "c-1", kind: "customer") != one)
  }

  @Test(arguments: ["", "zz", "00", String(repeating: "0", count: 63), String(repeating: "g", count: 64)])
  func noKeyFile(text: String) { #expect(MasterKeys(text: text) == nil) }

  @Test func keyFiles() throws {
    let line = String(repeating: "0f", count: 32)
    #expect(MasterKeys(text: "  \(line)\r\n\n\(line)\n")?.entries.count == 2)
    #expect(MasterKeys(text: line + "\nrubbish") == nil)
    let folder = try TemporaryFolder()
    #expect(try MasterKeyFile.read(in: folder.url) == nil)
    let made = try MasterKeyFile.readOrMake(in: folder.url)
    #expect(try MasterKeyFile.readOrMake(in: folder.url).current.id == made.current.id)
    let url = folder.url.appendingPathComponent(MasterKeyFile.name)
    let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    try Data("rubbish".utf8).write(to: url)
    #expect(throws: MasterKeyFile.Failure.self) { try MasterKeyFile.readOrMake(in: folder.url) }
  }
}
