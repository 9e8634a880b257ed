import Domain
import Foundation

/// Reads JSON lines, and JSON files that hold a list of objects.
///
/// An object with a question or an answer is a FAQ entry; one with a text is an article (`_id`, `title`,
/// `text`, as evaluation sets have it); the rest become rows of one table.
struct JSONLinesReader {
  private static let maxLineBytes = 64 << 20
  /// A file that begins with so many lines that are no objects is no JSON lines file.
  private static let maxBadLinesAtStart = 20

  func read(_ source: [UInt8], _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    var builder = EntryBuilder()
    var table = TextAssembler()
    if let list = wholeList(source) {
      for (index, object) in list.enumerated() {
        try add(object, line: nil, &builder, &table, &context)
        if index & 0xFF == 0 { try context.deadline.check() }
      }
    } else {
      try readLines(source, &builder, &table, &context)
    }
    var documents = builder.documents
    if !table.blocks.isEmpty {
      let name = context.titleFromName
      documents.append(try table.finish(title: nil) { name }.document(DocumentMetadata(), &context))
    }
    if documents.isEmpty, context.diagnostics.isEmpty { throw .noText("There are no entries in this file.") }
    return documents
  }

  /// The objects of a file that is one JSON value; nil for JSON lines.
  private func wholeList(_ source: [UInt8]) -> [[String: Any]]? {
    guard source.count <= Self.maxLineBytes else { return nil }
    let first = source.first { !$0.isTextSpace }
    if first == UInt8(ascii: "{") {
      // Two lines that are objects by themselves are JSON lines.
      let line = source[...].drop { $0.isTextSpace }.prefix { $0 != 10 }
      if line.count < source.trimmed().count, Self.object(Data(line)) != nil { return nil }
    }
    guard let value = try? JSONSerialization.jsonObject(with: Data(source)) else { return nil }
    if let object = value as? [String: Any] { return JSONRecords.entries(in: object) ?? [object] }
    return (value as? [Any])?.compactMap { $0 as? [String: Any] }
  }

  private static func object(_ data: Data) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
  }

  private func readLines(
    _ source: [UInt8], _ builder: inout EntryBuilder, _ table: inout TextAssembler,
    _ context: inout ReadContext
  ) throws(ReadFailure) {
    var line = 0
    var start = 0
    // Told once an object shows that the file is JSON lines at all.
    var held: [ReadFailure] = []
    var hasObjects = false
    while start < source.count {
      try context.deadline.check()
      line += 1
      let end = source[start...].firstLineFeed ?? source.count
      let text = source[start..<end].trimmed()
      start = end + 1
      if text.isEmpty { continue }
      if text.count <= Self.maxLineBytes, let object = Self.object(Data(text)) {
        hasObjects = true
        for failure in held { context.report(failure) }
        held = []
        try add(object, line: line, &builder, &table, &context)
        continue
      }
      let failure = Self.failure(text.count, line: line)
      if hasObjects {
        context.report(failure)
      } else {
        held.append(failure)
        if held.count > Self.maxBadLinesAtStart { break }
      }
    }
    if !hasObjects { throw held.isEmpty ? .noText("There are no entries in this file.") : Self.noJSON }
  }

  private static func failure(_ bytes: Int, line: Int) -> ReadFailure {
    bytes > maxLineBytes
      ? ReadFailure(
        code: "line_too_long", message: "The line has \(bytes) bytes; the limit is 64 MB.",
        remedy: "Put each entry on a line of its own.", line: line)
      : ReadFailure(
        code: "invalid_json", message: "The line is not a JSON object; it was left out.",
        remedy: "Write one object per line, such as {\"question\": \"...\", \"answer\": \"...\"}.", line: line
      )
  }

  private static let noJSON = ReadFailure(
    code: "invalid_json", message: "The file is neither JSON nor JSON lines.",
    remedy: "Write one object per line, such as {\"question\": \"...\", \"answer\": \"...\"}.")

  private func add(
    _ object: [String: Any], line: Int?, _ builder: inout EntryBuilder, _ table: inout TextAssembler,
    _ context: inout ReadContext
  ) throws(ReadFailure) {
    // Sorted, so that `question` comes before `question_2` and results repeat.
    let keys = object.keys.sorted()
    let columns = EntryColumns(keys)
    let kind = JSONRecords.kind(of: columns)
    do throws(ReadFailure) {
      guard kind != .other else {
        let cells = keys.map { key in
          JSONRecords.scalar(object[key]!).map { TableCell(text: Array($0.utf8).collapsingSpace()) }
        }
        if let row = TableText.line(cells, labels: keys.map { Array($0.utf8) }) { table.add(.tableRow, row) }
        return
      }
      let entry = try entry(object, keys, columns, line: line, &context)
      if kind == .faq {
        try builder.addFAQ(entry, &context)
      } else {
        try builder.addArticle(entry, &context)
      }
    } catch {
      try context.absorb(error, line: line)
    }
  }

  private func entry(
    _ object: [String: Any], _ keys: [String], _ columns: EntryColumns, line: Int?,
    _ context: inout ReadContext
  ) throws(ReadFailure) -> EntryBuilder.Entry {
    var entry = EntryBuilder.Entry(line: line)
    for (key, role) in zip(keys, columns.roles) {
      let value = object[key]!
      if let text = JSONRecords.scalar(value) {
        try entry.set(role, name: key, text, &context)
      } else if let list = JSONRecords.list(value) {
        try setList(list, role, key, &entry, &context)
      } else if let nested = value as? [String: Any], role == .attribute {
        for (name, value) in nested.sorted(by: { $0.key < $1.key }) {
          if let text = JSONRecords.scalar(value) { entry.metadata.addAttribute(name, text) }
        }
      }
    }
    return entry
  }

  private func setList(
    _ list: [String], _ role: EntryColumns.Role, _ key: String, _ entry: inout EntryBuilder.Entry,
    _ context: inout ReadContext
  ) throws(ReadFailure) {
    switch role {
    case .question:
      entry.question = list.first ?? ""
      entry.phrasings += list.dropFirst()
    case .phrasing: entry.phrasings += list
    case .tags: entry.metadata.addTags(.list(list))
    case .visibility: try entry.metadata.set("frontdesk_visibility", .list(list), &context)
    case .attribute: entry.metadata.addAttribute(key, list.joined(separator: ", "))
    default: try entry.set(role, name: key, list.joined(separator: "\n"), &context)
    }
  }
}
