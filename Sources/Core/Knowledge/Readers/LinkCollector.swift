import Domain

/// Gathers a document's links and anchors while it is read, and finds their lines in the source.
struct LinkCollector {
  private var targets: [String] = []
  private var seen: Set<String> = []
  private var anchors: [String] = []
  /// The source pulls in other files, whose anchors are its own in the end.
  var includesOthers = false

  mutating func addLink(_ target: String) {
    let target = target.trimmingSpaces
    guard !target.isEmpty, target.utf8.count <= DocumentLinks.maxBytes,
      targets.count < DocumentLinks.maxLinks, seen.insert(target).inserted
    else { return }
    targets.append(target)
  }

  mutating func addAnchor(_ name: String) {
    guard !name.isEmpty, name.utf8.count <= DocumentLinks.maxBytes, anchors.count < DocumentLinks.maxAnchors
    else { return }
    anchors.append(name)
  }

  mutating func add(_ page: HTMLText) {
    for target in page.links { addLink(target) }
    for name in page.anchors { addAnchor(name) }
  }

  /// - Parameters:
  ///   - source: the file, in which lines are counted.
  ///   - title: can be led to like any heading.
  func links(in source: [UInt8], title: String, blocks: [Block]) -> DocumentLinks {
    var lines = LineSearch(source)
    var all = anchors
    all.append(title)
    for block in blocks {
      if case .heading(_, let text) = block.kind { all.append(text) }
    }
    return DocumentLinks(
      outgoing: targets.map { DocumentLink(target: $0, line: lines.line(of: $0)) },
      anchors: includesOthers ? nil : Array(all.prefix(DocumentLinks.maxAnchors)))
  }

  /// Links of a file's row, all on the row's line.
  func links(line: Int?) -> DocumentLinks {
    DocumentLinks(outgoing: targets.map { DocumentLink(target: $0, line: line) })
  }
}

/// Finds the lines of link targets, in the order in which they stand.
///
/// The parsers do not say where a link began: its target is searched for in the source from the last one on,
/// and from the beginning where it was a reference defined elsewhere.
struct LineSearch {
  private let source: [UInt8]
  private var at = 0
  private var line = 1
  private var misses = 0

  /// A target that is written otherwise in the source (`&amp;`) costs a pass over all of it.
  private static let maxMisses = 50

  init(_ source: [UInt8]) { self.source = source }

  mutating func line(of target: String) -> Int? {
    guard misses < Self.maxMisses else { return nil }
    let needle = Array(target.utf8)
    if let found = find(needle, from: at) {
      line += source[at..<found].count { $0 == 10 }
      at = found
      return line
    }
    misses += 1
    return find(needle, from: 0).map { found in 1 + source[..<found].count { $0 == 10 } }
  }

  /// Where the target stands with a mark on both sides that may delimit one.
  private func find(_ needle: [UInt8], from: Int) -> Int? {
    var start = from
    while let found = source.firstIndex(of: needle, from: start) {
      let end = found + needle.count
      let isBegun = found > 0 && Self.openers.contains(source[found - 1])
      if isBegun, end == source.count || Self.closers.contains(source[end]) { return found }
      start = found + 1
    }
    return nil
  }

  private static let openers = Set("(<\"'= \t\n".utf8)
  private static let closers = Set(")>\"' \t\r\n".utf8)
}

extension [UInt8] {
  /// Where some bytes stand next.
  fileprivate func firstIndex(of needle: [UInt8], from: Int) -> Int? {
    guard let first = needle.first else { return nil }
    var at = from
    while at + needle.count <= count, let found = firstIndex(ofByte: first, from: at) {
      if self[found...].starts(with: needle) { return found }
      at = found + 1
    }
    return nil
  }
}
