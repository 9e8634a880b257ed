/// The writing systems that the detector tells apart.
enum Script: Int, CaseIterable {
  case latin, cyrillic, arabic, hebrew, devanagari
  case greek, armenian, georgian, thai, lao, khmer, burmese, tamil, han, kana, hangul
  /// Any script whose languages the detector does not know.
  case other

  /// The script of a letter; nil for anything else.
  init?(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x41...0x5A, 0x61...0x7A, 0xAA, 0xBA, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x24F, 0x1E00...0x1EFF:
      self = .latin
    case 0x370...0x3FF, 0x1F00...0x1FFF: self = .greek
    case 0x400...0x52F: self = .cyrillic
    case 0x531...0x587: self = .armenian
    case 0x5D0...0x5F2: self = .hebrew
    case 0x620...0x64A, 0x66E...0x6D3, 0x6D5, 0x6FA...0x6FF, 0x750...0x77F, 0xFB50...0xFDFF, 0xFE70...0xFEFC:
      self = .arabic
    case 0x900...0x963, 0x971...0x97F: self = .devanagari
    case 0xB80...0xBE5: self = .tamil
    case 0xE01...0xE3A, 0xE40...0xE4E: self = .thai
    case 0xE81...0xECD: self = .lao
    case 0x1000...0x103F: self = .burmese
    case 0x10A0...0x10FF: self = .georgian
    case 0x1780...0x17D3: self = .khmer
    case 0x3041...0x3096, 0x309D...0x309F, 0x30A1...0x30FA, 0x30FC...0x30FF, 0xFF66...0xFF9D: self = .kana
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: self = .han
    case 0x1100...0x11FF, 0x3131...0x318E, 0xAC00...0xD7A3: self = .hangul
    default:
      guard scalar.value >= 0x530, scalar.properties.isAlphabetic else { return nil }
      self = .other
    }
  }

  /// How many Latin letters one of its letters says as much as.
  var weight: Double {
    switch self {
    case .han: 3
    case .hangul, .kana: 2
    default: 1
    }
  }

  /// What a text in this script is written in, where the script alone says it.
  var onlyLanguage: Language? {
    switch self {
    case .latin, .cyrillic, .arabic, .hebrew, .devanagari, .other: nil
    case .greek: .greek
    case .armenian: Language(rawValue: "hy")
    case .georgian: Language(rawValue: "ka")
    case .thai: .thai
    case .lao: Language(rawValue: "lo")
    case .khmer: Language(rawValue: "km")
    case .burmese: Language(rawValue: "my")
    case .tamil: Language(rawValue: "ta")
    case .han: .chinese
    case .kana: .japanese
    case .hangul: .korean
    }
  }
}
