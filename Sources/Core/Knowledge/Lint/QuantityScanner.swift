import TextAnalysis

/// Tells amounts, shares, durations and dates from the other numbers of a sentence: those of names, versions,
/// steps, errors and ids.
struct QuantityScanner {
  let words: [LintWord]
  let language: Language?
  let statistics: WordStatistics

  /// Behind the number of a list item.
  var first: Int {
    guard words.count > 1, words[0].text.utf8.allSatisfy(\.isDigit), words[1].isCapitalised else { return 0 }
    return 1
  }

  /// - Returns: the comparable value and how many words it takes.
  func quantity(at index: Int) -> (value: String, length: Int)? {
    if let date = date(at: index) { return date }
    let word = words[index]
    let before = index > 0 ? words[index - 1] : nil
    let after = index + 1 < words.count ? words[index + 1] : nil
    if let value = Self.spelled(word.key, language), let after, isUnit(after) { return (value, 1) }
    if let value = Self.time(word.text) { return (value, 1) }
    guard let value = Self.number(word.text) else { return nil }
    if let before, Self.isCurrency(before.key) { return (value, 1) }
    guard let after, !isPartOfName(before, index: index) else { return nil }
    if Self.isSign(after.key) { return (value, 1) }
    // Four digits are mostly a year, and a year mostly belongs to a name.
    guard isUnit(after), !Self.isYear(word.text) else { return nil }
    return (value, 1)
  }

  /// Follows a name or a word that numbers things.
  private func isPartOfName(_ before: LintWord?, index: Int) -> Bool {
    guard let before else { return false }
    if Self.labels.contains(before.key) || before.hasDigit { return true }
    guard before.isCapitalised, language != .german else { return false }
    return statistics.isName(before)
  }

  /// A word that can be counted or measured in.
  private func isUnit(_ word: LintWord) -> Bool {
    guard !word.hasDigit, word.text.unicodeScalars.first?.properties.isAlphabetic == true,
      language?.isFunctionWord(word.key) != true, !Self.joinsNumbers.contains(word.key)
    else { return false }
    guard word.isCapitalised, language != .german else { return true }
    // GB, MB, PM.
    return word.text.utf8.count <= 3 && word.text.allSatisfy(\.isUppercase)
  }

  // MARK: numbers

  /// - Returns: nil for what only looks like one, as `10.0.19041`.
  static func number(_ text: Substring) -> String? {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, first.isDigit, bytes.count <= 15 else { return nil }
    if bytes.allSatisfy(\.isDigit) { return first == 48 && bytes.count > 1 ? nil : String(text) }
    if let range = range(bytes) { return range }
    let groups = bytes.split(omittingEmptySubsequences: false) { $0 == 0x2E || $0 == 0x2C }
    guard groups.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isDigit) }) else { return nil }
    let isGrouped =
      groups[0].count <= 3 && groups[0].first != 48 && groups.dropFirst().allSatisfy { $0.count == 3 }
    if isGrouped { return groups.joined().string }
    return groups.count == 2 ? groups[0].string + "." + groups[1].string : nil
  }

  /// `10-20`
  private static func range(_ bytes: [UInt8]) -> String? {
    let ends = bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ (1...4).contains($0.count) && $0.allSatisfy(\.isDigit) })
    else { return nil }
    return bytes.string
  }

  /// `9:00`
  private static func time(_ text: Substring) -> String? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]),
      (0...24).contains(hour), (0...59).contains(minute)
    else { return nil }
    return "\(hour):\(parts[1])"
  }

  private static func isYear(_ text: Substring) -> Bool {
    text.utf8.count == 4 && (Int(text).map { (1900...2100).contains($0) } ?? false)
  }

  private static func isCurrency(_ key: String) -> Bool {
    guard let scalar = key.unicodeScalars.first else { return false }
    return "$¢£¥".unicodeScalars.contains(scalar) || (0x20A0...0x20CF).contains(scalar.value)
  }

  private static func isSign(_ key: String) -> Bool {
    isCurrency(key) || key == "%" || key == "‰" || key == "°"
  }

  /// Numbers up to twelve, and round ones, as words; "one" is an article or pronoun too often.
  private static func spelled(_ key: String, _ language: Language?) -> String? {
    language.flatMap { numerals[$0]?[key] }
  }

  private static let numerals: [Language: [String: String]] = {
    let values = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "14", "20", "30"]
    let words: [Language: String] = [
      .english: "two three four five six seven eight nine ten eleven twelve fourteen twenty thirty",
      .german: "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf vierzehn zwanzig dreißig",
      .french: "deux trois quatre cinq six sept huit neuf dix onze douze quatorze vingt trente",
      .spanish: "dos tres cuatro cinco seis siete ocho nueve diez once doce catorce veinte treinta",
      .italian: "due tre quattro cinque sei sette otto nove dieci undici dodici quattordici venti trenta",
      .dutch: "twee drie vier vijf zes zeven acht negen tien elf twaalf veertien twintig dertig",
      .portuguese: "dois três quatro cinco seis sete oito nove dez onze doze catorze vinte trinta",
    ]
    return words.mapValues { list in
      Dictionary(zip(list.split(separator: " ").map(String.init), values)) { first, _ in first }
    }
  }()

  /// Words before the number of a thing, in the languages of most help centres.
  private static let labels: Set<String> = Set(
    """
    step steps figure figures table tables section sections version versions error errors code codes port ports \
    event events id ids level phase option options number no chapter page pages article method methods appendix \
    part tier type item line row column ticket case order invoice room gate schritt schritte abbildung tabelle abschnitt kapitel seite fehler ereignis \
    stufe nummer nr punkt étape étapes tableau chapitre numéro erreur paso pasos tabla sección capítulo página \
    número versión passo passaggio tabella sezione pagina numero versione stap tabel hoofdstuk pagina nummer fout
    """.split(whereSeparator: \.isWhitespace).map(String.init))

  private static let joinsNumbers: Set<String> = ["x", "through", "bis", "bit", "or", "and", "to"]

  // MARK: dates

  private func date(at index: Int) -> (value: String, length: Int)? {
    if let value = Self.numericDate(words[index].text) { return (value, 1) }
    func number(_ offset: Int, _ digits: ClosedRange<Int>) -> Int? {
      guard index + offset < words.count else { return nil }
      let text = words[index + offset].text
      return digits.contains(text.utf8.count) ? Int(text) : nil
    }
    func month(_ offset: Int) -> Int? {
      guard index + offset < words.count else { return nil }
      return Self.months[words[index + offset].key]
    }
    if let month = month(0) {
      if let day = number(1, 1...2), (1...31).contains(day) {
        if let year = number(2, 4...4) { return (Self.value(year, month, day), 3) }
        return (Self.value(nil, month, day), 2)
      }
      if let year = number(1, 4...4) { return (Self.value(year, month, nil), 2) }
      return nil
    }
    if let day = number(0, 1...2), (1...31).contains(day), let month = month(1) {
      if let year = number(2, 4...4) { return (Self.value(year, month, day), 3) }
      return (Self.value(nil, month, day), 2)
    }
    return nil
  }

  private static func value(_ year: Int?, _ month: Int, _ day: Int?) -> String {
    [year, month, day].map { $0.map(String.init) ?? "" }.joined(separator: "-")
  }

  /// `2024-03-31`, `31.03.2024`, `3/31/2024`: compared as written.
  private static func numericDate(_ text: Substring) -> String? {
    guard (8...10).contains(text.utf8.count) else { return nil }
    for separator: Character in ["-", ".", "/"] {
      let parts = text.split(separator: separator, omittingEmptySubsequences: false)
      guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isDigit) }) else {
        continue
      }
      let sizes = parts.map(\.utf8.count)
      if sizes[0] == 4 || sizes[2] == 4, sizes[1] <= 2 { return String(text) }
    }
    return nil
  }

  private static let months: [String: Int] = {
    let lists = [
      "january february march april may june july august september october november december",
      "januar februar märz april mai juni juli august september oktober november dezember",
      "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
      "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
      "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
      "januari februari maart april mei juni juli augustus september oktober november december",
      "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    ]
    var months: [String: Int] = [:]
    for list in lists {
      for (i, name) in list.split(separator: " ").enumerated() { months[String(name)] = i + 1 }
    }
    return months
  }()
}
