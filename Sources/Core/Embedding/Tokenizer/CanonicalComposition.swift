import Foundation

/// Pairs of scalars that are one in composed form (UAX #15): `e` and a combining acute accent are `é`.
enum CanonicalComposition {
  /// - Returns: nil for most pairs, which stay two.
  static func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
    guard mayBeSecond(second) else { return nil }
    switch (first, second) {
    case (0x1100...0x1112, 0x1161...0x1175):
      return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    case (0xAC00...0xD7A3, 0x11A8...0x11C2) where (first - 0xAC00) % 28 == 0:
      return first + second - 0x11A7
    default: return pairs[UInt64(first) << 32 | UInt64(second)]
    }
  }

  private static func mayBeSecond(_ scalar: UInt32) -> Bool {
    switch scalar {
    case ..<0x300: false
    case 0x300...0x345, 0x653...0x655, 0x93C...0xDDF, 0x102E, 0x1161...0x1175, 0x11A8...0x11C2, 0x1B35,
      0x3099...0x309A:
      true
    default: false
    }
  }

  /// Blocks with letters that have a decomposition, Hangul aside.
  private static let blocks: [ClosedRange<UInt32>] = [
    0xC0...0x233, 0x385...0x3D4, 0x400...0x4F9, 0x622...0x6D3, 0x929...0xDDE, 0x1026...0x1026,
    0x1B06...0x1B43,
    0x1E00...0x1EF9, 0x1F00...0x1FFE, 0x304C...0x30FE,
  ]

  /// Made when the first text needs it.
  private static let pairs: [UInt64: UInt32] = {
    var pairs: [UInt64: UInt32] = [:]
    for scalar in blocks.joined().compactMap(Unicode.Scalar.init) {
      let parts = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
      guard parts.count > 1, let second = parts.last else { continue }
      let rest = String(String.UnicodeScalarView(parts.dropLast())).precomposedStringWithCanonicalMapping
        .unicodeScalars
      // Some letters stay decomposed even in composed form.
      let again = String(scalar).precomposedStringWithCanonicalMapping.unicodeScalars
      guard rest.count == 1, let first = rest.first, again.count == 1, again.first == scalar else { continue }
      pairs[UInt64(first.value) << 32 | UInt64(second.value)] = scalar.value
    }
    return pairs
  }()
}
