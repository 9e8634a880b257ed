import CKernels
import Foundation

/// Workspace of best-first searches through the layers of one graph: what was seen, and the best so far.
///
/// Unchecked Sendable: one thread uses it at a time.
final class GraphSearch: @unchecked Sendable {
  private static let expanded: UInt32 = 1 << 31
  /// Vectors that a graph can hold.
  static let maxVectors = Int(expanded)

  private let codes: CoarseCodes
  private var seen: fd_seen_rows
  /// The best so far, best first; a row with `expanded` once its neighbours were looked at.
  private var pool: UnsafeMutablePointer<fd_scored_row>
  private var found = 0
  private var breadth = 0
  private var poolCapacity = 0
  /// Rows to be compared at a time, their vectors, and their scores.
  private let rows: UnsafeMutablePointer<UInt32>
  private let vectors: UnsafeMutablePointer<UInt32>
  private let scores: UnsafeMutablePointer<Float>
  private let batch: Int
  /// Set where a neighbour lies outside its layer.
  private(set) var metDamage = false

  /// - Parameter width: of the widest layer.
  init(_ codes: CoarseCodes, width: Int) {
    self.codes = codes
    let words = (codes.count + 63) / 64
    seen = fd_seen_rows(
      words: .allocate(capacity: words), touched: .allocate(capacity: words + 1), touched_count: 0)
    seen.words.initialize(repeating: 0, count: words)
    batch = 3 * width
    rows = .allocate(capacity: batch)
    vectors = .allocate(capacity: batch)
    scores = .allocate(capacity: batch)
    pool = .allocate(capacity: 1)
  }

  deinit {
    seen.words.deallocate()
    seen.touched.deallocate()
    rows.deallocate()
    vectors.deallocate()
    scores.deallocate()
    pool.deallocate()
  }

  /// What the last search found, best first.
  var count: Int { found }
  func row(_ place: Int) -> UInt32 { pool[place].row & ~Self.expanded }
  func score(_ place: Int) -> Float { pool[place].score }

  /// Searches a layer from some of its rows.
  ///
  /// - Parameters:
  ///   - breadth: how many rows are kept while searching, and found at most.
  ///   - filter: finds only vectors that it allows; nil for all.
  func search(
    _ layer: GraphLayer, _ query: CoarseQuery, from entries: some Sequence<UInt32>, breadth: Int,
    filter: VectorFilter? = nil
  ) {
    begin(breadth)
    for row in entries {
      var row = row
      let count = fd_take_unseen(&row, 1, layer.count, &seen, rows, &metDamage)
      _ = compare(count, layer, query)
    }
    var next = 0
    while next < found {
      let row = pool[next].row
      guard row & Self.expanded == 0 else {
        next += 1
        continue
      }
      pool[next].row = row | Self.expanded
      // Most often the next best stays the next best.
      if next + 1 < found { fd_prefetch(layer.neighbours(self.row(next + 1)), layer.width * 4) }
      let count = filter.map { collect(layer, row, $0) } ?? takeUnseen(layer, row, into: rows)
      next = min(next + 1, compare(count, layer, query))
    }
  }

  private func begin(_ breadth: Int) {
    for index in 0..<seen.touched_count { seen.words[Int(seen.touched[index])] = 0 }
    seen.touched_count = 0
    found = 0
    self.breadth = max(1, breadth)
    if self.breadth > poolCapacity {
      pool.deallocate()
      pool = .allocate(capacity: self.breadth)
      poolCapacity = self.breadth
    }
  }

  @inline(__always)
  private func takeUnseen(_ layer: GraphLayer, _ row: UInt32, into rows: UnsafeMutablePointer<UInt32>) -> Int
  {
    fd_take_unseen(layer.neighbours(row), layer.width, layer.count, &seen, rows, &metDamage)
  }

  /// Takes a row's allowed neighbours, and in place of one that is not allowed, its allowed neighbours.
  ///
  /// As ACORN-1 (Patel et al., SIGMOD 2024, doi:10.1145/3654923): the allowed vectors alone are searched, in
  /// a graph of which the edges are found on the way. What does not fit into a batch is left to other rows.
  private func collect(_ layer: GraphLayer, _ row: UInt32, _ filter: VectorFilter) -> Int {
    let neighbours = layer.neighbours(row)
    var count = 0
    for index in 0..<layer.width where count < batch {
      let neighbour = neighbours[index]
      guard Int(neighbour) < layer.count else {
        if neighbour != GraphLayer.none { metDamage = true }
        break
      }
      if see(neighbour) { continue }
      if filter.allows(neighbour) {
        rows[count] = neighbour
        count &+= 1
        continue
      }
      let further = layer.neighbours(neighbour)
      for index in 0..<layer.width where count < batch {
        let neighbour = further[index]
        guard Int(neighbour) < layer.count else { break }
        guard filter.allows(neighbour), !see(neighbour) else { continue }
        rows[count] = neighbour
        count &+= 1
      }
    }
    return count
  }

  /// Marks a row as seen.
  ///
  /// - Returns: whether it was before.
  @inline(__always)
  private func see(_ row: UInt32) -> Bool {
    let word = Int(row >> 6)
    let bit: UInt64 = 1 << UInt64(row & 63)
    let before = seen.words[word]
    if before & bit != 0 { return true }
    seen.touched[seen.touched_count] = UInt32(word)
    seen.touched_count &+= before == 0 ? 1 : 0
    seen.words[word] = before | bit
    return false
  }

  /// Compares the first of `rows` with the query and keeps the best.
  ///
  /// - Returns: the first place of the pool that changed, or the number of rows found.
  @inline(__always)
  private func compare(_ count: Int, _ layer: GraphLayer, _ query: CoarseQuery) -> Int {
    if let nodes = layer.nodes {
      for index in 0..<count { vectors[index] = nodes[Int(rows[index])] }
      codes.score(vectors, count, query, into: scores)
    } else {
      codes.score(rows, count, query, into: scores)
    }
    return fd_pool_offer(pool, &found, breadth, rows, scores, count)
  }
}

/// Vectors that a search may find.
struct VectorFilter {
  /// Bit per chunk.
  let allowed: UnsafePointer<UInt64>
  let chunkCount: Int
  /// Chunk of each vector; nil where they are one.
  let chunks: UnsafePointer<UInt32>?

  @inline(__always)
  func allows(_ vector: UInt32) -> Bool {
    let chunk = Int(chunks.map { $0[Int(vector)] } ?? vector)
    return chunk < chunkCount && allowed[chunk >> 6] & (1 << UInt64(chunk & 63)) != 0
  }
}
