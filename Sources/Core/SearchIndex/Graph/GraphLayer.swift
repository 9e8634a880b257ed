import CKernels

/// One layer of a graph: for each of its rows the rows of some near and some far vectors.
///
/// Unchecked Sendable: whoever holds it keeps the bytes behind it alive, and from changing under a reader.
struct GraphLayer: @unchecked Sendable {
  /// In place of a neighbour: the row has no more.
  static let none = FD_NO_NEIGHBOUR

  let count: Int
  /// Neighbours that a row has room for.
  let width: Int
  /// Row after row.
  let links: UnsafePointer<UInt32>
  /// The vector of each row, ascending; nil on the ground layer, where row and vector are one.
  let nodes: UnsafePointer<UInt32>?

  @inline(__always)
  func neighbours(_ row: UInt32) -> UnsafePointer<UInt32> { links + Int(row) &* width }

  /// A row's neighbours, without what lies outside the layer.
  func listed(_ row: UInt32) -> [UInt32] {
    Array(UnsafeBufferPointer(start: neighbours(row), count: width).prefix { Int($0) < count })
  }

  @inline(__always)
  func vector(_ row: UInt32) -> UInt32 { nodes.map { $0[Int(row)] } ?? row }

  /// The row of a vector; nil where this layer does not have it.
  func row(of vector: UInt32) -> UInt32? {
    guard let nodes else { return Int(vector) < count ? vector : nil }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if nodes[middle] < vector { low = middle + 1 } else { high = middle }
    }
    return low < count && nodes[low] == vector ? UInt32(low) : nil
  }
}

extension GraphSearch {
  /// Walks down from the topmost layer to the row of a lower one that looks nearest.
  ///
  /// - Parameters:
  ///   - layers: those above, from the topmost.
  ///   - entry: a vector of all layers.
  /// - Returns: nil where the layers do not fit each other.
  func descend(
    _ layers: some Sequence<GraphLayer>, to ground: GraphLayer, _ query: CoarseQuery, from entry: UInt32
  ) -> UInt32? {
    var vector = entry
    for layer in layers {
      guard let row = layer.row(of: vector) else { return nil }
      search(layer, query, from: CollectionOfOne(row), breadth: 1)
      guard count > 0 else { return nil }
      vector = layer.vector(self.row(0))
    }
    return ground.row(of: vector)
  }
}
