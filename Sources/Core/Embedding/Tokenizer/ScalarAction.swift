import Foundation
import Synchronization

/// What BERT's uncased normaliser and word splitter make of one Unicode scalar: removes controls, spaces out
/// CJK ideographs, decomposes and drops accents (nonspacing marks), lower-cases, and tells spaces and
/// punctuation apart (Devlin et al. 2019, the uncased models).
enum ScalarAction: Equatable, Sendable {
  /// Leaves no trace; the characters around it join.
  case drop
  case space
  /// A character of a word.
  case letter(UInt32)
  /// A word by itself.
  case punctuation(UInt32)
  /// The actions of its page's expansions in this range, in order.
  case several(start: UInt16, end: UInt16)
}

extension ScalarAction {
  /// - Returns: what stands for the scalar, in order; empty where it is removed.
  static func actions(for scalar: Unicode.Scalar) -> [ScalarAction] {
    if isRemoved(scalar) { return [] }
    if scalar.properties.isWhitespace { return [.space] }
    let isIdeograph = isSpacedIdeograph(scalar.value)
    var actions: [ScalarAction] = isIdeograph ? [.space] : []
    for part in String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
    where part.properties.generalCategory != .nonspacingMark {
      for lower in part.properties.lowercaseMapping.unicodeScalars { actions.append(classified(lower)) }
    }
    if isIdeograph { actions.append(.space) }
    return actions
  }

  private static func classified(_ scalar: Unicode.Scalar) -> ScalarAction {
    if scalar.properties.isWhitespace { return .space }
    return isPunctuation(scalar) ? .punctuation(scalar.value) : .letter(scalar.value)
  }

  private static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: return false
    case 0xFFFD: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .privateUse, .surrogate: return true
    default: return false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // ASCII symbols such as $ and + count too.
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }

  private static func isSpacedIdeograph(_ value: UInt32) -> Bool {
    switch value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      return true
    default: return false
    }
  }
}
