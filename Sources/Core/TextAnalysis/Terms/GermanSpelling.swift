/// German umlauts are also written with an e: Müller, Mueller.
enum GermanSpelling {
  /// The word with umlauts spelled out, and with spelled-out umlauts restored, where that changes it.
  ///
  /// A restored form may be no word ("neue" gives "neü"): it then finds nothing, and does no harm.
  static func others(of word: String) -> [String] {
    let source = Array(word.utf8)
    var spelledOut: [UInt8] = []
    var restored: [UInt8] = []
    var index = 0
    while index < source.count {
      let byte = source[index]
      let next = index + 1 < source.count ? source[index + 1] : 0
      if byte == 0xC3, let vowel = vowels[next] {
        spelledOut += [vowel, UInt8(ascii: "e")]
        restored += [byte, next]
        index += 2
      } else if next == UInt8(ascii: "e"), let umlaut = umlauts[byte] {
        spelledOut += [byte, next]
        restored += [0xC3, umlaut]
        index += 2
      } else {
        spelledOut.append(byte)
        restored.append(byte)
        index += 1
      }
    }
    return [spelledOut, restored].filter { $0 != source }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The second byte of ä, ö and ü, and the vowel of each.
  private static let vowels: [UInt8: UInt8] = [
    0xA4: UInt8(ascii: "a"), 0xB6: UInt8(ascii: "o"), 0xBC: UInt8(ascii: "u"),
  ]
  private static let umlauts = Dictionary(uniqueKeysWithValues: vowels.map { ($0.value, $0.key) })
}
