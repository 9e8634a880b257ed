import Domain
import Foundation

/// Reads Word documents (DOCX; ECMA-376 part 1): headings, lists, tables, notes; no deleted or hidden text.
struct WordReader {
  func read(_ data: Data, _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    var package = try WordPackage(data, &context)
    let main = try package.mainPart(&context)
    let folder = main.contains("/") ? main[...main.lastIndex(of: "/")!] : ""
    guard let document = try package.part(main, &context) else {
      throw WordPackage.unreadable("it has no main text (\(main))")
    }
    let styles = try WordStyles(package.part(folder + "styles.xml", &context) ?? [], context.deadline)
    let numbering = try WordNumbering(
      package.part(folder + "numbering.xml", &context) ?? [], context.deadline)
    var parser = WordTextParser(styles: styles, numbering: numbering)
    try parser.parse(document, context.deadline)
    for notes in ["footnotes.xml", "endnotes.xml"] {
      if let part = try package.part(folder + notes, &context) { try parser.parse(part, context.deadline) }
    }
    if parser.isDamaged {
      context.warn(
        "damaged_docx", "The document's XML is damaged; what could be read of it was taken.",
        remedy: "Open it in Word or LibreOffice and save it again.")
    }
    let properties = try WordProperties(package.part("docProps/core.xml", &context) ?? [], context.deadline)
    var metadata = DocumentMetadata()
    metadata.addTags(.scalar(properties["keywords"] ?? ""))
    metadata.language = properties["language"].flatMap(DocumentMetadata.language)
    for key in ["subject", "category", "creator"] { metadata.addAttribute(key, properties[key] ?? "") }
    let name = context.titleFromName
    let finished = parser.assembler.finish(title: parser.hasTitle ? nil : properties.title) { name }
    // A title among the properties does not make a document of an empty one.
    if finished.text.isEmpty, !parser.hasTitle { throw .noText("There is no text in this document.") }
    return [try finished.document(metadata, &context)]
  }
}

/// The parts of a DOCX file, unpacked within one budget.
struct WordPackage {
  private let archive: ZipArchive
  private var budget: Int
  private let limit: Int

  /// What any archive may unpack to, however small it is.
  private static let freeBytes = 16 << 20

  init(_ data: Data, _ context: inout ReadContext) throws(ReadFailure) {
    do {
      archive = try ZipArchive(data, maxEntries: 20_000)
    } catch {
      throw Self.unreadable("the archive around it is damaged")
    }
    limit = min(context.limits.maxBytes, max(Self.freeBytes, data.count * context.limits.maxExpansion))
    budget = limit
  }

  static func unreadable(_ reason: String) -> ReadFailure {
    ReadFailure(
      code: "unreadable_docx", message: "The Word document cannot be read: \(reason).",
      remedy: "Open it in Word or LibreOffice and save it again.")
  }

  /// Text of a part as UTF-8; nil where it is not there.
  mutating func part(_ name: some StringProtocol, _ context: inout ReadContext) throws(ReadFailure)
    -> [UInt8]?
  {
    try context.deadline.check()
    let bytes: [UInt8]?
    do {
      bytes = try archive.unpack(String(name), maxBytes: budget)
    } catch {
      switch error {
      case .encrypted: throw .encrypted("an encrypted Word document")
      case .tooLarge:
        throw ReadFailure(
          code: "expands_too_much",
          message:
            "The archive unpacks to more than \(limit) bytes, which no honest document of its size does.",
          remedy: "Save the document again from Word, or split it.")
      case .broken, .unknownMethod: throw Self.unreadable("its part \(name) is damaged")
      }
    }
    guard let bytes else { return nil }
    budget -= bytes.count
    return bytes.isEmpty ? [] : try TextDecoder.decode(Data(bytes), isHTML: true, &context)
  }

  /// The part that the package's relations name as its document.
  mutating func mainPart(_ context: inout ReadContext) throws(ReadFailure) -> String {
    let parser = MarkupParser(try part("_rels/.rels", &context) ?? [], .xml, context.deadline)
    while let token = try parser.next() {
      guard case .start("Relationship", let attributes) = token,
        attributes["Type"]?.hasSuffix("/officeDocument") == true, let target = attributes["Target"]
      else { continue }
      return target.hasPrefix("/") ? String(target.dropFirst()) : target
    }
    return "word/document.xml"
  }
}

/// Title and the like from `docProps/core.xml`.
struct WordProperties {
  private var values: [String: String] = [:]

  init(_ xml: [UInt8], _ deadline: Deadline) throws(ReadFailure) {
    let parser = MarkupParser(xml, .xml, deadline)
    var name: String?
    while let token = try parser.next() {
      switch token {
      case .start(let element, _): name = element
      case .end: name = nil
      case .text(let text): if let name { values[name] = text.collapsingSpace().string }
      }
    }
  }

  subscript(_ name: String) -> String? { values[name] }

  /// Nil where it is what a program put there.
  var title: String? {
    guard let title = values["title"], title.count > 1 else { return nil }
    let low = title.lowercased()
    let isMachineMade =
      low.hasPrefix("microsoft word") || low.hasSuffix(".doc") || low.hasSuffix(".docx") || low == "untitled"
      || low.hasPrefix("document1") || low == "title" || low == "word document"
    return isMachineMade ? nil : title
  }
}
