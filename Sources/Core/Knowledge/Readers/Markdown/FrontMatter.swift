import Foundation
import Yams

/// The block of `key: value` lines between `---` (YAML) or `+++` (TOML) at the head of a file.
struct FrontMatter {
  enum Value: Equatable {
    case scalar(String)
    case list([String])

    var text: String {
      switch self {
      case .scalar(let text): text.trimmingCharacters(in: .whitespacesAndNewlines)
      case .list(let list): list.joined(separator: ", ")
      }
    }
  }

  /// In the order of the file; values that are neither scalars nor lists of scalars are left out.
  let entries: [(key: String, value: Value)]

  /// A longer block is text.
  private static let maxBytes = 64 << 10

  /// Separates front matter from the body.
  ///
  /// Front matter that cannot be read is left out with a warning, but never what it says of who may read when.
  static func split(_ source: [UInt8], _ context: inout ReadContext) throws(ReadFailure)
    -> (FrontMatter?, bodyStart: Int)
  {
    let head = source.prefix(maxBytes)
    let fence: StaticString = head.starts(withASCII: "+++\n") ? "+++" : "---"
    guard let firstEnd = head.firstIndex(of: 10), Array(source[..<firstEnd].trimmed()).isASCII(fence) else {
      return (nil, 0)
    }
    var lines: [Substring] = []
    var start = firstEnd + 1
    var bodyStart: Int?
    while start < head.endIndex {
      let end = head[start...].firstIndex(of: 10) ?? head.endIndex
      let line = Array(head[start..<end].trimmed())
      if line.isASCII(fence) || line.isASCII("...") {
        bodyStart = min(end + 1, source.count)
        break
      }
      lines.append(Substring(head[start..<end].string))
      start = end + 1
    }
    // A thematic break and some text is no front matter.
    guard let bodyStart, lines.contains(where: { Self.pair($0) != nil }) || lines.allSatisfy(\.isEmpty) else {
      return (nil, 0)
    }
    if head.starts(withASCII: "+++") { return (FrontMatter(entries: lines.compactMap(pair)), bodyStart) }
    let yaml = lines.joined(separator: "\n")
    if isHarmless(lines), let entries = parse(yaml) { return (FrontMatter(entries: entries), bodyStart) }
    let fallback = lines.compactMap(pair)
    context.warn(
      "invalid_front_matter", "The front matter is not YAML that can be read; single lines of it were used.",
      remedy: "Quote values that contain ': ' or begin with a special character.", line: 1)
    for key in ["frontdesk_visibility"] + DocumentMetadata.publicationKeys.sorted()
    where yaml.contains(key) && !fallback.contains(where: { $0.key == key }) {
      throw ReadFailure(
        code: key == "frontdesk_visibility" ? "invalid_visibility" : "invalid_publication",
        message: "\(key) stands in front matter that is not YAML.", remedy: "Mend the front matter.", line: 1)
    }
    return (FrontMatter(entries: fallback), bodyStart)
  }

  /// Aliases can expand without bound, and nesting costs stack: YAML with either is not given to the parser.
  private static func isHarmless(_ lines: [Substring]) -> Bool {
    var brackets = 0
    for line in lines {
      brackets += line.utf8.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
      let body = line.drop { $0 == " " }
      if line.count - body.count > 60 || body.hasPrefix("? ") || body.hasPrefix("- - ") { return false }
      let value = pair(line).map { $0.value.text } ?? String(body.drop { $0 == "-" || $0 == " " })
      if value.hasPrefix("&") || value.hasPrefix("*") { return false }
      if value.hasPrefix("[") || value.hasPrefix("{"), value.contains("*") || value.contains("&") {
        return false
      }
    }
    return brackets <= 200 && lines.count <= 2_000
  }

  private static func parse(_ yaml: String) -> [(key: String, value: Value)]? {
    guard let node = try? Yams.compose(yaml: yaml) else {
      return yaml.allSatisfy(\.isWhitespace) ? [] : nil
    }
    guard let mapping = node.mapping else { return nil }
    return mapping.compactMap { key, value in
      guard let name = key.scalar?.string else { return nil }
      if let scalar = value.scalar {
        // An empty value is null in YAML.
        return scalar.string.isEmpty ? nil : (name, .scalar(scalar.string))
      }
      guard let items = value.sequence else { return nil }
      let list = items.compactMap { $0.scalar?.string }.filter { !$0.isEmpty }
      return list.isEmpty ? nil : (name, .list(list))
    }
  }

  /// A line `key: value` (or TOML's `key = value`), without the quotes around the value.
  private static func pair(_ line: Substring) -> (key: String, value: Value)? {
    guard let separator = line.firstIndex(where: { $0 == ":" || $0 == "=" }) else { return nil }
    let key = line[..<separator].trimmingCharacters(in: .whitespaces)
    let isName = key.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" || $0 == "." }
    let rest = line[line.index(after: separator)...]
    guard !key.isEmpty, isName, line.first?.isWhitespace != true,
      line[separator] == "=" || rest.isEmpty || rest.first == " "
    else { return nil }
    var value = rest.trimmingCharacters(in: .whitespaces)
    if value.hasPrefix("["), value.hasSuffix("]") {
      let items = value.dropFirst().dropLast().split(separator: ",").map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " \"'"))
      }
      return (key, .list(items.filter { !$0.isEmpty }))
    }
    if value.count >= 2, let quote = value.first, quote == "\"" || quote == "'", value.last == quote {
      value = String(value.dropFirst().dropLast())
    }
    return (key, .scalar(value))
  }
}

extension Array where Element == UInt8 {
  func isASCII(_ text: StaticString) -> Bool { text.withUTF8Buffer { elementsEqual($0) } }
}
