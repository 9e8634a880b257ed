import Foundation

/// Whether a gold answer stands in a text, case and punctuation folded.
enum AnswerMatch {
  static func contains(any answers: [String], in text: String) -> Bool {
    let folded = " " + fold(text) + " "
    return answers.contains { answer in
      let gold = fold(answer)
      guard !gold.isEmpty else { return false }
      return folded.contains(isSpaced(gold) ? " " + gold + " " : gold)
    }
  }

  /// Letters and digits in lower case; runs of anything else become one space.
  private static func fold(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    var gap = false
    for scalar in text.lowercased().precomposedStringWithCompatibilityMapping.unicodeScalars {
      if scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
        if gap, !out.isEmpty { out.append(" ") }
        gap = false
        out.append(scalar)
      } else {
        gap = true
      }
    }
    return String(out)
  }

  /// Scripts with spaces are matched by whole words.
  private static func isSpaced(_ text: String) -> Bool {
    !text.unicodeScalars.contains {
      (0x2E80...0x9FFF).contains($0.value) || (0x0E00...0x0E7F).contains($0.value)
    }
  }
}
