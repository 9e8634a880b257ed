import Foundation

/// Guesses the encoding of text that is no Unicode, by the letters that it would hold most.
enum EncodingGuess {
  private struct Candidate {
    let name: String
    /// The script's most frequent letters.
    let frequent: Set<Unicode.Scalar>
    /// Their share of the letters beyond ASCII in ordinary text, roughly.
    let share: Double

    init(_ name: String, _ frequent: String, _ share: Double) {
      self.name = name
      self.frequent = Set(frequent.unicodeScalars)
      self.share = share
    }
  }

  private static let candidates = [
    Candidate("WINDOWS-1251", "оеаинтсрвл", 0.6), Candidate("KOI8-R", "оеаинтсрвл", 0.6),
    Candidate("CP866", "оеаинтсрвл", 0.6), Candidate("WINDOWS-1253", "αοιετσνηυρ", 0.6),
    Candidate("WINDOWS-1255", "יוהלאמרבתש", 0.6), Candidate("WINDOWS-1256", "اليمنتوره", 0.6),
    Candidate("TIS-620", "านรกอเงยลม", 0.4), Candidate("GB18030", "的是不了在有人我这他一和", 0.12),
    Candidate("BIG5", "的是不了在有人我這他一和", 0.12), Candidate("EUC-JP", "のにはをたがでてとしい", 0.3),
    Candidate("CP932", "のにはをたがでてとしい", 0.3), Candidate("CP949", "이다는에의을가고하지", 0.2),
  ]

  /// - Returns: a name for iconv; Windows-1252 where nothing else is likely.
  static func name(for bytes: ArraySlice<UInt8>) -> String {
    let sample = bytes.prefix(16 << 10)
    let high = sample.count { $0 >= 0x80 }
    let letters = sample.count(where: \.isLetter)
    // EBCDIC has its space where ASCII has the at sign.
    if sample.count(where: { $0 == 0x40 }) * 12 > sample.count,
      sample.count(where: { $0 == 32 }) * 100 < sample.count
    {
      return "CP500"
    }
    // Latin text holds an accented letter here and there; in other scripts they prevail.
    guard high * 2 > letters else { return "WINDOWS-1252" }
    if hasShapeOfShiftJIS(sample) { return "CP932" }
    var best = (name: "WINDOWS-1252", score: 0.45)
    for candidate in candidates {
      let score = score(sample, candidate) / candidate.share
      if score > best.score { best = (candidate.name, score) }
    }
    return best.name
  }

  private static func score(_ sample: ArraySlice<UInt8>, _ candidate: Candidate) -> Double {
    guard let bytes = try? TextDecoder.convert(sample, from: candidate.name, Deadline(.seconds(10))) else {
      return 0
    }
    var letters = 0
    var frequent = 0
    var wrong = 0
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars where scalar.value >= 0x80 {
      if scalar == "\u{FFFD}" || scalar.value < 0xA0 || (0xE000...0xF8FF).contains(scalar.value) {
        wrong += 1
      } else if scalar.properties.isAlphabetic {
        letters += 1
        if candidate.frequent.contains(scalar) { frequent += 1 }
      }
    }
    // The sample may end inside a character, and files have slips; more than that is another encoding.
    guard letters > 0, wrong <= 1 + letters / 50 else { return 0 }
    return Double(frequent) / Double(letters)
  }

  /// Lead bytes 81-9F and E0-FC, each with a trail byte, and many of the leads those of kana: tells Japanese
  /// texts that are too short for counting letters.
  private static func hasShapeOfShiftJIS(_ sample: ArraySlice<UInt8>) -> Bool {
    var pairs = 0
    var kana = 0
    var wrong = 0
    var index = sample.startIndex
    while index < sample.endIndex {
      let byte = sample[index]
      if (0x81...0x9F).contains(byte) || (0xE0...0xFC).contains(byte) {
        let next = index + 1 < sample.endIndex ? sample[index + 1] : 0
        if (0x40...0xFC).contains(next), next != 0x7F { pairs += 1 } else { wrong += 1 }
        if byte == 0x82 || byte == 0x83 { kana += 1 }
        index += 2
      } else {
        if byte >= 0x80 { wrong += 1 }
        index += 1
      }
    }
    return pairs >= 3 && kana * 5 >= pairs && wrong * 20 < pairs
  }
}
