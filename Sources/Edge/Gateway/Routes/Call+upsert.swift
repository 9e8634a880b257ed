import Domain
import Foundation
import HTTPTypes
import Knowledge

extension Call {
  /// The document that the body holds: fields as JSON, or a file.
  ///
  /// - Throws: `invalid_json`, `missing_field`, `invalid_field`, `invalid_visibility`, `invalid_publication`.
  func upsert(_ externalID: String, into knowledgeBase: String) throws -> DocumentUpsert {
    guard !isFile else {
      // What curl sends where nobody says otherwise tells nothing about the file.
      let type = mediaType == "application/x-www-form-urlencoded" ? nil : mediaType
      return DocumentUpsert(
        knowledgeBase: knowledgeBase, externalID: externalID, body: .file(body, mediaType: type),
        visibility: try query["visibility"].map { try Visibility(parsing: $0) },
        publication: try publicationOfQuery(), author: author)
    }
    var fields = try fields()
    let content = fields.documentContent()
    let publication = fields.publication()
    try fields.finish()
    return DocumentUpsert(
      knowledgeBase: knowledgeBase, externalID: externalID, body: .fields(content), publication: publication,
      author: author)
  }

  /// Who acts, as audit entries name them.
  var author: String? { principal.actor }

  /// Undeclared bytes are fields where they begin as an object does.
  private var isFile: Bool {
    guard let mediaType else {
      return body.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } != UInt8(ascii: "{")
    }
    return !MediaTypeName.isJSON(mediaType)
  }
}

extension FieldReader {
  mutating func documentContent() -> DocumentContent {
    var content = DocumentContent(title: string("title", maxBytes: 8192) ?? "", text: requiredString("text"))
    if let name = string("kind") {
      if let kind = DocumentKind(rawValue: name) {
        content.kind = kind
      } else {
        fail("kind", "it must be article or faq.")
      }
    }
    content.questions = strings("questions", maxCount: 1000, maxBytes: 8192) ?? []
    content.url = link("url")
    content.language = language("language")
    content.tags = strings("tags", maxCount: 1000, maxBytes: 1024) ?? []
    content.attributes = stringMap("attributes", maxCount: 1000, maxBytes: 8192) ?? [:]
    content.visibility = visibility("visibility") ?? .public
    return content
  }

  /// A link that a page may show: without a scheme, or of one that runs no code.
  private mutating func link(_ field: String) -> String? {
    guard let url = string(field, maxBytes: 8192), !url.isEmpty else { return nil }
    let scheme = url.prefix { $0 != ":" && $0 != "/" && $0 != "?" && $0 != "#" }
    let hasScheme = scheme.endIndex < url.endIndex && url[scheme.endIndex] == ":"
    // Browsers skip control characters and leading space before a scheme.
    let isPlain = !url.unicodeScalars.contains { $0.value < 0x20 } && url.first?.isWhitespace == false
    guard isPlain, !hasScheme || ["http", "https", "mailto", "tel", "urn"].contains(scheme.lowercased())
    else {
      fail(field, "it must be an http, https, mailto, tel or urn link.")
      return nil
    }
    return url
  }

  /// The primary subtag of a BCP 47 tag, in lower case: `de` of `de-CH`.
  private mutating func language(_ field: String) -> String? {
    guard let tag = string(field, maxBytes: 64), !tag.isEmpty else { return nil }
    let primary = tag.split(whereSeparator: { $0 == "-" || $0 == "_" }).first.map { $0.lowercased() } ?? ""
    guard (2...8).contains(primary.utf8.count),
      primary.utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) })
    else {
      fail(field, "it must be a BCP 47 language tag such as 'en' or 'pt-BR'.")
      return nil
    }
    return primary
  }

  /// `public`, `signed_in`, a group's name, or a list of groups' names.
  mutating func visibility(_ field: String) -> Visibility? {
    let code = "invalid_visibility"
    let names: [String]?
    switch value(field) {
    case nil: return nil
    case .array: names = strings(field, code: code, maxCount: 100, maxBytes: 256)
    default:
      names = string(field, code: code, maxBytes: 8192).map { $0.split(separator: ",").map(String.init) }
    }
    guard let names else { return nil }
    do throws(ValidationError) {
      return try Visibility(names: names.map { $0.trimmingCharacters(in: .whitespaces) })
    } catch {
      fail(field, error.message, code: code)
      return nil
    }
  }
}
