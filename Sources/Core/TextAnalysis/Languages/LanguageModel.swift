/// What speaks for a language in a script that several share: its function words,
/// endings and letters.
struct LanguageModel {
  struct Evidence {
    /// Indices into `languages`.
    var languages: [Int] = []
    var weight = 0.0
  }
  let languages: [Language]
  /// By folded word, accents kept.
  let words: [String: Evidence]
  /// By the last two to six bytes of a longer word.
  let endings: [String: Evidence]
  /// By folded scalar.
  let letters: [UInt32: Evidence]

  static let all: [Script: LanguageModel] = [
    .latin: LanguageModel(FunctionWords.latin.map(\.0), endings: latinEndings, letters: latinLetters),
    .cyrillic: LanguageModel(["ru", "uk", "be", "bg", "sr", "mk"], letters: cyrillicLetters),
    .arabic: LanguageModel(["ar", "fa", "ur"], letters: arabicLetters),
    .hebrew: LanguageModel(["he", "yi"], letters: [("װױײ", "yi")]),
    .devanagari: LanguageModel(["hi", "mr", "ne"], letters: [("ळ", "mr")]),
  ]

  private init(_ names: [String], endings: [(String, String)] = [], letters: [(String, String)]) {
    languages = names.map(Language.init(rawValue:))
    var words: [String: Evidence] = [:]
    for (index, language) in languages.enumerated() {
      for word in Set(FunctionWords.byLanguage[language] ?? []) {
        words[String(word), default: Evidence()].languages.append(index)
      }
    }
    // A word of one language is evidence; one of ten is nearly none. Short words turn up by chance.
    self.words = words.reduce(into: [:]) { result, entry in
      let length = Double(min(entry.key.unicodeScalars.count, 4))
      let owners = entry.value.languages
      result[entry.key] = Evidence(languages: owners, weight: (0.2 + 0.2 * length) / Double(owners.count))
    }
    var indices: [String: Int] = [:]
    for (index, name) in names.enumerated() { indices[name] = index }
    func evidence(_ owners: String, weight: Double) -> Evidence {
      let owners = owners.split(separator: " ").compactMap { indices[String($0)] }
      return Evidence(languages: owners, weight: weight / Double(owners.count))
    }
    var byEnding: [String: Evidence] = [:]
    for (group, owners) in endings {
      for ending in group.split(separator: " ") { byEnding[String(ending)] = evidence(owners, weight: 0.5) }
    }
    self.endings = byEnding
    var byLetter: [UInt32: Evidence] = [:]
    for (group, owners) in letters {
      for scalar in group.unicodeScalars { byLetter[scalar.value] = evidence(owners, weight: 0.4) }
    }
    self.letters = byLetter
  }

  /// Endings of two to six bytes, and the languages whose longer words often have them.
  private static let latinEndings = [
    ("ción ciones idad idades", "es"),
    ("zione zioni tà are ere ato ata endo ili oni", "it"),
    ("ção ções dade dades", "pt"), ("mente", "es it pt"), ("ado ada", "es pt ca"), ("ando", "es pt it"),
    ("tion tions", "en fr"),
    ("ment ments", "en fr ca"), ("eux euse ique iques eurs aire aires", "fr"),
    ("ció cions tat tats", "ca"),
    ("ung ungen keit heit schaft lich liche isch ische ischen", "de"), ("heid lijk lijke ingen", "nl"),
    ("ly ness ing able ful ed ity", "en"), ("ningar", "sv"), ("het", "sv no"), ("erne hed", "da"),
    ("ene", "no"),
    ("ość ości ych ego ować", "pl"), ("ssa ssä lla llä sta stä", "fi"), ("ului ilor ție", "ro"),
    ("ları leri lar ler mak mek", "tr"), ("kan nya", "id"), ("ség ság nak nek ban ben", "hu"),
    ("ost osti", "cs sk"),
    ("anje enje", "hr"), ("ání ení", "cs"), ("anie enie", "pl sk"),
  ]

  /// Letters (folded), and the languages whose everyday spelling has them.
  private static let latinLetters = [
    ("å", "sv da no"), ("ø", "da no"), ("æ", "da no"), ("ä", "de sv fi et sk"), ("ö", "de sv fi et hu tr"),
    ("ü", "de hu tr et"), ("ñ", "es"), ("¿¡", "es"), ("ç", "fr pt ca tr"), ("ã", "pt vi"), ("õ", "pt et vi"),
    ("ê", "fr pt vi"), ("ô", "fr pt sk vi"), ("â", "fr pt ro vi"), ("î", "fr ro"), ("û", "fr"),
    ("ë", "nl fr"),
    ("ï", "fr nl ca"), ("œ", "fr"), ("è", "fr it ca"), ("ò", "it ca"), ("ì", "it"), ("ù", "it fr"),
    ("à", "fr it pt ca"), ("é", "fr es pt hu cs sk ga"), ("á", "es pt cs sk hu ga"),
    ("í", "es pt cs sk hu ga"),
    ("ó", "es pt pl hu sk ca ga"), ("ú", "es pt cs sk hu ga"), ("ćńśźżł", "pl"), ("ďťň", "cs sk"),
    ("řěů", "cs"),
    ("ľĺŕ", "sk"), ("čšž", "cs sk hr lt"), ("ý", "cs sk"), ("đ", "hr vi"), ("őű", "hu"), ("ășțţ", "ro"),
    ("ğı", "tr"), ("ş", "tr ro"), ("ėįųū", "lt"), ("ę", "pl lt"), ("ą", "pl lt"),
    ("ơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "vi"),
  ]
  private static let cyrillicLetters = [
    ("ы", "ru be"), ("э", "ru be"), ("ё", "ru be"), ("ъ", "bg"), ("щ", "ru uk bg"), ("є", "uk"), ("ї", "uk"),
    ("ґ", "uk"), ("і", "uk be"), ("ў", "be"), ("ђћ", "sr"), ("јљњџ", "sr mk"), ("ѓќѕ", "mk"),
    ("й", "ru uk be bg"),
    ("ь", "ru uk be"), ("я", "ru uk be bg"), ("ю", "ru uk be bg"),
  ]
  private static let arabicLetters = [
    ("ٹڈڑںےھہ", "ur"), ("پچگ", "fa ur"), ("ژ", "fa"), ("یک", "fa ur"), ("يكةىؤإ", "ar"),
  ]
}
