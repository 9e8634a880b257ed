/// Cuts delimiter-separated values into rows (RFC 4180; quoted fields hold delimiters and line breaks).
///
/// One pass, one row at a time. A quote inside an unquoted field is an ordinary character; text behind a
/// closing quote belongs to the field.
struct CSVParser {
  struct Row {
    let fields: [[UInt8]]
    /// Where it begins, from 1.
    let line: Int
    /// A quote was opened that nothing closes; the row was then read as if its quotes were characters.
    let hasUnclosedQuote: Bool
  }

  private let bytes: [UInt8]
  private let delimiter: UInt8
  private var position = 0
  private var line = 1
  /// After so many rows with unclosed quotes, quotes are no longer looked for: each costs a pass.
  private var unclosedLeft = 20

  init(_ bytes: [UInt8], delimiter: UInt8) {
    self.bytes = bytes
    self.delimiter = delimiter
  }

  /// - Returns: nil at the end. A blank line is a row of one empty field.
  mutating func next() -> Row? {
    guard position < bytes.count else { return nil }
    let start = position
    let startLine = line
    if unclosedLeft > 0 {
      if let fields = readRow(honouringQuotes: true) {
        return Row(fields: fields, line: startLine, hasUnclosedQuote: false)
      }
      unclosedLeft -= 1
    }
    position = start
    line = startLine
    let hadQuotes = unclosedLeft >= 0
    let fields = readRow(honouringQuotes: false) ?? []
    return Row(
      fields: fields, line: startLine, hasUnclosedQuote: hadQuotes && fields.contains { $0.contains(34) })
  }

  /// All rows of a small table, trimmed.
  static func rows(_ bytes: [UInt8], delimiter: UInt8) -> [[[UInt8]]] {
    var parser = CSVParser(bytes, delimiter: delimiter)
    var rows: [[[UInt8]]] = []
    while let row = parser.next() { rows.append(row.fields.map { Array($0.trimmed()) }) }
    return rows
  }

  private mutating func readRow(honouringQuotes: Bool) -> [[UInt8]]? {
    var fields: [[UInt8]] = []
    while true {
      guard let field = readField(honouringQuotes: honouringQuotes) else { return nil }
      fields.append(field)
      guard position < bytes.count else { return fields }
      let end = bytes[position]
      position += 1
      if end == 10 {
        line += 1
        return fields
      }
      // A delimiter as the file's last byte ends with an empty field.
      if position == bytes.count {
        fields.append([])
        return fields
      }
    }
  }

  /// Reads up to the delimiter or line break. Nil where a quote is not closed.
  private mutating func readField(honouringQuotes: Bool) -> [UInt8]? {
    var at = position
    // Spaces before an opening quote are padding.
    while honouringQuotes, at < bytes.count, bytes[at] == 32 { at += 1 }
    guard honouringQuotes, at < bytes.count, bytes[at] == 34 else {
      let start = position
      position = fieldEnd(from: start)
      return Array(bytes[start..<position])
    }
    var field: [UInt8] = []
    at += 1
    while let quote = bytes.firstIndex(ofByte: 34, from: at) {
      appendQuoted(at..<quote, to: &field)
      if quote + 1 < bytes.count, bytes[quote + 1] == 34 {
        field.append(34)
        at = quote + 2
        continue
      }
      position = quote + 1
      let end = fieldEnd(from: position)
      let tail = bytes[position..<end]
      if !tail.isBlank { field.append(contentsOf: tail) }
      position = end
      return field
    }
    return nil
  }

  private mutating func appendQuoted(_ range: Range<Int>, to field: inout [UInt8]) {
    let piece = bytes[range]
    line += piece.count { $0 == 10 }
    field.append(contentsOf: piece)
  }

  private func fieldEnd(from start: Int) -> Int {
    bytes.withUnsafeBufferPointer { buffer in
      var end = start
      while end < buffer.count, buffer[end] != delimiter, buffer[end] != 10 { end += 1 }
      return end
    }
  }

  /// The delimiter under which the first rows have the most, and equally many, fields.
  static func delimiter(of bytes: [UInt8]) -> UInt8 {
    let sample = Array(bytes.prefix(32 << 10))
    var best: (delimiter: UInt8, score: Int) = (UInt8(ascii: ","), 0)
    for delimiter in ",;\t|".utf8 {
      var parser = CSVParser(sample, delimiter: delimiter)
      var counts: [Int] = []
      while counts.count < 30, let row = parser.next() {
        if row.fields.count > 1 || !row.fields[0].isBlank { counts.append(row.fields.count) }
      }
      // The sample may end inside a row.
      if sample.count < bytes.count, counts.count > 1 { counts.removeLast() }
      guard let first = counts.first, first > 1 else { continue }
      let agreeing = counts.count { $0 == first }
      let score = agreeing * 1_000 / counts.count + min(first, 50)
      if score > best.score { best = (delimiter, score) }
    }
    return best.delimiter
  }
}
