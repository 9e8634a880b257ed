import Crypto
import Foundation

/// Bytes that nobody can guess.
public enum RandomBytes {
  /// 256 bits of the system's random source.
  public static func key() -> Data { SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) } }
}
