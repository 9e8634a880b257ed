/// A human language, by its primary subtag (ISO 639-1: `en`).
public struct Language: RawRepresentable, Hashable, Sendable, Codable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Reads a language tag or locale: `en-US`, `pt_BR` and `zh-Hans` give `en`, `pt` and `zh`.
  ///
  /// - Returns: nil unless it begins with two or three ASCII letters. Both written forms of Norwegian are `no`.
  public init?(tag: String) {
    let subtag = tag.prefix { $0 != "-" && $0 != "_" }.lowercased()
    guard (2...3).contains(subtag.utf8.count), subtag.utf8.allSatisfy({ (0x61...0x7A).contains($0) }) else {
      return nil
    }
    self.init(rawValue: Self.synonyms[subtag] ?? subtag)
  }

  public static let arabic = Language(rawValue: "ar")
  public static let chinese = Language(rawValue: "zh")
  public static let danish = Language(rawValue: "da")
  public static let dutch = Language(rawValue: "nl")
  public static let english = Language(rawValue: "en")
  public static let finnish = Language(rawValue: "fi")
  public static let french = Language(rawValue: "fr")
  public static let german = Language(rawValue: "de")
  public static let greek = Language(rawValue: "el")
  public static let italian = Language(rawValue: "it")
  public static let japanese = Language(rawValue: "ja")
  public static let korean = Language(rawValue: "ko")
  public static let norwegian = Language(rawValue: "no")
  public static let polish = Language(rawValue: "pl")
  public static let portuguese = Language(rawValue: "pt")
  public static let russian = Language(rawValue: "ru")
  public static let spanish = Language(rawValue: "es")
  public static let swedish = Language(rawValue: "sv")
  public static let thai = Language(rawValue: "th")
  public static let turkish = Language(rawValue: "tr")
  public static let ukrainian = Language(rawValue: "uk")

  /// Languages with a stemmer, or with a segmentation of their own; any other is only folded.
  public static let supported: [Language] =
    (Array(stemmerNames.keys) + ["ja", "km", "ko", "lo", "my", "th", "zh"]).sorted().map(
      Language.init(rawValue:)
    )

  private static let synonyms = [
    "nb": "no", "nn": "no", "iw": "he", "in": "id", "ji": "yi", "eng": "en", "deu": "de", "fra": "fr",
    "spa": "es", "ita": "it", "zho": "zh", "jpn": "ja",
  ]
}

extension Language: CustomStringConvertible {
  public var description: String { rawValue }
}
