import Foundation
import TestSupport
import Testing

@testable import Security

@Suite struct SealedFileTests {
  private let file = SealedFile(masters: MasterKeys([Data(repeating: 1, count: 32)])!)

  private func roundTrip(_ content: Data) throws -> (folder: TemporaryFolder, sealed: URL) {
    let folder = try TemporaryFolder()
    let plain = try folder.file("plain", content)
    let (sealed, opened) = (
      folder.url.appendingPathComponent("sealed"), folder.url.appendingPathComponent("opened")
    )
    try file.seal(plain, into: sealed)
    try file.open(sealed, into: opened)
    #expect(try Data(contentsOf: opened) == content)
    return (folder, sealed)
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])
  func whatIsSealedOpens(bytes: Int) throws {
    let content = Data((0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    let (folder, sealed) = try roundTrip(content)
    defer { withExtendedLifetime(folder) {} }
    let pieces = max(1, (bytes + 65_535) / 65_536)
    #expect(try Data(contentsOf: sealed).count == 76 + bytes + 16 * pieces)
    #expect(SealedFile.isSealed(sealed))
  }

  @Test func whatWasChangedDoesNotOpen() throws {
    let (folder, sealed) = try roundTrip(Data(repeating: 7, count: 150_000))
    let bytes = try Data(contentsOf: sealed)
    let piece = 65_536 + 16
    var swapped = bytes
    swapped.replaceSubrange(76..<76 + piece, with: bytes[76 + piece..<76 + 2 * piece])
    swapped.replaceSubrange(76 + piece..<76 + 2 * piece, with: bytes[76..<76 + piece])
    var wrong: [(String, Data)] = [
      ("the pieces swapped", swapped), ("the last piece cut off", bytes.prefix(76 + 2 * piece)),
      ("cut within a piece", bytes.dropLast(5)), ("nothing but its head", bytes.prefix(76)),
      ("half a head", bytes.prefix(40)), ("more at its end", bytes + Data([0])),
      ("a piece twice", bytes.prefix(76 + piece) + bytes.dropFirst(76)), ("empty", Data()),
    ]
    for index in [0, 9, 20, 75, 76, 70_000, bytes.count - 1] {
      var changed = bytes
      changed[index] ^= 1
      wrong.append(("byte \(index) changed", changed))
    }
    for (what, bytes) in wrong {
      let url = try folder.file("wrong", bytes)
      let target = folder.url.appendingPathComponent("target")
      #expect(throws: SealedFile.Failure.self, "\(what)") { try file.open(url, into: target) }
      #expect(!FileManager.default.fileExists(atPath: target.path), "\(what) left a file")
    }
  }

  @Test func anotherMasterKeyDoesNotOpenIt() throws {
    let (folder, sealed) = try roundTrip(Data("text".utf8))
    let target = folder.url.appendingPathComponent("target")
    let other = SealedFile(masters: MasterKeys([Data(repeating: 2, count: 32)])!)
    #expect(throws: SealedFile.Failure.self) { try other.open(sealed, into: target) }
    let both = SealedFile(
      masters: MasterKeys([Data(repeating: 2, count: 32), Data(repeating: 1, count: 32)])!)
    try both.open(sealed, into: target)
    // What is there already is not overwritten.
    #expect(throws: SealedFile.Failure.self) { try both.open(sealed, into: target) }
  }
}
