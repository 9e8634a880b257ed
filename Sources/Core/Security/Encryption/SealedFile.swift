import Crypto
import Foundation

/// Encrypts a file of any size in pieces, so that neither end holds it whole, and a cut end shows.
///
/// The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015) with AES-256-GCM: a random key for each
/// file, wrapped by the master key; each piece's nonce is its number and whether it is the last one. Pieces cannot be
/// changed, reordered, dropped or appended unseen.
///
/// `FDSEAL1\n`, the master key's name (8 bytes), the wrapped key (60), then pieces of 64 KiB with their tags (16).
public struct SealedFile: Sendable {
  public struct Failure: Error, CustomStringConvertible, Sendable {
    public let description: String
  }

  private static let magic = Data("FDSEAL1\n".utf8)
  private static let headBytes = magic.count + 8 + 60
  private static let pieceBytes = 64 << 10
  private static let tagBytes = 16

  private let masters: MasterKeys

  public init(masters: MasterKeys) { self.masters = masters }

  /// Whether a file begins as a sealed one does.
  public static func isSealed(_ url: URL) -> Bool {
    guard let file = try? FileHandle(forReadingFrom: url) else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: magic.count)) == magic
  }

  /// Blocks.
  ///
  /// - Parameter target: must not exist; on the disk when this returns, gone where it throws.
  public func seal(_ source: URL, into target: URL) throws {
    let key = SymmetricKey(size: .bits256)
    let wrapped = try AES.GCM.seal(
      key.withUnsafeBytes { Data($0) }, using: masters.current.key, authenticating: Self.magic
    ).combined
    guard let wrapped else { throw Failure(description: "AES-GCM gave no sealed key") }
    let head = Self.magic + masters.current.id + wrapped
    try Self.transform(source, into: target) { input, output in
      try output.write(contentsOf: head)
      try Self.pieces(input, of: Self.pieceBytes) { number, piece, isLast in
        let box = try AES.GCM.seal(
          piece, using: key, nonce: Self.nonce(number, isLast), authenticating: head)
        try output.write(contentsOf: box.ciphertext + box.tag)
      }
    }
  }

  /// Blocks.
  ///
  /// - Parameter target: as of `seal`.
  /// - Throws: `Failure` where the file is cut, changed, or sealed with another master key.
  public func open(_ source: URL, into target: URL) throws {
    try Self.transform(source, into: target) { input, output in
      guard let head = try input.read(upToCount: Self.headBytes), head.count == Self.headBytes,
        head.starts(with: Self.magic)
      else { throw Failure(description: "\(source.path) is not a sealed file, or is cut short.") }
      let key = try key(head, source)
      try Self.pieces(input, of: Self.pieceBytes + Self.tagBytes) { number, piece, isLast in
        guard piece.count >= Self.tagBytes,
          let box = try? AES.GCM.SealedBox(
            nonce: Self.nonce(number, isLast), ciphertext: piece.dropLast(Self.tagBytes),
            tag: piece.suffix(Self.tagBytes)),
          let value = try? AES.GCM.open(box, using: key, authenticating: head)
        else { throw Failure(description: "\(source.path) was changed or cut short.") }
        try output.write(contentsOf: value)
      }
    }
  }

  private func key(_ head: Data, _ source: URL) throws -> SymmetricKey {
    let id = Data(head.dropFirst(Self.magic.count).prefix(8))
    guard let master = masters.key(id: id) else {
      throw Failure(
        description:
          "\(source.path) was sealed with another master key; put that key's line into the key file.")
    }
    guard let box = try? AES.GCM.SealedBox(combined: head.suffix(60)),
      let key = try? AES.GCM.open(box, using: master, authenticating: Self.magic)
    else { throw Failure(description: "\(source.path) was changed: its key does not open.") }
    return SymmetricKey(data: key)
  }

  /// There is a last piece always, an empty one for an empty file.
  private static func pieces(
    _ input: FileHandle, of size: Int, _ body: (UInt64, Data, Bool) throws -> Void
  ) throws {
    var number: UInt64 = 0
    var piece = try input.read(upToCount: size) ?? Data()
    while true {
      let next = piece.count < size ? Data() : try input.read(upToCount: size) ?? Data()
      try body(number, piece, next.isEmpty)
      if next.isEmpty { return }
      (piece, number) = (next, number + 1)
    }
  }

  private static func nonce(_ number: UInt64, _ isLast: Bool) throws -> AES.GCM.Nonce {
    var bytes = Data(count: 3)
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    bytes.append(isLast ? 1 : 0)
    return try AES.GCM.Nonce(data: bytes)
  }

  private static func transform(
    _ source: URL, into target: URL, _ body: (FileHandle, FileHandle) throws -> Void
  ) throws {
    let input = try FileHandle(forReadingFrom: source)
    defer { try? input.close() }
    let descriptor = Foundation.open(target.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Failure(description: "\(target.path) cannot be made (errno \(errno)).")
    }
    let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try body(input, output)
      try output.synchronize()
      try output.close()
    } catch {
      unlink(target.path)
      throw error
    }
  }
}
