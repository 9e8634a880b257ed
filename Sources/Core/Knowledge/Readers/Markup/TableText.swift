/// A cell of a table, of whatever format.
struct TableCell {
  var text: [UInt8]
  var isHeader = false
  var columns = 1
  var rows = 1
}

/// Turns a table into lines that can be read, searched and cited without it: `Header: value; Header: value`.
enum TableText {
  /// - Parameters:
  ///   - rows: top to bottom; cells may span. Cell text becomes one line.
  ///   - headerRows: how many rows at the top name the columns; nil to find out.
  /// - Returns: one line for each row that is no header and not empty.
  static func lines(_ rows: [[TableCell]], headerRows: Int? = nil) -> [[UInt8]] {
    let grid = grid(rows)
    var headers = headerRows ?? grid.prefix { row in row.allSatisfy { $0 == nil || $0!.isHeader } }.count
    if headerRows == nil, headers == 0, looksLikeHeader(grid) { headers = 1 }
    // A table of nothing but header cells has no rows below to name.
    if headers >= grid.count { headers = 0 }
    let labels = labels(grid.prefix(headers))
    return grid.dropFirst(headers).compactMap { line($0, labels: labels) }
  }

  /// `Header: value; Header: value` of one row; nil where it is empty.
  static func line(_ row: [TableCell?], labels: [[UInt8]]) -> [UInt8]? {
    var line: [UInt8] = []
    for (column, cell) in row.enumerated() {
      guard let cell, !cell.text.isEmpty else { continue }
      // A heading across the row is said once.
      if cell.isHeader, column > 0, row[column - 1]?.text == cell.text { continue }
      let isRowLabel = column == 0 && labels.isEmpty && cell.isHeader && row.count > 1
      if !line.isEmpty, !line.hasSuffix(": ") { line.append(contentsOf: "; ".utf8) }
      if column < labels.count, !labels[column].isEmpty, labels[column] != cell.text {
        line.append(contentsOf: labels[column])
        line.append(contentsOf: ": ".utf8)
      }
      line.append(contentsOf: cell.text)
      if isRowLabel { line.append(contentsOf: ": ".utf8) }
    }
    return line.isEmpty ? nil : line
  }

  /// Places spanning cells; nil where another column's span covers. Cells that span rows repeat in each.
  private static func grid(_ rows: [[TableCell]]) -> [[TableCell?]] {
    var hanging: [Int: (left: Int, cell: TableCell)] = [:]
    return rows.map { cells in
      var row: [TableCell?] = []
      func fillHanging() {
        while let above = hanging[row.count] {
          hanging[row.count] = above.left > 1 ? (above.left - 1, above.cell) : nil
          row.append(above.cell)
        }
      }
      for cell in cells.prefix(1_000) {
        fillHanging()
        var cell = cell
        cell.text = cell.text.collapsingSpace()
        if cell.rows > 1 { hanging[row.count] = (min(cell.rows, 1_000) - 1, cell) }
        row.append(cell)
        // Header cells name every column they span.
        var more = min(cell.columns, 100) - 1
        while more > 0, row.count < 1_000 {
          row.append(cell.isHeader ? cell : nil)
          more -= 1
        }
      }
      fillHanging()
      return row
    }
  }

  /// One label a column; several header rows are read downwards.
  private static func labels(_ rows: some Collection<[TableCell?]>) -> [[UInt8]] {
    var labels: [[UInt8]] = []
    for row in rows {
      for (column, cell) in row.enumerated() {
        if column >= labels.count { labels.append([]) }
        guard let cell, !cell.text.isEmpty, labels[column] != cell.text else { continue }
        if !labels[column].isEmpty { labels[column].append(32) }
        labels[column].append(contentsOf: cell.text)
      }
    }
    return labels.map { label in
      label.last == UInt8(ascii: ":") ? label.dropLast() : label
    }
  }

  /// Unmarked header rows: short, different words over at least one row of something else.
  private static func looksLikeHeader(_ grid: [[TableCell?]]) -> Bool {
    guard grid.count > 1, let first = grid.first, first.count > 1 else { return false }
    let texts = first.map { $0?.text ?? [] }
    return texts.allSatisfy { !$0.isEmpty && $0.count <= 60 && $0.contains { $0.isLetter || $0 >= 0x80 } }
      && Set(texts).count == texts.count && !texts.contains { $0.contains { $0.isDigit } && $0.count > 20 }
  }
}

extension Array where Element == UInt8 {
  func hasSuffix(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { suffix in
      count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
  }
}
