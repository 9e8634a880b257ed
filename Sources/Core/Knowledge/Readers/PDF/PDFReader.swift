import Domain
import Foundation

/// Reads the text of a PDF: paragraphs, without the lines that head and foot every page.
struct PDFReader {
  let tool: PDFTool

  func read(_ data: Data, _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    let raw = try tool.text(of: data, context)
    let pages = try PDFPages(raw, context.deadline)
    var assembler = TextAssembler()
    for paragraph in pages.paragraphs { assembler.add(paragraph.kind, paragraph.text) }
    let text = assembler.bytes.string
    guard text.contains(where: { $0.isLetter || $0.isNumber }) else {
      throw .noText("The PDF has \(pages.count) pages but no text: it is probably a scan.")
    }
    let title = PlainTextReader.title(text, assembler.blocks) ?? context.titleFromName
    return [
      ReadDocument(
        idSuffix: nil, content: DocumentContent(kind: .article, title: title, text: text),
        blocks: assembler.blocks, line: nil)
    ]
  }
}

/// The pages of a PDF as paragraphs.
struct PDFPages {
  struct Paragraph {
    let kind: Block.Kind
    let text: [UInt8]
  }
  private(set) var paragraphs: [Paragraph] = []
  let count: Int

  /// - Parameter raw: UTF-8, a form feed after each page, blank lines between blocks of text.
  init(_ raw: [UInt8], _ deadline: Deadline) throws(ReadFailure) {
    let sound = TextDecoder.isValid(raw) ? raw : Array(raw.string.utf8)
    var pages = sound.split(separator: 12, omittingEmptySubsequences: false).map { page in
      page.split(separator: 10, omittingEmptySubsequences: false).map { line in
        Array(line.filter { $0 >= 32 || $0 == 9 }.trimmed())
      }
    }
    if pages.last?.allSatisfy(\.isEmpty) == true { pages.removeLast() }
    count = max(1, pages.count)
    try deadline.check()
    Self.dropRunningLines(&pages)
    for page in pages {
      try deadline.check()
      for block in page.split(whereSeparator: \.isEmpty) { add(block) }
    }
  }

  /// Running heads and feet: the same line (numbers aside) at the edge of most pages.
  private static func dropRunningLines(_ pages: inout [[[UInt8]]]) {
    guard pages.count >= 3 else { return }
    for takesFirst in [true, false] {
      for _ in 0..<2 {
        var counts: [[UInt8]: Int] = [:]
        func edge(_ page: [[UInt8]]) -> Int? {
          takesFirst ? page.firstIndex { !$0.isEmpty } : page.lastIndex { !$0.isEmpty }
        }
        for page in pages {
          if let index = edge(page) { counts[shape(page[index]), default: 0] += 1 }
        }
        for index in pages.indices {
          // A page of one line is no page of running lines only.
          if let line = edge(pages[index]), counts[shape(pages[index][line]), default: 0] * 2 > pages.count,
            pages[index].count(where: { !$0.isEmpty }) > 1
          {
            pages[index][line] = []
          }
        }
      }
    }
  }

  private static func shape(_ line: [UInt8]) -> [UInt8] {
    var shape: [UInt8] = []
    for byte in line where !byte.isTextSpace {
      if !byte.isDigit {
        shape.append(byte)
      } else if shape.last != UInt8(ascii: "0") {
        shape.append(UInt8(ascii: "0"))
      }
    }
    return shape
  }

  /// Joins the lines of a block where the typesetter broke them, and keeps the breaks that mean something.
  private mutating func add(_ lines: ArraySlice<[UInt8]>) {
    let longest = lines.map(\.count).max() ?? 0
    var text: [UInt8] = []
    var kind = Block.Kind.paragraph
    var previous = 0
    for line in lines {
      if Self.isBullet(line) {
        flush(kind, &text)
        kind = .listItem
        text = Self.withPlainMarker(line)
      } else if text.isEmpty {
        text = line
      } else if text.hasSuffix("\u{AD}") {
        text.removeLast(2)
        text.append(contentsOf: line)
      } else if text.last == UInt8(ascii: "-"), text.count > 2, text[text.count - 2].isLetter,
        let first = line.first, first >= 97 && first <= 122
      {
        // "exam-" over "ple": the hyphen is the typesetter's.
        text.removeLast()
        text.append(contentsOf: line)
      } else {
        // A short line was ended on purpose.
        text.append(previous * 10 >= longest * 6 ? 32 : 10)
        text.append(contentsOf: line)
      }
      previous = line.count
    }
    flush(kind, &text)
  }

  private mutating func flush(_ kind: Block.Kind, _ text: inout [UInt8]) {
    if !text.isEmpty { paragraphs.append(Paragraph(kind: kind, text: text)) }
    text = []
  }

  private static let bullets: [[UInt8]] = ["•", "▪", "●", "◦", "‣", "–", "■", "\u{F0B7}", "-"].map {
    Array(($0 + " ").utf8)
  }

  private static func isBullet(_ line: [UInt8]) -> Bool { bullets.contains { line.starts(with: $0) } }

  private static func withPlainMarker(_ line: [UInt8]) -> [UInt8] {
    guard let bullet = bullets.first(where: { line.starts(with: $0) }) else { return line }
    return Array("- ".utf8) + line.dropFirst(bullet.count)
  }
}
