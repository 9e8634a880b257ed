/// A layer being built.
///
/// Unchecked Sendable: whoever shares it sees to it that nobody reads a row while it is written.
final class GraphLayerBuilder: @unchecked Sendable {
  let count: Int
  let width: Int
  private let links: UnsafeMutablePointer<UInt32>
  private let nodes: UnsafeMutablePointer<UInt32>?

  init(count: Int, width: Int, nodes: [UInt32]?) {
    self.count = count
    self.width = width
    links = .allocate(capacity: count * width)
    links.initialize(repeating: GraphLayer.none, count: count * width)
    self.nodes = nodes.map { nodes in
      let copy = UnsafeMutablePointer<UInt32>.allocate(capacity: nodes.count)
      copy.initialize(from: nodes, count: nodes.count)
      return copy
    }
  }

  deinit {
    links.deallocate()
    nodes?.deallocate()
  }

  var view: GraphLayer {
    GraphLayer(count: count, width: width, links: links, nodes: nodes.map { UnsafePointer($0) })
  }

  /// Replaces a row's neighbours; at most `width`.
  func write(_ neighbours: some Collection<UInt32>, to row: UInt32) {
    let start = links + Int(row) * width
    var count = 0
    for neighbour in neighbours {
      start[count] = neighbour
      count += 1
    }
    while count < width {
      start[count] = GraphLayer.none
      count += 1
    }
  }
}

/// New links by the row that they lead to.
///
/// Unchecked Sendable: filled by one thread, then read by many.
final class IncomingLinks: @unchecked Sendable {
  /// Rows with a new link, in the order of their first.
  private(set) var targets: [UInt32] = []
  private var sources: [(row: UInt32, next: Int32)] = []
  /// Last new link of each row, which leads to the one before; -1 for none.
  private var heads: [Int32]

  init(rows: Int) { heads = [Int32](repeating: -1, count: rows) }

  func add(_ source: UInt32, to target: UInt32) {
    let head = heads[Int(target)]
    if head < 0 { targets.append(target) }
    heads[Int(target)] = Int32(sources.count)
    sources.append((source, head))
  }

  func copySources(of target: UInt32, to rows: inout [UInt32]) {
    rows.removeAll(keepingCapacity: true)
    var next = heads[Int(target)]
    while next >= 0 {
      rows.append(sources[Int(next)].row)
      next = sources[Int(next)].next
    }
  }

  func removeAll() {
    for target in targets { heads[Int(target)] = -1 }
    targets.removeAll(keepingCapacity: true)
    sources.removeAll(keepingCapacity: true)
  }
}

/// Rows that links lead to from some roots.
struct ReachedRows {
  private var words: [UInt64]

  init(_ layer: GraphLayer, roots: [UInt32]) {
    words = [UInt64](repeating: 0, count: (layer.count + 63) / 64)
    for root in roots { add(root, layer) }
  }

  func contains(_ row: UInt32) -> Bool { words[Int(row >> 6)] & (1 << UInt64(row & 63)) != 0 }

  /// Adds a row and what can be reached from it.
  mutating func add(_ row: UInt32, _ layer: GraphLayer) {
    guard !contains(row) else { return }
    mark(row)
    var stack = [row]
    while let next = stack.popLast() {
      let neighbours = layer.neighbours(next)
      for index in 0..<layer.width {
        let neighbour = neighbours[index]
        guard Int(neighbour) < layer.count else { break }
        guard !contains(neighbour) else { continue }
        mark(neighbour)
        stack.append(neighbour)
      }
    }
  }

  private mutating func mark(_ row: UInt32) { words[Int(row >> 6)] |= 1 << UInt64(row & 63) }
}
