import Foundation

/// The README's table of targets: which target may import which, and which packages.
struct ImportTable {
  /// By target; packages and system modules included.
  let allowed: [String: Set<String>]

  struct Malformed: Error { let row: String }

  /// Reads the rows of the table that begins with `| target |`.
  init(markdown: String) throws {
    var allowed: [String: Set<String>] = [:]
    var isInside = false
    for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("| target |") {
        isInside = true
        continue
      }
      guard isInside else { continue }
      guard line.hasPrefix("|") else { break }
      let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        .dropFirst().dropLast().map { $0.trimmingCharacters(in: .whitespaces) }
      if cells.allSatisfy({ $0.allSatisfy { $0 == "-" } }) { continue }
      guard cells.count == 3 else { throw Malformed(row: String(line)) }
      let target = cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
      let modules = cells[2].split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
      allowed[target] = Set(modules).subtracting(["-"])
    }
    self.allowed = allowed
  }
}

/// An `import` line of a source file.
struct ImportLine: Hashable, CustomStringConvertible {
  let target: String
  let module: String
  let file: String
  var description: String { "\(file): \(target) may not import \(module)" }

  /// All imports of the Swift files below a folder.
  static func all(of target: String, in folder: URL) throws -> [ImportLine] {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    var lines: [ImportLine] = []
    for case let file as URL in files ?? FileManager.DirectoryEnumerator() where file.pathExtension == "swift"
    {
      let text = try String(contentsOf: file, encoding: .utf8)
      for module in modules(in: text) {
        lines.append(ImportLine(target: target, module: module, file: file.lastPathComponent))
      }
    }
    return lines
  }

  /// The modules that a source text imports, attributes and `import struct M.T` included.
  static func modules(in source: String) -> [String] {
    let kinds: Set = ["struct", "class", "enum", "protocol", "func", "typealias", "let", "var"]
    var isText = false
    return source.split(separator: "\n").compactMap { line in
      // A script kept in a multi-line literal has imports of its own.
      if line.components(separatedBy: "\"\"\"").count % 2 == 0 { isText.toggle() }
      guard !isText else { return nil }
      var words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      while let first = words.first,
        first.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(first)
      {
        words.removeFirst()
      }
      guard words.first == "import", words.count > 1 else { return nil }
      words.removeFirst()
      if kinds.contains(words[0]), words.count > 1 { words.removeFirst() }
      return words[0].split(separator: ".").first.map(String.init)
    }
  }
}
