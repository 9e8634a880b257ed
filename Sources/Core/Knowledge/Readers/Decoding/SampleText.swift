import Foundation

/// The first bytes of a file that is text, and what its contents suggest.
struct SampleText {
  private let text: String
  private let lines: [Substring]

  /// Nil where the bytes are no text in any encoding that is read here.
  init?(_ head: [UInt8], isWhole: Bool) {
    let encoding = TextDecoder.detect(SampleText.withoutCutCharacter(head, isWhole: isWhole), isHTML: false)
    switch encoding {
    case .utf8(let mark): text = String(decoding: mark ? head[3...] : head[...], as: UTF8.self)
    case .named(let name, let skip):
      let even = head[skip...].prefix((head.count - skip) & ~3)
      guard let bytes = try? TextDecoder.convert(even, from: name, Deadline(.seconds(10))) else { return nil }
      text = String(decoding: bytes, as: UTF8.self)
    case .guessed: text = String(decoding: head.map { $0 < 0x80 ? $0 : 0x78 }, as: UTF8.self)
    }
    var controls = 0
    var total = 0
    var replaced = 0
    for scalar in text.unicodeScalars {
      total += 1
      if scalar.value < 32, scalar.value != 9, scalar.value != 10, scalar.value != 13, scalar.value != 12,
        scalar.value != 27
      {
        controls += 1
      }
      if scalar == "\u{FFFD}" { replaced += 1 }
    }
    guard controls * 20 <= total, replaced * 10 <= total else { return nil }
    if case .guessed = encoding, !SampleText.isPlausibleLatin(head) { return nil }
    lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.prefix(2_000).map { $0 }
  }

  /// A sample that ends inside a character must not look like bad UTF-8.
  private static func withoutCutCharacter(_ head: [UInt8], isWhole: Bool) -> [UInt8] {
    guard !isWhole else { return head }
    var end = head.count
    while end > 0, head.count - end < 4, head[end - 1] & 0xC0 == 0x80 { end -= 1 }
    if end > 0, head[end - 1] >= 0xC0 { end -= 1 }
    return Array(head[..<end])
  }

  /// In text of a one-byte or East Asian encoding, spaces and letters or pairs of high bytes prevail.
  private static func isPlausibleLatin(_ head: [UInt8]) -> Bool {
    let controls = head.count { $0 < 32 && !$0.isTextSpace && $0 != 27 }
    return controls * 50 <= head.count
  }

  var firstVisible: UInt8? {
    text.utf8.first { !$0.isTextSpace }
  }

  // MARK: markup

  /// HTML, or an XML that has no reader; nil for other text.
  var markupType: FileType? {
    let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    guard start.first == "<" else { return nil }
    let low = start.prefix(4096).lowercased()
    if low.hasPrefix("<!doctype html") || low.hasPrefix("<html") || low.hasPrefix("<head")
      || low.hasPrefix("<body")
    {
      return .html
    }
    if low.hasPrefix("<?xml") || low.hasPrefix("<!doctype") {
      if low.contains("<html") { return .html }
      if low.contains("<svg") { return .unsupported("an image (SVG)") }
      if low.contains("<rss") || low.contains("<feed") { return .unsupported("an XML news feed") }
      return .unsupported("an XML document")
    }
    if low.hasPrefix("<svg") { return .unsupported("an image (SVG)") }
    if low.hasPrefix("<rss") || low.hasPrefix("<feed ") { return .unsupported("an XML news feed") }
    return low.contains("<html") || low.contains("<!doctype html") ? .html : nil
  }

  var hasTags: Bool {
    text.range(of: "<[a-zA-Z!/][^<>]*>", options: .regularExpression) != nil
  }

  // MARK: mail

  /// Begins with the header lines of a message.
  var isMail: Bool {
    if lines.first?.hasPrefix("From ") == true, lines.dropFirst().first?.contains(":") == true { return true }
    var names: Set<String> = []
    for line in lines.prefix(40) {
      if line.isEmpty { break }
      if line.first == " " || line.first == "\t" { continue }
      guard let colon = line.firstIndex(of: ":") else { return false }
      names.insert(line[..<colon].lowercased())
    }
    return names.contains("from") && names.contains("date")
      && !names.isDisjoint(with: ["received", "message-id", "mime-version", "x-mailer"])
  }

  // MARK: kinds of text

  /// What text without a telling name is: a table of questions, Markdown, reStructuredText, or plain.
  var guess: FileType {
    if let table = faqTable { return table }
    if hasTags, markupType != nil { return .html }
    let scores = (markdown: markdownMarks, rst: restructuredMarks)
    if scores.rst >= 2, scores.rst > scores.markdown { return .rst }
    return scores.markdown >= 2 ? .markdown : .text
  }

  private var faqTable: FileType? {
    guard let header = lines.first, lines.count > 1 else { return nil }
    for (delimiter, type) in [("\t", FileType.tsv), (",", .csv), (";", .csv)] as [(Character, FileType)] {
      let names = header.split(separator: delimiter).map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: "\" "))
      }
      guard names.count >= 2 else { continue }
      let roles = Set(names.compactMap { EntryColumns.strongRole(of: $0) })
      if roles.contains(.question), roles.contains(.answer) { return type }
    }
    return nil
  }

  /// Counts different signs, so that one stray mark makes no Markdown file.
  private var markdownMarks: Int {
    var marks: Set<String> = []
    if lines.first == "---", lines.dropFirst().prefix(100).contains("---"), lines.count > 2 {
      marks.formUnion(["front matter", "fence"])
    }
    for line in lines {
      if let hashes = line.firstIndex(where: { $0 != "#" }), hashes != line.startIndex, line[hashes] == " ",
        line.distance(from: line.startIndex, to: hashes) <= 6
      {
        marks.insert(line.hasPrefix("##") ? "subheading" : "heading")
      }
      if line.hasPrefix("```") { marks.insert("code") }
      if line.contains("](") { marks.insert("link") }
      if line.contains("**") { marks.insert("bold") }
      if line.hasPrefix("|"), line.contains("---") { marks.insert("table") }
    }
    return marks.count
  }

  private var restructuredMarks: Int {
    var marks: Set<String> = []
    for (line, next) in zip(lines, lines.dropFirst()) {
      if line.hasPrefix(".. "), line.contains("::") || line.hasPrefix(".. _") { marks.insert("directive") }
      if line.contains(":ref:`") || line.contains(":doc:`") || line.contains("`_") { marks.insert("role") }
      if line.contains("``") && !line.hasPrefix("```") { marks.insert("literal") }
      if let first = next.first, "=-~^\"*+#".contains(first), next.count >= max(3, line.count), !line.isEmpty,
        next.allSatisfy({ $0 == first })
      {
        marks.insert("underline")
      }
      if line.hasSuffix("::") { marks.insert("literal block") }
    }
    return marks.count
  }
}
