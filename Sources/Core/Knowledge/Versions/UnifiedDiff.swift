/// What changed between two texts, as `diff -u` writes it and `patch` reads it.
public struct UnifiedDiff: Sendable, Hashable {
  /// Empty where nothing changed.
  public let text: String
  /// Lines.
  public let added: Int
  public let removed: Int

  /// Lines shown around a change.
  private static let context = 3

  private struct Line {
    let sign: Character
    let text: Substring
    /// The last one of its text, which ends without a line break.
    let isCut: Bool
  }

  public init(from old: String, to new: String, named oldName: String, _ newName: String) {
    let (before, after) = (Self.lines(old), Self.lines(new))
    let steps = LineDiff(from: before, to: after).steps
    var lines: [Line] = []
    var (i, j) = (0, 0)
    for step in steps {
      switch step {
      case .keep:
        lines.append(Self.line(" ", after, j))
        i += 1
        j += 1
      case .remove:
        lines.append(Self.line("-", before, i))
        i += 1
      case .add:
        lines.append(Self.line("+", after, j))
        j += 1
      }
    }
    added = lines.count { $0.sign == "+" }
    removed = lines.count { $0.sign == "-" }
    guard added + removed > 0 else {
      text = ""
      return
    }
    text = "--- \(oldName)\n+++ \(newName)\n" + Self.hunks(lines)
  }

  /// Lines with their breaks, so that a text without one at its end differs from the one with it.
  private static func lines(_ text: String) -> [Substring] {
    var lines: [Substring] = []
    var start = text.utf8.startIndex
    while start < text.utf8.endIndex {
      let end =
        text.utf8[start...].firstIndex(of: UInt8(ascii: "\n")).map { text.utf8.index(after: $0) }
        ?? text.utf8.endIndex
      lines.append(text[start..<end])
      start = end
    }
    return lines
  }

  private static func line(_ sign: Character, _ lines: [Substring], _ place: Int) -> Line {
    let text = lines[place]
    let isCut = text.utf8.last != UInt8(ascii: "\n")
    return Line(
      sign: sign, text: isCut ? text : text[..<text.utf8.index(before: text.utf8.endIndex)], isCut: isCut)
  }

  private static func hunks(_ lines: [Line]) -> String {
    let changes = lines.indices.filter { lines[$0].sign != " " }
    var ranges: [Range<Int>] = []
    for place in changes {
      let range = max(0, place - context)..<min(lines.count, place + context + 1)
      if let last = ranges.last, range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    var text = ""
    var (old, new, next) = (0, 0, 0)
    for range in ranges {
      // What lies between hunks stands in both.
      old += range.lowerBound - next
      new += range.lowerBound - next
      let (removed, added) = (
        lines[range].count { $0.sign != "+" }, lines[range].count { $0.sign != "-" }
      )
      text += "@@ -\(place(old, removed)) +\(place(new, added)) @@\n"
      for line in lines[range] {
        text.append(line.sign)
        text += line.text + "\n"
        if line.isCut { text += "\\ No newline at end of file\n" }
      }
      old += removed
      new += added
      next = range.upperBound
    }
    return text
  }

  /// An empty range is named by the line before it.
  private static func place(_ before: Int, _ count: Int) -> String {
    let first = count == 0 ? before : before + 1
    return count == 1 ? "\(first)" : "\(first),\(count)"
  }
}
