import Foundation

/// Which files a folder's ingest passes over: patterns as in `.gitignore`.
///
/// Hidden files and folders are always passed over. `*` and `?` stop at `/`, `**` does not; a pattern with
/// a `/` inside is tied to the folder of its file; a trailing `/` means folders only; `!` takes back; the
/// last pattern that matches decides.
struct IgnoreRules: Sendable {
  static let fileName = ".frontdeskignore"

  private struct Rule: Sendable {
    let pattern: [Character]
    let isNegated: Bool
    let foldersOnly: Bool
    let isAnchored: Bool
    /// The folder it holds for, relative to the root, with a trailing slash unless empty.
    let base: String
  }
  private var rules: [Rule] = []

  init(patterns: [String] = []) { add(patterns, base: "") }

  /// Adds the lines of an ignore file found in the folder `base` (relative to the root).
  mutating func add(_ lines: [String], base: String) {
    for line in lines {
      var line = Substring(line)
      while line.last == " " || line.last == "\r" { line.removeLast() }
      guard !line.isEmpty, line.first != "#" else { continue }
      let isNegated = line.first == "!"
      if isNegated { line.removeFirst() }
      let foldersOnly = line.last == "/"
      if foldersOnly { line.removeLast() }
      let isAnchored = line.contains("/")
      if line.first == "/" { line.removeFirst() }
      guard !line.isEmpty else { continue }
      rules.append(
        Rule(
          pattern: Array(line), isNegated: isNegated, foldersOnly: foldersOnly, isAnchored: isAnchored,
          base: base.isEmpty ? "" : base + "/"))
    }
  }

  /// - Parameter path: relative to the root, without a leading slash.
  func ignores(_ path: String, isFolder: Bool) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if name.hasPrefix(".") { return true }
    var ignored = false
    for rule in rules where path.hasPrefix(rule.base) && (!rule.foldersOnly || isFolder) {
      let subject = rule.isAnchored ? String(path.dropFirst(rule.base.count)) : name
      if Self.matches(rule.pattern[...], Array(subject)[...]) { ignored = !rule.isNegated }
    }
    return ignored
  }

  /// Wildcard match in time proportional to pattern x path: backtracks only to the last star.
  private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
    // reachable[j]: the pattern so far matches the first j characters.
    var reachable = [Bool](repeating: false, count: text.count + 1)
    reachable[0] = true
    var p = pattern.startIndex
    let characters = Array(text)
    while p < pattern.endIndex {
      var next = [Bool](repeating: false, count: characters.count + 1)
      if pattern[p] == "*" {
        let isDouble = p + 1 < pattern.endIndex && pattern[p + 1] == "*"
        var open = false
        for j in 0...characters.count {
          if reachable[j] { open = true }
          next[j] = open
          if j < characters.count, characters[j] == "/", !isDouble { open = false }
        }
        p += isDouble ? 2 : 1
        // `**/` also matches no folder at all.
        if isDouble, p < pattern.endIndex, pattern[p] == "/" {
          var slashed = reachable
          for j in 0..<characters.count where characters[j] == "/" && next[j] { slashed[j + 1] = true }
          next = slashed
          p += 1
        }
      } else {
        for j in 0..<characters.count where reachable[j] {
          let c = characters[j]
          if pattern[p] == "?" ? c != "/" : pattern[p] == c { next[j + 1] = true }
        }
        p += 1
      }
      reachable = next
    }
    return reachable[characters.count]
  }
}
