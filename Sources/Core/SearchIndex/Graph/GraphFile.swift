import CKernels
import Foundation
import Synchronization

/// The graph over the vectors of a segment, opened. Vectors it knows by their 4-bit codes.
///
/// Unchecked Sendable: the bytes behind its pointers never change and live as long as it does.
struct GraphFile: @unchecked Sendable {
  let file: SegmentFile
  let quantiser: CoarseQuantiser
  let codes: CoarseCodes
  /// Ground first.
  let layers: [GraphLayer]
  /// The vector where searches start.
  let entry: UInt32
  /// Chunk of each vector; nil where they are one.
  let vectorChunks: UnsafePointer<UInt32>?
  private let spaces = GraphSearchPool()

  static let maxLayers = 32
  private static let maxNeighbours = 1 << 10

  /// - Parameter vectors: the file that the graph was built over.
  /// - Throws: corrupt, also where it is the graph of another file.
  init(_ bytes: StoredBytes, of vectors: VectorFile) throws(SearchIndexError) {
    file = try SegmentFile(bytes, kind: .graph)
    let view = try file.checkedSection(.info)
    let info = try PackedArray<UInt64>(view, count: view.count / 8, "counts")
    guard info.count > 5, info[0] == vectors.file.checksum, info[1] == UInt64(vectors.count),
      info[2] < UInt64(vectors.count), (1...UInt64(Self.maxNeighbours)).contains(info[3]),
      (1...UInt64(Self.maxLayers)).contains(info[4]), info.count == 5 + Int(info[4])
    else { throw .corrupt("a graph of other vectors") }
    entry = UInt32(info[2])
    quantiser = CoarseQuantiser(
      lowest: try Self.floats(.coarseLowest, of: file, count: vectors.dimension),
      steps: try Self.floats(.coarseSteps, of: file, count: vectors.dimension))
    let coarse = try file.section(.coarseCodes)
    guard coarse.count == quantiser.stride * vectors.count else {
      throw .corrupt("a graph without its codes")
    }
    codes = CoarseCodes(
      coarse.start.assumingMemoryBound(to: UInt8.self), stride: quantiser.stride, count: vectors.count)
    layers = try Self.layers(
      of: file, rows: (5..<info.count).map { info[$0] }, neighbours: Int(info[3]), vectors)
    if file.sections.contains(where: { $0.id == SectionID.vectorChunks.rawValue }) {
      let chunks = try PackedArray<UInt32>(
        file.section(.vectorChunks), count: vectors.count, "vectors' chunks")
      vectorChunks = chunks.start.assumingMemoryBound(to: UInt32.self)
    } else {
      guard vectors.chunks == vectors.count else { throw .corrupt("a graph without chunks of vectors") }
      vectorChunks = nil
    }
  }

  private static func floats(
    _ id: SectionID, of file: SegmentFile, count: Int
  ) throws(SearchIndexError) -> [Float] {
    let bits = try PackedArray<UInt32>(file.checkedSection(id), count: count, "levels")
    return (0..<count).map { Float(bitPattern: bits[$0]) }
  }

  /// - Parameter rows: of each layer, from the ground.
  private static func layers(
    of file: SegmentFile, rows: [UInt64], neighbours: Int, _ vectors: VectorFile
  ) throws(SearchIndexError) -> [GraphLayer] {
    // Each layer is a part of the one below.
    guard rows[0] == UInt64(vectors.count), rows.allSatisfy({ $0 > 0 }),
      zip(rows, rows.dropFirst()).allSatisfy({ $0 >= $1 })
    else { throw .corrupt("a graph's layers") }
    let counts = rows.map(Int.init)
    let upper = counts.dropFirst().reduce(0, +)
    let links = try PackedArray<UInt32>(
      file.section(.graphLinks), count: (2 * counts[0] + upper) * neighbours, "links")
    let nodes = try PackedArray<UInt32>(file.section(.graphNodes), count: upper, "a graph's nodes")
    var layers: [GraphLayer] = []
    var nextLinks = links.start.assumingMemoryBound(to: UInt32.self)
    var nextNodes = nodes.start.assumingMemoryBound(to: UInt32.self)
    for (level, count) in counts.enumerated() {
      let layer = GraphLayer(
        count: count, width: level == 0 ? 2 * neighbours : neighbours, links: nextLinks,
        nodes: level == 0 ? nil : nextNodes)
      nextLinks += count * layer.width
      layers.append(layer)
      guard let nodes = layer.nodes else { continue }
      nextNodes += count
      // Few, and looked up by bisection: checked here once.
      for row in 0..<count
      where nodes[row] >= UInt32(vectors.count) || row > 0 && nodes[row - 1] >= nodes[row] {
        throw .corrupt("a graph's nodes")
      }
    }
    return layers
  }

  /// Calls a body with a workspace of its own.
  func withSearch<Result>(_ body: (GraphSearch) -> Result) -> Result {
    let search = spaces.take() ?? GraphSearch(codes, width: layers[0].width)
    defer { spaces.give(search) }
    return body(search)
  }
}

/// Workspaces that wait for the next search.
private final class GraphSearchPool: Sendable {
  private let waiting = Mutex<[GraphSearch]>([])
  /// More searches than this at a time each make their own.
  private static let maxWaiting = 16

  func take() -> GraphSearch? { waiting.withLock { $0.popLast() } }

  func give(_ search: GraphSearch) {
    waiting.withLock { if $0.count < Self.maxWaiting { $0.append(search) } }
  }
}
