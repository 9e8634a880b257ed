import CKernels
import Foundation

/// Which segments get a graph, and how it is built.
struct GraphOptions: Sendable {
  /// Vectors from which a segment has a graph; below, comparing all is as fast and exact.
  var minVectors = 30_000
  /// Neighbours that a vector has at most above the ground, where it has twice as many.
  var neighbours = 24
  /// Vectors kept while the neighbours of a new one are searched.
  var breadth = 112
  var threads = 1
  /// Asked now and then; true gives up.
  var isCancelled: @Sendable () -> Bool = { false }
}

/// Part of an older graph that a new one takes over.
struct GraphSeed: Sendable {
  /// In place of a vector: it is gone.
  static let gone = UInt32.max

  let graph: GraphFile
  /// New number of each of its vectors, or `gone`.
  let vectors: [UInt32]

  func newVector(_ vector: UInt32) -> UInt32? {
    let new = vectors[Int(vector)]
    return new == Self.gone ? nil : new
  }
}

/// Builds the graph over a segment's vectors and writes it.
struct GraphFileWriter {
  let segment: Segment
  let options: GraphOptions
  let seed: GraphSeed?

  /// Seconds and memory grow with the vectors: about 400 bytes each while it builds.
  ///
  /// - Throws: closed where it is cancelled.
  func write(_ vectors: VectorFile, to file: SegmentFileWriter) throws(SearchIndexError) {
    let chunks = vectorChunks(vectors)
    guard chunks.count == vectors.count, let codes = VectorCodes(vectors) else {
      throw .corrupt("vector offsets")
    }
    let quantiser = quantiser(vectors)
    let coarse = [UInt8](unsafeUninitializedCapacity: quantiser.stride * vectors.count) { bytes, count in
      var values = [Float](repeating: 0, count: vectors.dimension)
      for vector in 0..<vectors.count {
        vectors.values(of: vector, into: &values)
        quantiser.encode(values, into: bytes.baseAddress! + vector * quantiser.stride)
      }
      count = bytes.count
    }
    var failure: SearchIndexError?
    coarse.withUnsafeBufferPointer { bytes in
      let coarseCodes = CoarseCodes(bytes.baseAddress!, stride: quantiser.stride, count: vectors.count)
      let builder = GraphBuilder(
        codes, quantiser, coarseCodes, numbers: numbers(vectors), options: options)
      do throws(SearchIndexError) {
        try builder.build(from: seed)
        write(builder, vectors, to: file)
      } catch { failure = error }
    }
    if let failure { throw failure }
    file.write(.coarseLowest, quantiser.lowest.map(\.bitPattern))
    file.write(.coarseSteps, quantiser.steps.map(\.bitPattern))
    file.write(.coarseCodes, coarse)
    if vectors.count != segment.chunks || chunks.indices.contains(where: { chunks[$0] != UInt32($0) }) {
      file.write(.vectorChunks, chunks)
    }
  }

  private func write(_ builder: GraphBuilder, _ vectors: VectorFile, to file: SegmentFileWriter) {
    let layers = builder.layers.map(\.view)
    let counts = [
      vectors.count, Int(builder.entry), options.neighbours, layers.count,
    ]
    file.write(.info, [vectors.file.checksum] + (counts + layers.map(\.count)).map(UInt64.init))
    file.begin(.graphLinks)
    for layer in layers {
      file.append(
        UnsafeRawBufferPointer(UnsafeBufferPointer(start: layer.links, count: layer.count * layer.width)))
    }
    file.end()
    file.begin(.graphNodes)
    for layer in layers {
      file.append(
        UnsafeRawBufferPointer(
          UnsafeBufferPointer(start: layer.nodes, count: layer.nodes == nil ? 0 : layer.count)))
    }
    file.end()
  }

  private func vectorChunks(_ vectors: VectorFile) -> [UInt32] {
    var chunks: [UInt32] = []
    chunks.reserveCapacity(vectors.count)
    for chunk in 0..<segment.chunks {
      chunks.append(
        contentsOf: repeatElement(UInt32(chunk), count: vectors.vectors(of: chunk..<chunk + 1).count))
    }
    return chunks
  }

  /// A number of each vector that looks random and is the same in every segment.
  private func numbers(_ vectors: VectorFile) -> [UInt64] {
    var numbers: [UInt64] = []
    numbers.reserveCapacity(vectors.count)
    for chunk in 0..<segment.chunks {
      let key = segment.lexical.keys[chunk]
      for place in 0..<vectors.vectors(of: chunk..<chunk + 1).count {
        let parts = [key, UInt64(place)]
        numbers.append(parts.withUnsafeBytes { fd_hash64($0.baseAddress, $0.count, 0) })
      }
    }
    return numbers
  }

  private static let maxSample = 65_536

  private func quantiser(_ vectors: VectorFile) -> CoarseQuantiser {
    var values = [Float](repeating: 0, count: vectors.dimension)
    return CoarseQuantiser(dimension: vectors.dimension) { body in
      for vector in stride(
        from: 0, to: vectors.count, by: (vectors.count + Self.maxSample - 1) / Self.maxSample)
      {
        vectors.values(of: vector, into: &values)
        body(values)
      }
    }
  }
}
