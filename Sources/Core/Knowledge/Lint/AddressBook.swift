import Domain
import Foundation

/// The addresses under which a knowledge base's documents are known: their external ids as paths, and their `url`s.
///
/// Letter case does not count, nor do endings (`guide`, `guide.md`, `guide.html`) and the names of a folder's first
/// page (`index`, `README`).
struct AddressBook {
  struct Named {
    var indices: [Int] = []
    /// A single entry of a file was named.
    var isEntry = false
    var isEmpty: Bool { indices.isEmpty }
  }

  private var byPath: [String: [Int]] = [:]
  private var byAddress: [String: [Int]] = [:]
  private var entries: [String: Int] = [:]
  private var byFileName: [String: Set<Int>] = [:]
  /// Of files; those of addresses begin with their site.
  private var folders: Set<String> = []

  init(_ documents: [LintDocument]) {
    for (d, document) in documents.enumerated() {
      let path = Self.filePath(document.record)
      let key = Self.key(path)
      byPath[key, default: []].append(d)
      byFileName[Self.fileName(key), default: []].insert(d)
      folders.insert(Self.folder(path).lowercased())
      if path != document.record.externalID { entries[document.record.externalID.lowercased()] = d }
      if let address = Address(document.record.url) {
        byAddress[Self.key(address.site + address.path), default: []].append(d)
        folders.insert(Self.folder(address.site + address.path).lowercased())
      }
    }
  }

  /// The documents that a link may mean.
  func documents(named link: LinkTarget, from record: DocumentRecord) -> Named {
    var named = Named()
    if let path = path(link, from: record) {
      if !link.fragment.isEmpty, let entry = entries["\(path)#\(link.fragment)".lowercased()] {
        return Named(indices: [entry], isEntry: true)
      }
      named.indices += byPath[Self.key(path)] ?? []
    }
    if let address = address(link, from: record) { named.indices += byAddress[Self.key(address)] ?? [] }
    named.indices = Array(Set(named.indices)).sorted()
    return named
  }

  /// Whether a document that a link names should be here.
  enum Coverage: Equatable {
    case no, yes
    /// If most other links into this folder of a site find their documents: a site may hold more than was ingested.
    case likeOthers(folder: String)
  }

  func coverage(_ link: LinkTarget, from record: DocumentRecord) -> Coverage {
    guard Self.isDocument(link.path) else { return .no }
    if let address = address(link, from: record) {
      let folder = Self.folder(address).lowercased()
      if folders.contains(folder) { return .likeOthers(folder: folder) }
    }
    guard record.url == nil, let path = path(link, from: record) else { return .no }
    if link.path.hasPrefix("/") {
      let folder = Self.folder(path).lowercased()
      return !folder.isEmpty && folders.contains(folder) ? .yes : .no
    }
    // An id such as `kb-17` says nothing about where relative links lead, nor a table about those of its rows.
    let isFile = Self.fileName(record.externalID).contains(".") && !record.externalID.contains("#")
    return isFile ? .yes : .no
  }

  /// The one document whose file is called so.
  func only(fileName path: String) -> Int? {
    let found = byFileName[Self.fileName(Self.key(path))] ?? []
    return found.count == 1 ? found.first : nil
  }

  // MARK: paths

  /// As an external id; nil where it leads out.
  private func path(_ link: LinkTarget, from record: DocumentRecord) -> String? {
    if link.path.hasPrefix("/") { return String(link.path.dropFirst()) }
    return Self.joined(Self.folder(Self.filePath(record)), link.path)
  }

  /// On the site that the document is on itself.
  private func address(_ link: LinkTarget, from record: DocumentRecord) -> String? {
    guard let own = Address(record.url) else { return nil }
    let path = link.path.hasPrefix("/") ? link.path : Self.joined(Self.folder(own.path), link.path)
    return path.map { own.site + $0 }
  }

  /// A `url`: its host, empty for a path within a site, and its path.
  private struct Address {
    let site: String
    let path: String

    init?(_ url: String?) {
      guard let url else { return nil }
      if url.hasPrefix("/") {
        site = ""
        path = String(url.prefix { $0 != "?" && $0 != "#" })
      } else {
        guard let parts = URLComponents(string: url), let host = parts.host else { return nil }
        site = "//" + host.lowercased()
        path = parts.path.isEmpty ? "/" : parts.path
      }
    }
  }

  /// The file of an entry: its id without the part that names the row.
  private static func filePath(_ record: DocumentRecord) -> String {
    let path = record.externalID.prefix { $0 != "#" }
    return path.isEmpty ? record.externalID : String(path)
  }

  private static func folder(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
  }

  private static func fileName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// - Returns: nil where `..` leads out.
  private static func joined(_ folder: String, _ path: String) -> String? {
    var parts: [Substring] = []
    for part in (folder + path).split(separator: "/") where part != "." {
      if part == ".." {
        guard parts.popLast() != nil else { return nil }
      } else {
        parts.append(part)
      }
    }
    return (folder.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  private static func key(_ path: String) -> String {
    var key = path.lowercased()
    while key.hasSuffix("/") { key.removeLast() }
    if let type = type(of: key), documentTypes.contains(type) { key.removeLast(type.utf8.count + 1) }
    for page in ["index", "readme", "_index"] where key == page || key.hasSuffix("/" + page) {
      key.removeLast(page.utf8.count)
      if key.hasSuffix("/") { key.removeLast() }
    }
    return key
  }

  private static func isDocument(_ path: String) -> Bool {
    let name = fileName(path)
    guard !path.hasSuffix("/"), let type = type(of: name.lowercased()) else { return true }
    // `v2.1` ends in no type.
    return documentTypes.contains(type) || type.utf8.allSatisfy(\.isDigit)
  }

  private static func type(of path: String) -> String? {
    let name = path.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return nil }
    return String(name[name.index(after: dot)...])
  }

  private static let documentTypes: Set<String> = [
    "md", "markdown", "mdx", "html", "htm", "xhtml", "txt", "rst", "pdf", "docx", "csv", "tsv", "jsonl",
  ]
}
