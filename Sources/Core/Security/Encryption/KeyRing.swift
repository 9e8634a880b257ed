import Crypto
import Foundation

/// A data key as it is stored: of use only with the master key that wraps it.
public struct WrappedDataKey: Hashable, Sendable {
  public enum Purpose: String, Hashable, Sendable, CaseIterable {
    /// Seals values.
    case seal
    /// Makes the pseudonyms by which sealed values are found; never rotated, since that would lose them.
    case lookup
  }
  /// From 1.
  public let number: UInt32
  public let purpose: Purpose
  /// Names the master key.
  public let master: Data
  public let wrapped: Data

  public init(number: UInt32, purpose: Purpose, master: Data, wrapped: Data) {
    self.number = number
    self.purpose = purpose
    self.master = master
    self.wrapped = wrapped
  }
}

/// Envelope encryption: values are sealed with data keys (AES-256-GCM), data keys are wrapped by a master key.
///
/// A sealed value is a byte 1, the data key's number (4 bytes, big-endian), a random nonce (12), the ciphertext, and the
/// tag (16). Its head and the context, which says what the value is and where it stands, are authenticated with it: a
/// value that was moved to another place does not open.
public struct KeyRing: Sendable {
  /// Why something cannot be sealed or opened.
  public enum Failure: Error, Hashable, Sendable {
    /// No master key at hand wraps this data key.
    case masterKeyMissing
    /// There is no data key of that number here; another process may have made it.
    case unknownKey(UInt32)
    /// Changed, cut, moved, or never sealed.
    case damaged
    /// There is no data key yet.
    case empty
  }

  private let masters: MasterKeys
  private var sealing: [UInt32: SymmetricKey] = [:]
  private var lookupKey: SymmetricKey?
  /// Of the key that seals, 0 without one.
  public private(set) var newest: UInt32 = 0

  private static let format: UInt8 = 1
  private static let headBytes = 5

  public init(masters: MasterKeys, keys: [WrappedDataKey] = []) throws(Failure) {
    self.masters = masters
    for key in keys { try add(key) }
  }

  /// - Throws: `masterKeyMissing`, `damaged`.
  public mutating func add(_ wrapped: WrappedDataKey) throws(Failure) {
    let key = try unwrap(wrapped)
    switch wrapped.purpose {
    case .seal:
      sealing[wrapped.number] = key
      newest = max(newest, wrapped.number)
    case .lookup: lookupKey = key
    }
  }

  /// A new random data key, wrapped; not in this ring yet.
  public func makeKey(number: UInt32, purpose: WrappedDataKey.Purpose) throws(Failure) -> WrappedDataKey {
    try wrap(SymmetricKey(size: .bits256), number: number, purpose: purpose)
  }

  /// The same data key under the current master key; nil where it is that already.
  public func rewrapped(_ key: WrappedDataKey) throws(Failure) -> WrappedDataKey? {
    guard key.master != masters.current.id else { return nil }
    return try wrap(try unwrap(key), number: key.number, purpose: key.purpose)
  }

  // MARK: Values

  /// - Parameter context: what the value is and where it stands; to be given again when it is opened.
  public func seal(_ value: Data, context: String) throws(Failure) -> Data {
    guard let key = sealing[newest] else { throw .empty }
    var sealed = Data([Self.format])
    withUnsafeBytes(of: newest.bigEndian) { sealed.append(contentsOf: $0) }
    sealed.append(try Self.box(value, key, sealed + Data(context.utf8)))
    return sealed
  }

  /// - Throws: `unknownKey`, `damaged`.
  public func open(_ sealed: Data, context: String) throws(Failure) -> Data {
    guard let number = Self.keyNumber(of: sealed) else { throw .damaged }
    guard let key = sealing[number] else { throw .unknownKey(number) }
    let head = sealed.prefix(Self.headBytes)
    return try Self.unbox(sealed.dropFirst(Self.headBytes), key, head + Data(context.utf8))
  }

  /// Which data key sealed a value; nil for what is no sealed value.
  public static func keyNumber(of sealed: Data) -> UInt32? {
    guard sealed.count >= headBytes, sealed.first == format else { return nil }
    return sealed.dropFirst().prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Stands for a text where equal ones must be found again: HMAC-SHA-256, 32 bytes. Only who has the key can try texts.
  public func pseudonym(of text: String, kind: String) throws(Failure) -> Data {
    guard let lookupKey else { throw .empty }
    return Data(HMAC<SHA256>.authenticationCode(for: Data((kind + "\0" + text).utf8), using: lookupKey))
  }

  // MARK: Wrapping

  private static func wrapContext(_ number: UInt32, _ purpose: WrappedDataKey.Purpose) -> Data {
    Data("frontdesk data key \(number) \(purpose.rawValue)".utf8)
  }

  private func wrap(
    _ key: SymmetricKey, number: UInt32, purpose: WrappedDataKey.Purpose
  ) throws(Failure) -> WrappedDataKey {
    let bytes = key.withUnsafeBytes { Data($0) }
    return WrappedDataKey(
      number: number, purpose: purpose, master: masters.current.id,
      wrapped: try Self.box(bytes, masters.current.key, Self.wrapContext(number, purpose)))
  }

  private func unwrap(_ key: WrappedDataKey) throws(Failure) -> SymmetricKey {
    guard let master = masters.key(id: key.master) else { throw .masterKeyMissing }
    return SymmetricKey(
      data: try Self.unbox(key.wrapped, master, Self.wrapContext(key.number, key.purpose)))
  }

  private static func box(_ value: Data, _ key: SymmetricKey, _ context: Data) throws(Failure) -> Data {
    guard let box = try? AES.GCM.seal(value, using: key, authenticating: context).combined else {
      throw .damaged
    }
    return box
  }

  private static func unbox(_ sealed: Data, _ key: SymmetricKey, _ context: Data) throws(Failure) -> Data {
    guard let box = try? AES.GCM.SealedBox(combined: sealed),
      let value = try? AES.GCM.open(box, using: key, authenticating: context)
    else { throw .damaged }
    return value
  }
}
