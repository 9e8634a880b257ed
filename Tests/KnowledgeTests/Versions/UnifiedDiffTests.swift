import Foundation
import TestSupport
import Testing

@testable import Knowledge

@Suite struct UnifiedDiffTests {
  private func diff(_ old: String, _ new: String) -> UnifiedDiff {
    UnifiedDiff(from: old, to: new, named: "a", "b")
  }

  @Test func oneLineOfMany() {
    let old = (1...12).map { "line \($0)\n" }.joined()
    let new = old.replacing("line 6\n", with: "line six\nand more\n")
    #expect(
      diff(old, new).text == """
        --- a
        +++ b
        @@ -3,7 +3,8 @@
         line 3
         line 4
         line 5
        -line 6
        +line six
        +and more
         line 7
         line 8
         line 9

        """)
    #expect(diff(old, new).added == 2 && diff(old, new).removed == 1)
    #expect(diff(old, old).text == "")
  }

  @Test func endsWithoutLineBreaks() {
    #expect(
      diff("a\nb", "a\nc").text == """
        --- a
        +++ b
        @@ -1,2 +1,2 @@
         a
        -b
        \\ No newline at end of file
        +c
        \\ No newline at end of file

        """)
    #expect(diff("a", "a\n").removed == 1)
    #expect(diff("", "x\n").text.contains("@@ -0,0 +1 @@\n+x\n"))
    #expect(diff("x\n", "").text.contains("@@ -1 +0,0 @@\n-x\n"))
  }

  /// Whatever changed, applying the difference gives the new text, and no shorter one would.
  @Test func appliedItGivesTheNewText() throws {
    var random = SeededGenerator(7)
    for round in 0..<300 {
      func text() -> String {
        (0..<Int.random(in: 0...14, using: &random)).map { _ in "\(Int.random(in: 0...4, using: &random))\n" }
          .joined()
          + (Bool.random(using: &random) ? "end" : "")
      }
      let (old, new) = (text(), text())
      let found = diff(old, new)
      #expect(try Self.apply(found.text, to: old) == new, "\(round): \(old) -> \(new)\n\(found.text)")
      let lines = (Self.lines(old), Self.lines(new))
      #expect(found.added + found.removed == Self.distance(lines.0, lines.1), "\(round)")
      // Given up on, it is longer and as right.
      let steps = LineDiff(from: lines.0.map { $0[...] }, to: lines.1.map { $0[...] }, maxEdits: 2).steps
      #expect(steps.count { $0 != .add } == lines.0.count && steps.count { $0 != .remove } == lines.1.count)
    }
  }

  /// A patch program in small.
  private static func apply(_ patch: String, to text: String) throws -> String {
    let old = lines(text)
    var new: [String] = []
    var position = 0
    var wasAdded = false
    for line in lines(patch).dropFirst(2) {
      if line.hasPrefix("@@") {
        let parts = line.split(separator: " ")[1].dropFirst().split(separator: ",")
        let first = try #require(Int(parts[0]))
        let start = parts.count > 1 && parts[1] == "0" ? first : first - 1
        while position < start {
          new.append(old[position])
          position += 1
        }
      } else if line.hasPrefix("\\") {
        // Belongs to the line before, wherever that went.
        if wasAdded { new[new.count - 1].removeLast() }
      } else {
        let body = String(line.dropFirst())
        wasAdded = !line.hasPrefix("-")
        if wasAdded { new.append(body) }
        if !line.hasPrefix("+") { position += 1 }
      }
    }
    return (new + old[position...]).joined()
  }

  private static func lines(_ text: String) -> [String] {
    var lines: [String] = []
    for part in text.split(separator: "\n", omittingEmptySubsequences: false) { lines.append(part + "\n") }
    if var last = lines.popLast() {
      last.removeLast()
      if !last.isEmpty { lines.append(last) }
    }
    return lines
  }

  /// Insertions and deletions, by dynamic programming.
  private static func distance(_ a: [String], _ b: [String]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var next = [i + 1]
      for (j, y) in b.enumerated() { next.append(x == y ? row[j] : min(row[j + 1], next[j]) + 1) }
      row = next
    }
    return row[b.count]
  }
}
