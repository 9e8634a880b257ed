import Crypto
import Domain
import Foundation

/// Makes documents of rows and JSON objects, and keeps their ids apart within one file.
struct EntryBuilder {
  /// What one row says, cell by cell.
  struct Entry {
    var question = ""
    var phrasings: [String] = []
    var answer = ""
    var answerHTML = ""
    var title = ""
    var body = ""
    var id = ""
    var metadata = DocumentMetadata()
    var line: Int?
  }

  private var ids: Set<ExactString> = []
  /// Hashes of question and answer together.
  private var pairs: Set<String> = []
  private(set) var documents: [ReadDocument] = []
  /// Of the entry that is being added.
  private var links = LinkCollector()

  static let maxPhrasings = 256
  private static let maxIDBytes = 512
  /// Of question, phrasings and answer together.
  static let maxEntryBytes = 65_536

  /// Adds a FAQ entry, or tells why it is left out.
  mutating func addFAQ(_ entry: Entry, _ context: inout ReadContext) throws(ReadFailure) {
    try entry.metadata.checkPublication()
    links = LinkCollector()
    var questions: [String] = []
    for text in [entry.question.isEmpty ? entry.title : entry.question] + entry.phrasings {
      let question = try plain(text, context).collapsingSpace().string
      if !question.isEmpty, !questions.contains(question), questions.count <= Self.maxPhrasings {
        questions.append(question)
      }
    }
    let answer = try answer(of: entry, context)
    guard let question = questions.first else {
      return context.report(
        ReadFailure(
          code: "faq_without_question", message: "This entry has an answer but no question; it was left out.",
          remedy: "Fill in the question.", line: entry.line))
    }
    guard !answer.isEmpty else {
      return context.report(
        ReadFailure(
          code: "faq_without_answer",
          message: "The question “\(question.cut(toBytes: 100))” has no answer; it was left out.",
          remedy: "Fill in the answer, or delete the row.", line: entry.line))
    }
    let text = String(decoding: answer, as: UTF8.self)
    guard let suffix = suffix(entry, question: question, answer: text, &context) else { return }
    // A FAQ entry is found, shown and quoted as one: what is too long for that is an article.
    let bytes = questions.reduce(text.utf8.count) { $0 + $1.utf8.count }
    let isLong = bytes > Self.maxEntryBytes
    if isLong {
      context.warn(
        "long_answer",
        "The entry has \(bytes) bytes, more than \(Self.maxEntryBytes); it was read as an article.",
        remedy: "Give a short answer, and keep the rest in a document of its own.", line: entry.line)
    }
    var content =
      isLong
      ? DocumentContent(
        kind: .article, title: question.cut(toBytes: TextAssembler.maxHeadingBytes), text: text)
      : DocumentContent(kind: .faq, title: question, text: text, questions: Array(questions.dropFirst()))
    entry.metadata.apply(to: &content)
    documents.append(
      ReadDocument(
        idSuffix: suffix, content: content, blocks: PlainTextBlocks.blocks(of: text), line: entry.line,
        links: links.links(line: entry.line), publication: entry.metadata.publication))
  }

  /// Adds an article of its own, empty ones too: an evaluation set counts them.
  mutating func addArticle(_ entry: Entry, _ context: inout ReadContext) throws(ReadFailure) {
    try entry.metadata.checkPublication()
    links = LinkCollector()
    let title = try plain(entry.title, context).collapsingSpace().string
    let text = try plain(entry.body.isEmpty ? entry.answer : entry.body, context).trimmed().string
    if text.isEmpty {
      context.warn("no_text", "This entry has no text.", remedy: "Fill in its text.", line: entry.line)
      if title.isEmpty, entry.id.isEmpty { return }
    }
    guard let suffix = suffix(entry, question: title, answer: text, &context) else { return }
    var content = DocumentContent(
      kind: .article, title: title.cut(toBytes: TextAssembler.maxHeadingBytes), text: text)
    entry.metadata.apply(to: &content)
    documents.append(
      ReadDocument(
        idSuffix: suffix, content: content, blocks: PlainTextBlocks.blocks(of: text), line: entry.line,
        links: links.links(line: entry.line), publication: entry.metadata.publication))
  }

  /// Of a plain answer and one in HTML the fuller: scraped plain ones often lack the words of links.
  private mutating func answer(of entry: Entry, _ context: ReadContext) throws(ReadFailure) -> [UInt8] {
    let own = Array(try plain(entry.answer.isEmpty ? entry.body : entry.answer, context).trimmed())
    guard !entry.answerHTML.isEmpty else { return own }
    let rich = Array(try plain(entry.answerHTML, context).trimmed())
    return rich.collapsingSpace().count >= own.collapsingSpace().count ? rich : own
  }

  /// A cell's text, tags and references resolved where it is HTML.
  private mutating func plain(_ cell: String, _ context: ReadContext) throws(ReadFailure) -> [UInt8] {
    let bytes = Array(cell.utf8)
    guard HTMLText.isLikely(bytes) else { return bytes }
    let html = try HTMLText(bytes, context.deadline)
    links.add(html)
    return html.plain
  }

  /// The id of an entry within its file; nil, with a diagnostic, where it may not go in.
  private mutating func suffix(
    _ entry: Entry, question: String, answer: String, _ context: inout ReadContext
  ) -> String? {
    if !entry.id.isEmpty {
      guard entry.id.utf8.count <= Self.maxIDBytes, !entry.id.utf8.contains(0) else {
        context.report(
          ReadFailure(
            code: "invalid_id",
            message: "The id is longer than \(Self.maxIDBytes) bytes; the entry was left out.",
            remedy: "Give it a shorter id.", line: entry.line))
        return nil
      }
      guard ids.insert(ExactString(entry.id)).inserted else {
        context.report(
          ReadFailure(
            code: "duplicate_id",
            message: "The id “\(entry.id)” stands above already; this entry was left out.",
            remedy: "Give each entry an id of its own.", line: entry.line))
        return nil
      }
      return "#" + entry.id
    }
    let hash = Self.hash(question.isEmpty ? answer : question)
    // The same question with another answer: both go in, the later under a hash of both.
    let both = Self.hash(question + "\n" + answer)
    let isNew = pairs.insert(both).inserted
    if ids.insert(ExactString(hash)).inserted { return "#" + hash }
    context.warn(
      "duplicate_question",
      isNew
        ? "The question “\(question.cut(toBytes: 100))” stands above with another answer; both were taken."
        : "The question “\(question.cut(toBytes: 100))” stands above with the same answer; this one was left out.",
      remedy: "Keep one entry for each question.", line: entry.line)
    return isNew ? "#" + both : nil
  }

  /// 16 hex digits of sha256.
  private static func hash(_ text: String) -> String {
    SHA256.hash(data: Data(text.utf8)).prefix(8).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}

extension EntryBuilder.Entry {
  /// Puts a value where its column's role says.
  mutating func set(
    _ role: EntryColumns.Role, name: String, _ value: String, _ context: inout ReadContext
  ) throws(ReadFailure) {
    guard !value.isEmpty else { return }
    switch role {
    case .question: question = value
    case .answer: answer = value
    case .answerHTML: answerHTML = value
    case .phrasing: phrasings += Self.list(value)
    case .title: title = value
    case .body: body = value
    case .id: id = value.trimmingSpaces
    case .tags:
      metadata.addTags(value.trimmingSpaces.hasPrefix("[") ? .list(Self.list(value)) : .scalar(value))
    case .url:
      metadata.url = DocumentMetadata.url(value)
      if metadata.url == nil { metadata.addAttribute(name, value) }
    case .language: metadata.language = DocumentMetadata.language(value)
    case .visibility: try metadata.set("frontdesk_visibility", .scalar(value), &context)
    case .publication(let key): try metadata.setPublication(key, value)
    case .attribute: metadata.addAttribute(name, value)
    }
  }

  /// Several texts in one cell: a JSON list, or separated by line breaks or `|`.
  static func list(_ cell: String) -> [String] {
    let text = cell.trimmingSpaces
    if text.hasPrefix("["), let list = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any] {
      return list.compactMap { $0 as? String }
    }
    return text.split { $0 == "|" || $0.isNewline }.map { String($0).trimmingSpaces }.filter { !$0.isEmpty }
  }
}
