/// Grid tables and simple tables. Columns are counted in characters, as they are drawn.
struct ReStructuredTextTable {
  typealias Line = ArraySlice<UInt8>

  let rows: [[[UInt8]]]
  let headerRows: Int?
  let lineCount: Int

  /// Nil where no table begins.
  init?(_ lines: ArraySlice<Line>) {
    guard let first = lines.first else { return nil }
    if first.starts(withASCII: "+-") || first.starts(withASCII: "+=") {
      self.init(grid: lines)
    } else if first.first == UInt8(ascii: "=") {
      self.init(simple: lines)
    } else {
      return nil
    }
  }

  private init?(grid lines: ArraySlice<Line>) {
    let block = lines.prefix { $0.first == UInt8(ascii: "+") || $0.first == UInt8(ascii: "|") }
    guard block.count >= 3, block.first?.last == UInt8(ascii: "+") else { return nil }
    var rows: [[[UInt8]]] = []
    var headerRows: Int?
    var current: [[UInt8]] = []
    for line in block {
      if line.first == UInt8(ascii: "+"), line.allSatisfy({ "+-=".utf8.contains($0) }) {
        if !current.isEmpty { rows.append(current) }
        current = []
        if line.contains(UInt8(ascii: "=")) { headerRows = rows.count }
        continue
      }
      // Borders inside a line also end cells; columns that span stay joined.
      let cells = line.dropFirst().dropLast(line.last == UInt8(ascii: "|") ? 1 : 0)
        .split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
      for (column, cell) in cells.prefix(1_000).enumerated() {
        if column >= current.count { current.append([]) }
        let text = cell.trimmed()
        guard !text.isEmpty else { continue }
        if !current[column].isEmpty { current[column].append(32) }
        current[column].append(contentsOf: text)
      }
    }
    if !current.isEmpty { rows.append(current) }
    guard !rows.isEmpty else { return nil }
    self.rows = rows
    self.headerRows = headerRows
    lineCount = block.count
  }

  private init?(simple lines: ArraySlice<Line>) {
    func isBorder(_ line: Line) -> Bool {
      line.contains(32) && line.first == UInt8(ascii: "=")
        && line.allSatisfy { $0 == UInt8(ascii: "=") || $0 == 32 }
    }
    guard let first = lines.first, isBorder(first) else { return nil }
    var starts: [Int] = []
    var wasSpace = true
    for (column, byte) in first.enumerated() {
      if byte != 32, wasSpace { starts.append(column) }
      wasSpace = byte == 32
    }
    var rows: [[[UInt8]]] = []
    var headerRows: Int?
    var used = 1
    var ended = false
    for line in lines.dropFirst() {
      used += 1
      if isBorder(line) {
        let next = lines.dropFirst(used).first
        if headerRows == nil, next?.isBlank == false {
          headerRows = rows.count
          continue
        }
        ended = true
        break
      }
      if line.isBlank || line.allSatisfy({ $0 == UInt8(ascii: "-") || $0 == 32 }) { continue }
      let cells = Self.cut(line, at: starts)
      if cells.first?.isEmpty == true, !rows.isEmpty {
        // No text in the first column: the row above goes on.
        for (column, cell) in cells.enumerated() where !cell.isEmpty {
          if !rows[rows.count - 1][column].isEmpty { rows[rows.count - 1][column].append(32) }
          rows[rows.count - 1][column].append(contentsOf: cell)
        }
      } else {
        rows.append(cells)
      }
    }
    guard ended, !rows.isEmpty else { return nil }
    self.rows = rows
    self.headerRows = headerRows ?? 0
    lineCount = used
  }

  private static func cut(_ line: Line, at starts: [Int]) -> [[UInt8]] {
    let characters = Array(line.string.unicodeScalars)
    return starts.indices.map { index in
      let from = min(starts[index], characters.count)
      let to = index + 1 < starts.count ? min(starts[index + 1], characters.count) : characters.count
      var text = String.UnicodeScalarView()
      text.append(contentsOf: characters[from..<to])
      return Array(Array(String(text).utf8).trimmed())
    }
  }
}
