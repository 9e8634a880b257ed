import Foundation

/// Comparison whose duration tells nothing about where two secrets differ.
public enum ConstantTime {
  /// - Returns: false at once where the lengths differ: lengths of hashes and keys are no secret.
  public static func equal(_ a: Data, _ b: Data) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for (x, y) in zip(a, b) { difference |= x ^ y }
    return difference == 0
  }
}
