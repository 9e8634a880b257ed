/// Character references of HTML and XML (`&eacute;`, `&#233;`, `&#xE9;`).
///
/// The named ones are those of HTML 4.01 (section 24) and the few of HTML 5 that pages use; an unknown name
/// stays as it is written.
enum CharacterReference {
  /// Appends the text with its references resolved.
  static func decode(_ text: ArraySlice<UInt8>, into result: inout [UInt8]) {
    var rest = text
    while let ampersand = rest.firstIndex(of: UInt8(ascii: "&")) {
      result.append(contentsOf: rest[..<ampersand])
      if let (scalars, end) = parse(rest[ampersand...]) {
        for scalar in scalars { result.append(contentsOf: Array(String(scalar).utf8)) }
        rest = rest[end...]
      } else {
        result.append(UInt8(ascii: "&"))
        rest = rest[(ampersand + 1)...]
      }
    }
    result.append(contentsOf: rest)
  }

  /// Reads one reference at the start of `text`.
  ///
  /// - Returns: what it stands for and the index behind it; nil where there is none.
  static func parse(_ text: ArraySlice<UInt8>) -> ([Unicode.Scalar], end: Int)? {
    let start = text.startIndex
    guard text.count >= 3, text[start] == UInt8(ascii: "&") else { return nil }
    if text[start + 1] == UInt8(ascii: "#") { return parseNumber(text) }
    let limit = min(text.endIndex, start + 34)
    var end = start + 1
    while end < limit, text[end].isAlphanumeric { end += 1 }
    guard end > start + 1 else { return nil }
    let name = text[(start + 1)..<end].string
    let isTerminated = end < text.endIndex && text[end] == UInt8(ascii: ";")
    guard isTerminated || unterminated.contains(name), let value = named[name] else { return nil }
    // `&copy=` in an address is no copyright sign.
    if !isTerminated, end < text.endIndex, text[end] == UInt8(ascii: "=") { return nil }
    return ([value], isTerminated ? end + 1 : end)
  }

  private static func parseNumber(_ text: ArraySlice<UInt8>) -> ([Unicode.Scalar], end: Int)? {
    var at = text.startIndex + 2
    let isHex = at < text.endIndex && text[at] | 32 == UInt8(ascii: "x")
    if isHex { at += 1 }
    let digits = text[at...].prefix(10).prefix {
      isHex ? ($0.isDigit || (97...102).contains($0 | 32)) : $0.isDigit
    }
    guard !digits.isEmpty, let value = UInt32(digits.string, radix: isHex ? 16 : 10) else { return nil }
    var end = digits.endIndex
    if end < text.endIndex, text[end] == UInt8(ascii: ";") { end += 1 }
    // Numbers 128-159 mean Windows-1252 (WHATWG HTML, numeric character reference end state).
    if (128...159).contains(value) {
      let index = windows1252.index(windows1252.startIndex, offsetBy: Int(value) - 128)
      return ([windows1252[index]], end)
    }
    guard value >= 32 || value == 9 || value == 10, value != 127, let scalar = Unicode.Scalar(value) else {
      return (["\u{FFFD}"], end)
    }
    return ([scalar], end)
  }

  private static let windows1252 =
    "€\u{FFFD}‚ƒ„…†‡ˆ‰Š‹Œ\u{FFFD}Ž\u{FFFD}\u{FFFD}‘’“”•–—˜™š›œ\u{FFFD}žŸ".unicodeScalars

  private static let unterminated: Set<String> = [
    "nbsp", "amp", "lt", "gt", "quot", "copy", "reg", "laquo", "raquo", "eacute", "agrave", "auml", "ouml",
    "uuml", "szlig",
  ]

  private static let named: [String: Unicode.Scalar] = {
    var table: [String: Unicode.Scalar] = [:]
    for line in ranges {
      var value: UInt32 = line.first
      for name in line.names.split(separator: " ") {
        if name != "-", let scalar = Unicode.Scalar(value) { table[String(name)] = scalar }
        value += 1
      }
    }
    for (name, value) in singles { table[name] = value }
    return table
  }()

  /// Names of consecutive code points; `-` where one has no name.
  private static let ranges: [(first: UInt32, names: String)] = [
    (
      160,
      """
      nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 \
      acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde \
      Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute \
      Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde \
      auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute \
      ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml
      """
    ),
    (
      913,
      """
      Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho - Sigma Tau \
      Upsilon Phi Chi Psi Omega
      """
    ),
    (
      945,
      """
      alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigmaf sigma \
      tau upsilon phi chi psi omega
      """
    ),
    (0x2190, "larr uarr rarr darr harr"), (0x21D0, "lArr uArr rArr dArr hArr"),
    (0x2013, "ndash mdash"), (0x2018, "lsquo rsquo sbquo"), (0x201C, "ldquo rdquo bdquo"),
    (0x2020, "dagger Dagger bull"), (0x2032, "prime Prime"), (0x2039, "lsaquo rsaquo"),
    (0x2264, "le ge"), (0x2227, "and or cap cup int"), (0x2260, "ne equiv"), (0x2282, "sub sup nsub"),
    (0x2286, "sube supe"), (0x2308, "lceil rceil lfloor rfloor"), (0x2329, "lang rang"),
    (0x200C, "zwnj zwj lrm rlm"), (0x2002, "ensp emsp"), (0x2207, "nabla isin notin"),
  ]

  private static let singles: [String: Unicode.Scalar] = [
    "quot": "\"", "amp": "&", "lt": "<", "gt": ">", "apos": "'", "OElig": "Œ", "oelig": "œ", "Scaron": "Š",
    "scaron": "š", "Yuml": "Ÿ", "fnof": "ƒ", "circ": "ˆ", "tilde": "˜", "thinsp": "\u{2009}",
    "hellip": "…", "permil": "‰", "oline": "‾", "frasl": "⁄", "euro": "€", "image": "ℑ", "weierp": "℘",
    "real": "ℜ", "trade": "™", "alefsym": "ℵ", "crarr": "↵", "forall": "∀", "part": "∂", "exist": "∃",
    "empty": "∅", "ni": "∋", "prod": "∏", "sum": "∑", "minus": "−", "lowast": "∗", "radic": "√",
    "prop": "∝", "infin": "∞", "ang": "∠", "there4": "∴", "sim": "∼", "cong": "≅", "asymp": "≈",
    "oplus": "⊕", "otimes": "⊗", "perp": "⊥", "sdot": "⋅", "loz": "◊", "spades": "♠", "clubs": "♣",
    "hearts": "♥", "diams": "♦", "thetasym": "ϑ", "upsih": "ϒ", "piv": "ϖ",
    // HTML 5
    "check": "✓", "checkmark": "✓", "cross": "✗", "star": "☆", "starf": "★", "phone": "☎", "lbrace": "{",
    "rbrace": "}", "lbrack": "[", "rbrack": "]", "lpar": "(", "rpar": ")", "num": "#", "dollar": "$",
    "percnt": "%", "ast": "*", "plus": "+", "comma": ",", "period": ".", "sol": "/", "colon": ":",
    "semi": ";", "equals": "=", "quest": "?", "commat": "@", "bsol": "\\", "lowbar": "_", "grave": "`",
    "verbar": "|", "vert": "|", "Hat": "^", "excl": "!", "NewLine": "\n", "Tab": "\t", "hyphen": "‐",
    "dash": "‐", "horbar": "―", "numsp": "\u{2007}", "puncsp": "\u{2008}", "hairsp": "\u{200A}",
    "zwsp": "\u{200B}", "ZeroWidthSpace": "\u{200B}", "NoBreak": "\u{2060}", "rarrw": "↝", "larrhk": "↩",
    "square": "□", "squ": "□", "blank": "␣", "copysr": "℗", "numero": "№", "deg": "°", "bullet": "•",
    "mldr": "…", "nldr": "‥", "ohm": "Ω", "inodot": "ı", "imath": "ı", "lstrok": "ł", "Lstrok": "Ł",
    "nacute": "ń", "sacute": "ś", "zacute": "ź", "zdot": "ż", "ccaron": "č", "rcaron": "ř", "zcaron": "ž",
    "ecaron": "ě", "uring": "ů", "abreve": "ă", "scedil": "ş", "gbreve": "ğ", "Idot": "İ", "eogon": "ę",
    "aogon": "ą", "cacute": "ć", "odblac": "ő", "udblac": "ű",
  ]
}
