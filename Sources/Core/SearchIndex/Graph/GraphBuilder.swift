import CKernels
import Foundation
import Synchronization

/// Builds the layers of a hierarchical navigable small world graph (Malkov and Yashunin 2018,
/// doi:10.1109/TPAMI.2018.2889473).
///
/// Vectors enter in batches, as in ParlayANN (Manohar et al., PPoPP 2024, doi:10.1145/3627535.3638475): all of
/// a batch search the graph as it was before the batch, then each row that they chose takes in its new
/// neighbours. So threads write to rows of their own only, and the graph depends on the vectors and their
/// order, not on how many threads there were or which was faster. The layers are built from the top down, each
/// entered through the finished ones above it.
///
/// Unchecked Sendable: threads share rows as just said, and nothing else that changes.
final class GraphBuilder: @unchecked Sendable {
  /// Ground first.
  let layers: [GraphLayerBuilder]
  /// The vector where searches start; it is in all layers.
  let entry: UInt32
  private let vectors: VectorCodes
  private let quantiser: CoarseQuantiser
  private let options: GraphOptions
  /// Vectors in the order in which they enter.
  private let order: [UInt32]
  /// What each thread works with.
  private let spaces: [GraphBuildSpace]

  /// A layer of fewer vectors would be no faster than the one below.
  private static let smallestLayer = 32
  private static let largestBatch = 8192
  /// Rows that a thread takes at a time.
  private static let share = 16
  /// How often what cannot be reached is looked for.
  private static let maxConnectionRounds = 4

  /// - Parameters:
  ///   - numbers: a random number of each vector, the same in every graph; those with the lowest rise highest.
  init(
    _ vectors: VectorCodes, _ quantiser: CoarseQuantiser, _ codes: CoarseCodes, numbers: [UInt64],
    options: GraphOptions
  ) {
    precondition(numbers.count == vectors.count && (1..<GraphSearch.maxVectors).contains(vectors.count))
    self.vectors = vectors
    self.quantiser = quantiser
    self.options = options
    let order = numbers.indices.sorted { (numbers[$0], $0) < (numbers[$1], $1) }.map { UInt32($0) }
    var count = vectors.count
    var layers = [GraphLayerBuilder(count: count, width: 2 * options.neighbours, nodes: nil)]
    // A layer holds one in `neighbours` of the vectors of the layer below.
    while count / options.neighbours >= Self.smallestLayer {
      count /= options.neighbours
      let nodes = order.prefix(count).sorted()
      layers.append(GraphLayerBuilder(count: count, width: options.neighbours, nodes: nodes))
    }
    self.order = order
    self.layers = layers
    entry = order[0]
    spaces = (0..<max(1, options.threads)).map { _ in
      GraphBuildSpace(GraphSearch(codes, width: 2 * options.neighbours), quantiser)
    }
  }

  /// - Parameter seed: a graph of some of the vectors, which stay linked as they are there.
  /// - Throws: closed where the options say that it is no longer wanted.
  func build(from seed: GraphSeed? = nil) throws(SearchIndexError) {
    for level in layers.indices.reversed() {
      var isPresent = [Bool](repeating: false, count: layers[level].count)
      if let seed, level < seed.graph.layers.count { takeOver(seed, level, &isPresent) }
      try checkWanted()
      try fill(level, &isPresent)
      connect(level)
      try checkWanted()
    }
  }

  private func checkWanted() throws(SearchIndexError) {
    guard options.isCancelled() else { return }
    throw SearchIndexError(.closed, "The index was closed while its vectors were linked.")
  }

  // MARK: Filling a layer

  private func fill(_ level: Int, _ isPresent: inout [Bool]) throws(SearchIndexError) {
    let layer = layers[level]
    let view = layer.view
    let rows = order.prefix(layer.count).map { view.row(of: $0) ?? 0 }
    let queue = rows.filter { !isPresent[Int($0)] }
    var count = rows.count - queue.count
    let first = rows.first { isPresent[Int($0)] } ?? rows[0]
    // The layer above is complete, but its vectors enter this layer first.
    let upper = level + 1 < layers.count ? layers[level + 1].count : 0
    let upperQueued = rows.prefix(upper).count { !isPresent[Int($0)] }
    let incoming = IncomingLinks(rows: layer.count)
    var start = 0
    if count == 0 {
      // Alone, it has nothing to be linked to.
      start = 1
      count = 1
    }
    while start < queue.count {
      try checkWanted()
      let size = min(max(1, count / 8), Self.largestBatch, queue.count - start)
      // Rows of neighbouring numbers often lie near each other, and then need the same memory.
      let batch = queue[start..<start + size].sorted()
      let isBelowUpper = upper > 0 && start >= upperQueued
      inParallel(batch.count) { index, space in
        self.link(batch[index], level, from: isBelowUpper ? nil : first, space)
      }
      for row in batch { for neighbour in view.listed(row) { incoming.add(row, to: neighbour) } }
      inParallel(incoming.targets.count) { index, space in
        let target = incoming.targets[index]
        incoming.copySources(of: target, to: &space.added)
        self.takeIn(target, level, space)
      }
      incoming.removeAll()
      start += size
      count += size
    }
  }

  /// Calls a body for each number below a count, on all threads; not for all where it is cancelled.
  private func inParallel(_ count: Int, _ body: @Sendable (Int, GraphBuildSpace) -> Void) {
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: count <= Self.share ? 1 : spaces.count) { thread in
      while true {
        let first = next.wrappingAdd(Self.share, ordering: .relaxed).oldValue
        guard first < count, !self.options.isCancelled() else { return }
        for index in first..<min(first + Self.share, count) { body(index, self.spaces[thread]) }
      }
    }
  }

  /// Finds and writes the neighbours of a new row.
  ///
  /// - Parameter first: where to start; nil to come from the layers above.
  private func link(_ row: UInt32, _ level: Int, from first: UInt32?, _ space: GraphBuildSpace) {
    let view = layers[level].view
    search(level, near: view.vector(row), from: first, breadth: options.breadth, space)
    space.choice.select(from: space.search, of: view, vectors, limit: options.neighbours)
    layers[level].write(space.choice.chosen, to: row)
  }

  /// Searches a layer for the rows nearest to a vector.
  private func search(
    _ level: Int, near vector: UInt32, from first: UInt32?, breadth: Int, _ space: GraphBuildSpace
  ) {
    let view = layers[level].view
    vectors.decode(vector, into: &space.values)
    space.codes.withUnsafeMutableBufferPointer { codes in
      guard let start = codes.baseAddress else { return }
      let query = quantiser.query(space.values, buffer: &space.buffer, codes: start)
      let above = layers[(level + 1)...].reversed().map(\.view)
      let row = first ?? space.search.descend(above, to: view, query, from: entry)
      space.search.search(view, query, from: CollectionOfOne(row ?? 0), breadth: breadth)
    }
  }

  /// Adds `added` to a row's neighbours, keeping the best where there is no room for all.
  private func takeIn(_ row: UInt32, _ level: Int, _ space: GraphBuildSpace) {
    let layer = layers[level]
    let view = layer.view
    space.added.append(contentsOf: view.listed(row))
    if space.added.count > layer.width {
      space.choice.choose(from: space.added, for: row, of: view, vectors, limit: layer.width)
      layer.write(space.choice.chosen, to: row)
    } else {
      layer.write(space.added, to: row)
    }
  }

  // MARK: Taking over another graph

  /// Takes over the rows of a layer that another graph has too.
  ///
  /// A row that loses neighbours chooses again among those left and the neighbours of the lost, as in
  /// FreshDiskANN (Singh et al. 2021, arXiv:2105.09613, algorithm 4).
  private func takeOver(_ seed: GraphSeed, _ level: Int, _ isPresent: inout [Bool]) {
    let layer = layers[level]
    let view = layer.view
    let old = seed.graph.layers[level]
    /// New row of each old one.
    let moved = (0..<UInt32(old.count)).map { row in
      seed.newVector(old.vector(row)).flatMap { view.row(of: $0) } ?? GraphLayer.none
    }
    inParallel(old.count) { index, space in
      let row = moved[index]
      guard row != GraphLayer.none else { return }
      space.added.removeAll(keepingCapacity: true)
      var lost: [UInt32] = []
      for neighbour in old.listed(UInt32(index)) {
        let new = moved[Int(neighbour)]
        if new == GraphLayer.none { lost.append(neighbour) } else { space.added.append(new) }
      }
      for neighbour in lost {
        for further in old.listed(neighbour) {
          let new = moved[Int(further)]
          if new != GraphLayer.none, new != row, !space.added.contains(new) { space.added.append(new) }
        }
      }
      if lost.isEmpty {
        layer.write(space.added.prefix(layer.width), to: row)
      } else {
        space.choice.choose(from: space.added, for: row, of: view, self.vectors, limit: layer.width)
        layer.write(space.choice.chosen, to: row)
      }
    }
    for row in moved where row != GraphLayer.none { isPresent[Int(row)] = true }
  }

  // MARK: Reaching everything

  /// Links rows that no search would reach from one that it does, as far as some rounds bring it.
  private func connect(_ level: Int) {
    let layer = layers[level]
    let view = layer.view
    let roots =
      level + 1 < layers.count
      ? (0..<UInt32(layers[level + 1].count)).compactMap { view.row(of: layers[level + 1].view.vector($0)) }
      : [view.row(of: entry) ?? 0]
    for _ in 0..<Self.maxConnectionRounds {
      var reached = ReachedRows(view, roots: roots)
      let unreached = (0..<UInt32(layer.count)).filter { !reached.contains($0) }
      if unreached.isEmpty { return }
      for (index, row) in unreached.enumerated() where !reached.contains(row) && !options.isCancelled() {
        let space = spaces[0]
        search(
          level, near: view.vector(row), from: level + 1 < layers.count ? nil : roots[0],
          breadth: options.breadth, space)
        let near = (0..<space.search.count).map(space.search.row).filter { $0 != row && reached.contains($0) }
        guard !near.isEmpty else { continue }
        // Best where nothing has to give way; else not always the same.
        let source = near.first { view.listed($0).count < layer.width } ?? near[index % near.count]
        layer.write(view.listed(source).prefix(layer.width - 1) + [row], to: source)
        reached.add(row, view)
      }
    }
  }
}

/// What one thread builds with.
private final class GraphBuildSpace {
  let search: GraphSearch
  var choice = NeighbourChoice()
  /// Rows to be added.
  var added: [UInt32] = []
  var values: [Float]
  var buffer: [Float]
  var codes: [Int8]

  init(_ search: GraphSearch, _ quantiser: CoarseQuantiser) {
    self.search = search
    values = [Float](repeating: 0, count: quantiser.dimension)
    buffer = values
    codes = [Int8](repeating: 0, count: quantiser.queryStride)
  }
}
