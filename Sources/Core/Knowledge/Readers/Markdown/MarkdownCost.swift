/// What a text could at most cost cmark-gfm, estimated in one pass over its lines.
///
/// cmark reads honest text in linear time, but its older versions (0.29.0.gfm.6 is Debian 12's) go through
/// some things once for each of others: open containers at every line, open images at every link, the rest of
/// a paragraph at every `<?`, a paragraph's head at every row of dashes, a definition at every use. Some of
/// these have CVE numbers (2023-22484, 24824); all of them are bounded here.
struct MarkdownCost {
  /// In steps of some ten nanoseconds.
  private var steps = 0
  private let isTooLong: Bool

  private static let maxBytes = 16 << 20
  private static let maxSteps = 100_000_000

  var isAffordable: Bool { !isTooLong && steps <= Self.maxSteps }

  init(_ source: ArraySlice<UInt8>, _ deadline: Deadline) throws(ReadFailure) {
    isTooLong = source.count > Self.maxBytes
    guard !isTooLong else { return }
    var lines = 0
    var depth = 0
    var start = source.startIndex
    while start < source.endIndex, steps <= Self.maxSteps {
      let end = source[start...].firstLineFeed ?? source.endIndex
      let line = source[start..<end]
      start = end + 1
      lines += 1
      if lines & 0xFF == 0 { try deadline.check() }
      if line.isBlank {
        endRun()
      } else {
        depth = max(depth, Self.depth(of: line))
        add(line)
      }
    }
    endRun()
    steps += depth * lines + brackets * longestDefinition
  }

  // MARK: lines without a blank one between them

  private var bytes = 0
  private var images = 0
  private var ends = 0
  private var instructions = 0
  private var columns = 0
  private var definition = 0

  // MARK: of the whole text

  private var brackets = 0
  private var longestDefinition = 0

  private mutating func add(_ line: ArraySlice<UInt8>) {
    var pipes = 0
    var isRule = true
    var isDefinition = false
    var before: UInt8 = 10
    for byte in line {
      switch byte {
      case UInt8(ascii: "["):
        brackets += 1
        if before == UInt8(ascii: "!") { images += 1 }
      case UInt8(ascii: "]"): ends += 1
      case UInt8(ascii: ":"): isDefinition = isDefinition || before == UInt8(ascii: "]")
      case UInt8(ascii: "?"), UInt8(ascii: "!"): if before == UInt8(ascii: "<") { instructions += 1 }
      case UInt8(ascii: "|"): pipes += 1
      default: break
      }
      isRule = isRule && "|:->+ \t".utf8.contains(byte)
      before = byte
    }
    if isRule {
      steps += bytes / 4
      columns = max(columns, pipes + 1)
      // A table's head is looked through for each of its columns.
      steps += columns * columns / 32
    }
    // A row has as many cells as its table has columns, written or not.
    steps += max(0, columns - pipes)
    bytes += line.count + 1
    if isDefinition, line.first(where: { !" >".utf8.contains($0) }) == UInt8(ascii: "[") { definition = 1 }
    if definition > 0 {
      definition = isDefinition ? line.count : definition + line.count
      longestDefinition = max(longestDefinition, definition)
    }
  }

  private mutating func endRun() {
    steps += images * ends + instructions * bytes / 16
    (bytes, images, ends, instructions, columns, definition) = (0, 0, 0, 0, 0, 0)
  }

  /// How many containers a line can lie in, at most.
  private static func depth(of line: ArraySlice<UInt8>) -> Int {
    var depth = 0
    var spaces = 0
    var index = line.startIndex
    while index < line.endIndex {
      let next = index + 1 < line.endIndex ? line[index + 1] : 32
      switch line[index] {
      case UInt8(ascii: ">"): depth += 1
      case 32: spaces += 1
      case 9: spaces += 4
      case let mark where "-+*.)".utf8.contains(mark) && next.isTextSpace: depth += 1
      case let byte where byte.isDigit: break
      default: return depth + spaces / 2
      }
      index += 1
    }
    return depth + spaces / 2
  }
}
