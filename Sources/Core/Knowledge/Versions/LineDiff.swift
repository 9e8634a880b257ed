/// The shortest way from one list of lines to another (Myers 1986, "An O(ND) Difference Algorithm").
///
/// Lists that have little in common are not worth the search: after `maxEdits` what is between their common beginning
/// and end counts as replaced, which is a valid way, if not the shortest.
struct LineDiff {
  enum Step: Equatable {
    case keep
    case remove
    case add
  }

  /// Memory is its square, eight bytes each.
  static let maxEdits = 2000

  /// In the order of the result: removals before additions of one place.
  let steps: [Step]

  init(from old: [Substring], to new: [Substring], maxEdits: Int = Self.maxEdits) {
    let head = zip(old, new).prefix { $0.utf8.elementsEqual($1.utf8) }.count
    let rest = min(old.count, new.count) - head
    let tail = zip(old.reversed(), new.reversed()).prefix(rest).prefix { $0.utf8.elementsEqual($1.utf8) }
      .count
    // Lines as numbers: each is hashed once.
    var numbers: [[UInt8]: Int] = [:]
    func number(_ line: Substring) -> Int {
      let key = Array(line.utf8)
      if let known = numbers[key] { return known }
      numbers[key] = numbers.count
      return numbers.count - 1
    }
    let a = old[head..<(old.count - tail)].map(number)
    let b = new[head..<(new.count - tail)].map(number)
    let middle =
      Self.shortest(a, b, maxEdits)
      ?? Array(repeating: .remove, count: a.count) + Array(repeating: .add, count: b.count)
    steps =
      Array(repeating: .keep, count: head) + Self.ordered(middle) + Array(repeating: .keep, count: tail)
  }

  /// - Returns: nil where it takes more edits than are looked at.
  private static func shortest(_ a: [Int], _ b: [Int], _ maxEdits: Int) -> [Step]? {
    if a.isEmpty { return Array(repeating: .add, count: b.count) }
    if b.isEmpty { return Array(repeating: .remove, count: a.count) }
    let limit = min(a.count + b.count, maxEdits)
    // furthest[k]: how far into `a` the diagonal k (x - y) was followed; one list for each number of edits.
    var furthest = [Int](repeating: 0, count: 2 * limit + 3)
    var trace: [[Int]] = []
    for edits in 0...limit {
      // Only the diagonals from -edits to edits can be read later.
      trace.append(Array(furthest[(limit + 1 - edits)...(limit + 1 + edits)]))
      for k in stride(from: -edits, through: edits, by: 2) {
        let isDown =
          k == -edits || (k != edits && furthest[limit + k] < furthest[limit + 2 + k])
        var x = isDown ? furthest[limit + 2 + k] : furthest[limit + k] + 1
        var y = x - k
        while x < a.count, y < b.count, a[x] == b[y] {
          x += 1
          y += 1
        }
        furthest[limit + 1 + k] = x
        if x >= a.count, y >= b.count { return path(trace, a.count, b.count) }
      }
    }
    return nil
  }

  private static func path(_ trace: [[Int]], _ aCount: Int, _ bCount: Int) -> [Step] {
    var steps: [Step] = []
    var (x, y) = (aCount, bCount)
    for edits in stride(from: trace.count - 1, through: 1, by: -1) {
      let before = trace[edits]
      func furthest(_ k: Int) -> Int { abs(k) <= edits ? before[k + edits] : -1 }
      let k = x - y
      let isDown = k == -edits || (k != edits && furthest(k - 1) < furthest(k + 1))
      let previous = isDown ? k + 1 : k - 1
      let previousX = furthest(previous)
      let previousY = previousX - previous
      while x > previousX, y > previousY, x > 0, y > 0, (isDown ? x > previousX : x > previousX + 1) {
        steps.append(.keep)
        x -= 1
        y -= 1
      }
      steps.append(isDown ? .add : .remove)
      (x, y) = (previousX, previousY)
    }
    steps += Array(repeating: .keep, count: x)
    return steps.reversed()
  }

  /// Between two lines that stay, removals first, as people read them.
  private static func ordered(_ steps: [Step]) -> [Step] {
    var ordered: [Step] = []
    var added = 0
    for step in steps {
      switch step {
      case .add: added += 1
      case .remove: ordered.append(.remove)
      case .keep:
        ordered += Array(repeating: .add, count: added)
        added = 0
        ordered.append(.keep)
      }
    }
    return ordered + Array(repeating: .add, count: added)
  }
}
