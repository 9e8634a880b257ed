import CText
import Domain

/// Tells which language a text is written in.
///
/// The script decides, and where languages share one, the share of their function words and letters. Meant for
/// paragraphs: a few words often say nothing, and then it says so.
public struct LanguageDetector: Sendable {
  /// Bytes of a text that are looked at.
  private static let sample = 32 * 1024

  public init() {}

  /// - Returns: the likeliest language and how far it leads, 0-1; nil for too little evidence.
  public func detect(_ text: String) -> (language: Language, confidence: Double)? {
    let text = Self.beginning(of: text)
    var letters = [Double](repeating: 0, count: Script.allCases.count)
    for scalar in text.unicodeScalars {
      if let script = Script(scalar) { letters[script.rawValue] += 1 }
    }
    // Japanese is written in both, and Chinese has no kana.
    let han = letters[Script.han.rawValue]
    let kana = letters[Script.kana.rawValue]
    if kana > 1, kana >= 0.05 * han {
      letters[Script.kana.rawValue] += han
      letters[Script.han.rawValue] = 0
    }
    let weights = Script.allCases.map { letters[$0.rawValue] * $0.weight }
    let total = weights.reduce(0, +)
    guard let main = Script.allCases.max(by: { weights[$0.rawValue] < weights[$1.rawValue] }),
      weights[main.rawValue] > 0
    else { return nil }
    let share = weights[main.rawValue] / total
    if let language = main.onlyLanguage {
      // "東京" alone is as much Japanese as Chinese.
      guard letters[main.rawValue] >= (main == .han ? 5 : 3) else { return nil }
      return (language, share)
    }
    guard let model = LanguageModel.all[main], let (language, lead) = Self.best(in: model, for: text) else {
      return nil
    }
    return (language, lead * share)
  }

  private static func beginning(of text: String) -> String {
    guard text.utf8.count > sample else { return text }
    var bytes = Array(text.utf8.prefix(sample))
    // Not in the middle of a character.
    while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
    bytes.removeLast()
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func best(in model: LanguageModel, for text: String) -> (Language, Double)? {
    var scores = [Double](repeating: 0, count: model.languages.count)
    var wordCount = 0.0
    func add(_ evidence: LanguageModel.Evidence?, _ factor: Double) {
      guard let evidence else { return }
      for language in evidence.languages { scores[language] += factor * evidence.weight }
    }
    FoldedWindow.forEach(of: text, words: true) { window in
      for word in window.words where word.flags & UInt32(CTEXT_LETTER) != 0 {
        guard word.flags & UInt32(CTEXT_DIGIT | CTEXT_MARK | CTEXT_INNER_CASE) == 0 else { continue }
        wordCount += 1
        let range = Int(word.start)..<Int(word.end)
        guard range.count <= 64 else { continue }
        // Names come with their own language's articles: "Los Angeles Rams".
        let isCapitalized = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(
          window.original(range.lowerBound)
        )
        let factor = isCapitalized && wordCount > 1 ? 0.4 : 1
        let bytes = window.slice(range)
        let text = String(decoding: bytes, as: UTF8.self)
        if word.flags & UInt32(CTEXT_APOSTROPHE) != 0 {
          // `l'homme` says l; `don't` is listed as dont.
          add(model.words[text.filter { $0 != "'" }], factor)
          for piece in text.split(separator: "'") { add(model.words[String(piece)], factor) }
        } else if let evidence = model.words[text] {
          add(evidence, factor)
        } else if bytes.count > 5, !model.endings.isEmpty {
          for length in 2...6 where length < bytes.count {
            let start = bytes.count - length
            guard bytes[start] & 0xC0 != 0x80 else { continue }
            add(model.endings[String(decoding: bytes[start...], as: UTF8.self)], factor)
          }
        }
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { continue }
        for scalar in text.unicodeScalars where scalar.value >= 0x80 {
          add(model.letters[scalar.value], factor)
        }
      }
    }
    return verdict(scores, wordCount: wordCount).map { (model.languages[$0.0], $0.1) }
  }

  /// The index of the leader and its lead, where both its score and its lead are enough.
  private static func verdict(_ scores: [Double], wordCount: Double) -> (Int, Double)? {
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    guard let first = order.first, scores[first] > 0 else { return nil }
    let best = scores[first]
    let second = order.count > 1 ? scores[order[1]] : 0
    // A text in a language unknown here has few of anyone's function words.
    guard best >= 1.5, best >= 1.15 * second, best >= 0.06 * wordCount || best >= 3 * second else {
      return nil
    }
    return (first, (1 - second / best) * (1 - 1 / (1 + best)))
  }
}
