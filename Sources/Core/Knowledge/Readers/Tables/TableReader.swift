import Domain

/// Reads CSV and TSV: a FAQ, a list of articles, or one table.
///
/// The header row decides (`EntryColumns`). A table without question and answer is one article whose rows
/// read `Header: value; Header: value`.
struct TableReader {
  /// Nil to find out.
  let delimiter: UInt8?

  func read(_ source: [UInt8], _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    var parser = CSVParser(source, delimiter: chosenDelimiter(source))
    var header: CSVParser.Row?
    while header == nil, let row = parser.next() {
      if !Self.isEmpty(row) { header = row }
    }
    guard let header else { throw .noText("The table has no rows.") }
    let columns = EntryColumns(header.fields.map { $0.trimmed().string })
    guard columns.isFAQ || columns.isArticles else {
      if columns.hasQuestions {
        context.warn(
          "no_answer_column",
          "There are questions but no column of answers; the file was read as a plain table.",
          remedy: "Name the columns `question` and `answer`.", line: header.line)
      }
      return try readTable(header, &parser, &context)
    }
    var builder = EntryBuilder()
    var rows = 0
    while let row = parser.next() {
      try context.deadline.check()
      if Self.isEmpty(row) { continue }
      rows += 1
      check(row, columns.names.count, &context)
      do throws(ReadFailure) {
        let entry = try entry(row, columns, &context)
        if columns.isFAQ {
          try builder.addFAQ(entry, &context)
        } else {
          try builder.addArticle(entry, &context)
        }
      } catch {
        try context.absorb(error, line: row.line)
      }
    }
    if rows == 0 { throw .noText("The table has a header but no rows.") }
    return builder.documents
  }

  /// A TSV that has no tabs in its header was named wrongly.
  private func chosenDelimiter(_ source: [UInt8]) -> UInt8 {
    guard let delimiter, source.prefix(while: { $0 != 10 }).contains(delimiter) else {
      return CSVParser.delimiter(of: source)
    }
    return delimiter
  }

  private static func isEmpty(_ row: CSVParser.Row) -> Bool { row.fields.allSatisfy(\.isBlank) }

  private func check(_ row: CSVParser.Row, _ columns: Int, _ context: inout ReadContext) {
    if row.hasUnclosedQuote {
      context.warn(
        "unclosed_quote", "A quoted field is never closed; the line was read without regard to quotes.",
        remedy: "Close the quote, or double quotes that belong to the text.", line: row.line)
    } else if row.fields.count > columns, row.fields[columns...].contains(where: { !$0.isBlank }) {
      context.warn(
        "extra_columns",
        "The row has \(row.fields.count) fields, the header \(columns); the rest was left out.",
        remedy: "Put quotes around fields that contain the delimiter.", line: row.line)
    }
  }

  private func entry(_ row: CSVParser.Row, _ columns: EntryColumns, _ context: inout ReadContext)
    throws(ReadFailure) -> EntryBuilder.Entry
  {
    var entry = EntryBuilder.Entry(line: row.line)
    for (column, field) in row.fields.enumerated() where column < columns.roles.count {
      let value = field.trimmed().string
      try entry.set(columns.roles[column], name: columns.names[column], value, &context)
    }
    return entry
  }

  private func readTable(
    _ header: CSVParser.Row, _ parser: inout CSVParser, _ context: inout ReadContext
  ) throws(ReadFailure) -> [ReadDocument] {
    var assembler = TextAssembler()
    let labels = header.fields.map { $0.collapsingSpace() }
    var rows = 0
    while let row = parser.next() {
      try context.deadline.check()
      var cells: [TableCell?] = []
      for field in row.fields {
        let text = HTMLText.isLikely(field) ? try HTMLText.plain(field, context.deadline) : field
        cells.append(TableCell(text: text.collapsingSpace()))
      }
      if let line = TableText.line(cells, labels: labels) { assembler.add(.tableRow, line) }
      rows += 1
    }
    if rows == 0 {
      // A single line is no header of anything.
      assembler.add(.tableRow, Array(labels.joined(separator: Array("; ".utf8))))
    }
    let name = context.titleFromName
    return [try assembler.finish(title: nil) { name }.document(DocumentMetadata(), &context)]
  }
}

extension ReadContext {
  /// A bad row is told and left out; what ends the whole file goes on as it is.
  mutating func absorb(_ failure: ReadFailure, line: Int?) throws(ReadFailure) {
    guard failure.code != "timeout", failure.code != "cancelled" else { throw failure }
    var failure = failure
    failure.line = line ?? failure.line
    report(failure)
  }
}
