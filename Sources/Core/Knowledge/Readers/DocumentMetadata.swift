import Domain
import Foundation

/// What a file says about its document beside the text.
struct DocumentMetadata {
  var title: String?
  var url: String?
  var language: String?
  var tags: [String] = []
  var attributes: [String: String] = [:]
  var visibility = Visibility.public
  var publication = PublicationChange.keep

  static let maxAttributes = 64
  static let maxKeyBytes = 64
  static let maxValueBytes = 1_000
  static let maxTags = 100

  init() {}

  /// Takes what is meant for Frontdesk out of front matter; the rest becomes attributes.
  ///
  /// - Throws: `invalid_visibility`, `invalid_publication`: a document whose readers or times are named wrongly is
  ///   not shown to everyone.
  init(_ frontMatter: FrontMatter?, _ context: inout ReadContext) throws(ReadFailure) {
    for (key, value) in frontMatter?.entries ?? [] {
      try set(key, value, &context)
    }
    try checkPublication()
  }

  mutating func set(_ key: String, _ value: FrontMatter.Value, _ context: inout ReadContext)
    throws(ReadFailure)
  {
    switch key.lowercased() {
    case "frontdesk_visibility":
      do throws(ValidationError) {
        visibility =
          switch value {
          case .scalar(let names): try Visibility(parsing: names)
          case .list(let names): try Visibility(names: names)
          }
      } catch {
        throw ReadFailure(
          code: error.code, message: "frontdesk_visibility names nobody: \(error.message)",
          remedy: "Write public, signed_in, or group names.")
      }
    case let key where Self.publicationKeys.contains(key): try setPublication(key, value.text)
    case "title": title = value.text.isEmpty ? nil : value.text
    case "tags", "keywords": addTags(value)
    case "url", "permalink", "canonical_url", "canonicalurl": url = url ?? Self.url(value.text)
    case "language", "lang", "locale": language = language ?? Self.language(value.text)
    default: addAttribute(key, value.text)
    }
  }

  mutating func addTags(_ value: FrontMatter.Value) {
    let names: [String]
    switch value {
    case .list(let list): names = list
    case .scalar(let text): names = text.split { $0 == "," || $0 == ";" || $0 == "|" }.map(String.init)
    }
    for name in names {
      let name = name.trimmingCharacters(in: .whitespacesAndNewlines)
      guard !name.isEmpty, name.utf8.count <= 200, tags.count < Self.maxTags, !tags.contains(name) else {
        continue
      }
      tags.append(name)
    }
  }

  mutating func addAttribute(_ key: String, _ value: String) {
    let key = key.trimmingCharacters(in: .whitespacesAndNewlines)
    let value = value.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !key.isEmpty, key.utf8.count <= Self.maxKeyBytes, !value.isEmpty,
      attributes.count < Self.maxAttributes
    else { return }
    attributes[key] = value.cut(toBytes: Self.maxValueBytes)
  }

  func apply(to content: inout DocumentContent) {
    content.url = url
    content.language = language
    content.tags = tags
    content.attributes = attributes
    content.visibility = visibility
  }

  /// An address, or a path within a site; nil for anything else (`javascript:` among it).
  static func url(_ text: String) -> String? {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty, text.utf8.count <= 2_000, !text.contains(where: \.isWhitespace) else { return nil }
    let low = text.lowercased()
    return low.hasPrefix("https://") || low.hasPrefix("http://") || low.hasPrefix("/") ? text : nil
  }

  /// The primary subtag of a BCP 47 tag or POSIX locale, lowercase; nil where it is none.
  static func language(_ text: String) -> String? {
    let primary = text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
      .prefix { $0.isASCII && $0.isLetter }
    return (2...3).contains(primary.count) ? String(primary) : nil
  }
}
