import Foundation

/// Finds what a file is from its bytes; its name decides only between kinds of text.
public enum ContentSniffer {
  /// - Parameters:
  ///   - name: path or id; only its extension counts.
  ///   - declaredType: a media type; stands in for the extension where it names a readable text type.
  public static func type(of data: Data, name: String, declaredType: String? = nil) -> FileType {
    let head = [UInt8](data.prefix(64 << 10))
    if let binary = BinarySignature.type(of: head, data) { return binary }
    let extensionType = NamedType(name: name, declaredType: declaredType)
    guard let text = SampleText(head, isWhole: head.count == data.count) else {
      return .unsupported("a binary file")
    }
    return type(of: text, extensionType, data)
  }

  private static func type(of text: SampleText, _ named: NamedType, _ data: Data) -> FileType {
    if let markup = text.markupType { return markup }
    if text.isMail && named != .markdown { return .unsupported("an e-mail message") }
    if text.firstVisible == UInt8(ascii: "{") || text.firstVisible == UInt8(ascii: "[") {
      if let json = JSONSniffer.type(of: data, named: named) { return json }
    }
    switch named {
    case .json: return .jsonl  // Broken lines are told line by line.
    case .markdown: return .markdown
    case .html: return text.hasTags ? .html : text.guess
    case .rst: return .rst
    case .csv: return .csv
    case .tsv: return .tsv
    case .unreadable(let description): return .unsupported(description)
    case .text, .unknown: return text.guess
    }
  }
}

/// What a file's name, or the type a client declared, says about it.
enum NamedType: Equatable {
  case markdown, html, text, rst, csv, tsv, json
  case unreadable(String)
  case unknown

  init(name: String, declaredType: String?) {
    if let declaredType {
      let essence = declaredType.split(separator: ";").first.map { $0.lowercased() } ?? ""
      switch essence.trimmingCharacters(in: .whitespaces) {
      case "text/markdown", "text/x-markdown": self = .markdown
      case "text/html", "application/xhtml+xml": self = .html
      case "text/x-rst", "text/prs.fallenstein.rst": self = .rst
      case "text/csv", "application/csv": self = .csv
      case "text/tab-separated-values": self = .tsv
      case "application/jsonl", "application/x-ndjson", "application/json", "application/x-jsonlines":
        self = .json
      case "text/plain" where !name.contains("."): self = .text
      default: self = Self.byExtension[Self.extension(of: name)] ?? .unknown
      }
    } else {
      self = Self.byExtension[Self.extension(of: name)] ?? .unknown
    }
  }

  private static func `extension`(of name: String) -> String {
    let last = name.split(separator: "/").last ?? ""
    guard let dot = last.lastIndex(of: ".") else { return "" }
    return last[last.index(after: dot)...].lowercased()
  }

  private static let byExtension: [String: NamedType] = {
    var table: [String: NamedType] = [:]
    for name in ["md", "markdown", "mdown", "mkd", "mkdn", "mdx", "qmd", "rmd"] { table[name] = .markdown }
    for name in ["html", "htm", "xhtml", "xht"] { table[name] = .html }
    for name in ["txt", "text", "log"] { table[name] = .text }
    for name in ["rst", "rest"] { table[name] = .rst }
    for name in ["tsv", "tab"] { table[name] = .tsv }
    for name in ["json", "jsonl", "ndjson"] { table[name] = .json }
    table["csv"] = .csv
    let source = "source code"
    for name in [
      "c", "h", "cc", "cpp", "hpp", "cs", "css", "scss", "go", "java", "js", "mjs", "jsx", "ts", "tsx", "kt",
      "lua", "m", "php", "pl", "ps1", "psm1", "py", "r", "rb", "rs", "sh", "bash", "bat", "cmd", "scala",
      "sql", "swift", "vb", "vbs", "vue", "ino",
    ] { table[name] = .unreadable(source) }
    for name in ["yaml", "yml", "toml", "ini", "cfg", "conf", "properties", "env", "lock"] {
      table[name] = .unreadable("a settings file")
    }
    for name in ["tex", "bib", "sty"] { table[name] = .unreadable("a LaTeX document") }
    for name in ["adoc", "asciidoc"] { table[name] = .unreadable("an AsciiDoc document") }
    for name in ["eml", "mbox", "msg"] { table[name] = .unreadable("an e-mail message") }
    for name in ["srt", "vtt"] { table[name] = .unreadable("subtitles") }
    table["rtf"] = .unreadable("an RTF document")
    return table
  }()
}
