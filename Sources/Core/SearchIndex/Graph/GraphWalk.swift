import CKernels
import Foundation

/// Searches a segment's vectors through its graph.
struct GraphWalk {
  /// Breadth for a limit: `breadthPerHit` for each hit, and some more.
  private static let breadthPerHit = 2
  private static let extraBreadth = 160
  /// The fewer a filter allows, the poorer the graph of the allowed.
  private static let breadthByShare = -0.3
  /// Vectors found that are scored exactly: as many for each hit, and some more.
  private static let rescoredPerHit = 2
  private static let extraRescored = 20
  /// Allowed vectors where a filtered search starts, besides the nearest of all.
  private static let filteredEntries = 16
  /// From this share on, a filter is applied to what was found; tombstones alone seldom hide more.
  private static let denseShare = 0.9

  private let view: SegmentView
  private let index: Int
  private let graph: GraphFile
  private let vectors: VectorFile
  private let allowed: FilterResult
  private let allowedCount: Int
  /// Of the chunks, those that are allowed.
  private var share: Double { Double(allowedCount) / Double(view.segment.chunks) }

  /// - Parameters:
  ///   - index: the view's place in the snapshot.
  ///   - scanned: up to as many allowed chunks a scan does as well, and is exact.
  /// - Returns: nil where there is no graph, or no more chunks.
  init?(_ view: SegmentView, _ allowed: FilterResult, at index: Int, above scanned: Int) {
    guard let graph = view.segment.graph, let vectors = view.segment.vectors else { return nil }
    allowedCount = allowed.count(of: view.segment.chunks)
    guard allowedCount > max(0, scanned) else { return nil }
    self.view = view
    self.index = index
    self.graph = graph
    self.vectors = vectors
    self.allowed = allowed
  }

  /// Offers the nearest allowed chunks.
  ///
  /// - Returns: false where it offered nothing because it did not find enough: all must be compared.
  func run(_ query: VectorQuery, _ limit: Int, _ breadth: Int?, into hits: inout TopHits) -> Bool {
    let usual = Double(Self.breadthPerHit * limit + Self.extraBreadth) * pow(share, Self.breadthByShare)
    var breadth = max(limit, breadth ?? Int(usual))
    while breadth < min(allowedCount, vectors.count / 2) {
      let found = graph.withSearch { search(query, limit, breadth, $0) }
      guard !found.isExhausted else { return false }
      // A chunk of many vectors takes the place of others.
      if found.chunks.count >= limit {
        for chunk in found.chunks { offer(chunk, query, &hits) }
        return true
      }
      breadth *= 2
    }
    return false
  }

  private struct Found {
    /// Allowed chunks, nearest first by coarse scores.
    var chunks: [Int] = []
    /// The search ended because it saw nothing more.
    let isExhausted: Bool
  }

  private func search(_ query: VectorQuery, _ limit: Int, _ breadth: Int, _ search: GraphSearch) -> Found {
    var buffer = [Float](repeating: 0, count: graph.quantiser.dimension)
    var codes = [Int8](repeating: 0, count: graph.quantiser.queryStride)
    return codes.withUnsafeMutableBufferPointer { codes in
      guard let start = codes.baseAddress else { return Found(isExhausted: true) }
      let query = graph.quantiser.query(query.values, buffer: &buffer, codes: start)
      let ground = graph.layers[0]
      guard
        let nearest = search.descend(graph.layers[1...].reversed(), to: ground, query, from: graph.entry)
      else {
        // The layers do not fit each other.
        view.segment.markDamaged()
        return Found(isExhausted: true)
      }
      guard case .some(let words) = allowed else {
        search.search(ground, query, from: CollectionOfOne(nearest), breadth: breadth)
        return collect(search, limit, breadth, nil)
      }
      return words.withUnsafeBufferPointer { words in
        guard let start = words.baseAddress else { return Found(isExhausted: true) }
        let filter = VectorFilter(allowed: start, chunkCount: view.segment.chunks, chunks: graph.vectorChunks)
        if share >= Self.denseShare {
          // Nearly all: the nearest of all are walked, and those left out that are not allowed.
          search.search(ground, query, from: CollectionOfOne(nearest), breadth: breadth)
        } else {
          search.search(ground, query, from: [nearest] + entries(words), breadth: breadth, filter: filter)
        }
        return collect(search, limit, breadth, filter)
      }
    }
  }

  /// Some allowed vectors, from all over the segment: where those that are allowed are far from what is
  /// nearest, few paths lead to them.
  private func entries(_ words: UnsafeBufferPointer<UInt64>) -> [UInt32] {
    (0..<Self.filteredEntries).compactMap { part in
      var place = part * words.count / Self.filteredEntries
      while place < words.count, words[place] == 0 { place += 1 }
      guard place < words.count else { return nil }
      let chunk = place << 6 + words[place].trailingZeroBitCount
      guard chunk < vectors.chunks else { return nil }
      return vectors.vectors(of: chunk..<chunk + 1).first.map { UInt32($0) }
    }
  }

  private func collect(_ search: GraphSearch, _ limit: Int, _ breadth: Int, _ filter: VectorFilter?) -> Found
  {
    if search.metDamage { view.segment.markDamaged() }
    var found = Found(isExhausted: search.count < breadth)
    let wanted = Self.rescoredPerHit * limit + Self.extraRescored
    var seen: Set<Int> = []
    for place in 0..<search.count where found.chunks.count < wanted {
      let vector = search.row(place)
      if let filter, !filter.allows(vector) { continue }
      let chunk = Int(graph.vectorChunks.map { $0[Int(vector)] } ?? vector)
      guard chunk < vectors.chunks else {
        view.segment.markDamaged()
        continue
      }
      if graph.vectorChunks == nil || seen.insert(chunk).inserted { found.chunks.append(chunk) }
    }
    return found
  }

  private func offer(_ chunk: Int, _ query: VectorQuery, _ hits: inout TopHits) {
    guard let score = vectors.exactScore(query, chunk: chunk) else { return }
    hits.offer(.init(score: score, key: view.segment.lexical.keys[chunk], view: index, ordinal: chunk))
  }
}
