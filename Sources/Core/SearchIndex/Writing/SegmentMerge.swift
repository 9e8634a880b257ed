/// Joins segments into one, leaving out what is removed.
///
/// Terms, postings, labels and vectors are copied as they are: nothing is analysed or embedded again, and
/// the bytes that come out are a function of the live chunks alone, however they were spread before.
struct SegmentMerge {
  /// In place of a new ordinal: the chunk was not taken over.
  static let gone = UInt32.max

  struct Result: Sendable {
    /// The segments as they were merged.
    let inputs: [SegmentView]
    /// Nil where no chunk was live.
    let segment: Segment?
    /// For each input, the new ordinal of each of its chunks, or `gone`.
    let ordinals: [[UInt32]]
  }

  private struct Source {
    let key: UInt64
    let input: Int
    let ordinal: Int
  }

  private let inputs: [SegmentView]
  private let identity: IndexIdentity
  /// Live chunks in ascending order of key.
  private let sources: [Source]
  private let ordinals: [[UInt32]]
  /// Keys ascend in every input and none is live twice; else nothing that follows would ascend.
  private let hasSoundKeys: Bool
  private var fields: Int { identity.fields.count }

  init(_ inputs: [SegmentView], identity: IndexIdentity) {
    self.inputs = inputs
    self.identity = identity
    var hasSoundKeys = true
    var sources: [Source] = []
    sources.reserveCapacity(inputs.reduce(0) { $0 + $1.live })
    for (index, input) in inputs.enumerated() {
      let keys = input.segment.lexical.keys
      for ordinal in 0..<keys.count where !input.tombstones.isRemoved(ordinal) {
        sources.append(Source(key: keys.unchecked(ordinal), input: index, ordinal: ordinal))
      }
      for ordinal in 1..<max(1, keys.count) where keys.unchecked(ordinal - 1) >= keys.unchecked(ordinal) {
        hasSoundKeys = false
      }
    }
    if inputs.count > 1 { sources.sort { ($0.key, $0.input) < ($1.key, $1.input) } }
    for new in 1..<max(1, sources.count) where sources[new - 1].key >= sources[new].key {
      hasSoundKeys = false
    }
    var ordinals = inputs.map { [UInt32](repeating: Self.gone, count: $0.segment.chunks) }
    for (new, source) in sources.enumerated() { ordinals[source.input][source.ordinal] = UInt32(new) }
    self.sources = sources
    self.ordinals = ordinals
    self.hasSoundKeys = hasSoundKeys
  }

  /// - Throws: `index_corrupt` where an input's bytes are damaged, `storage_full`, `index_io`.
  ///
  /// - Parameters:
  ///   - graph: how to link the vectors; nil for no graph.
  ///   - isCancelled: asked now and then; true gives up with `index_closed`.
  func run(
    to destination: SegmentDestination, graph: GraphOptions? = nil, isCancelled: () -> Bool = { false }
  ) throws(SearchIndexError) -> Result {
    guard hasSoundKeys else { throw .corrupt("keys that do not ascend") }
    guard !sources.isEmpty else { return Result(inputs: inputs, segment: nil, ordinals: ordinals) }
    let segment = try SegmentOutput(destination: destination, identity: identity).write(
      lexical: { file throws(SearchIndexError) in try writeLexical(to: file, isCancelled) },
      vectors: { file throws(SearchIndexError) in try writeVectors(to: file) },
      graph: { segment in
        guard let graph, (segment.vectors?.count ?? 0) >= graph.minVectors else { return nil }
        return GraphFileWriter(segment: segment, options: graph, seed: seed(for: segment))
      })
    return Result(inputs: inputs, segment: segment, ordinals: ordinals)
  }

  // MARK: Lexical

  private func writeLexical(
    to file: SegmentFileWriter, _ isCancelled: () -> Bool
  ) throws(SearchIndexError) {
    var table = ChunkTable()
    for source in sources {
      let lexical = inputs[source.input].segment.lexical
      table.keys.append(source.key)
      table.groups.append(lexical.groups[source.ordinal])
      for field in 0..<fields { table.lengths.append(lexical.lengths[source.ordinal, field]) }
    }
    var writer = LexicalFileWriter(file, chunks: table, fields: fields)
    var terms = MergedLists(inputs.map(\.segment.lexical.terms), ordinals: ordinals)
    while try terms.next() {
      terms.term.withUnsafeBytes {
        writer.addTerm($0, ordinals: terms.ordinals, frequencies: terms.frequencies)
      }
      try file.check()
      if isCancelled() { throw SearchIndexError(.closed, "The index was closed while it was merged.") }
    }
    writer.beginLabels()
    var labels = MergedLists(inputs.map(\.segment.lexical.labels), ordinals: ordinals)
    while try labels.next() {
      labels.term.withUnsafeBytes { writer.addLabel($0, ordinals: labels.ordinals) }
    }
    writer.finish()
  }

  // MARK: Vectors

  private func writeVectors(to file: SegmentFileWriter) throws(SearchIndexError) {
    let limit = inputs.reduce(0) { $0 + ($1.segment.vectors?.count ?? 0) }
    var total = 0
    var offsets: [UInt32] = [0]
    var runs: [(input: Int, vectors: Range<Int>)] = []
    for source in sources {
      guard let vectors = inputs[source.input].segment.vectors else { throw .corrupt("no vectors") }
      let range = vectors.vectors(of: source.ordinal..<source.ordinal + 1)
      total += range.count
      guard total <= limit, let offset = UInt32(exactly: total) else { throw .corrupt("vector offsets") }
      offsets.append(offset)
      guard !range.isEmpty else { continue }
      if let last = runs.last, last.input == source.input, last.vectors.upperBound == range.lowerBound {
        runs[runs.count - 1].vectors = last.vectors.lowerBound..<range.upperBound
      } else {
        runs.append((source.input, range))
      }
    }
    var files: [VectorSource] = []
    for run in runs {
      guard let vectors = inputs[run.input].segment.vectors else { continue }
      files.append(VectorSource(file: vectors, vectors: run.vectors))
    }
    let writer = VectorFileWriter(
      file, model: identity.model, dimension: identity.dimension, offsets: offsets)
    try writer.copy(files)
  }
}

extension SegmentMerge {
  /// Share of a graph's vectors that must live on for it to be worth repairing.
  private static let minLivingShare = 0.5

  /// The largest graph of the inputs, with the numbers that its vectors have in the merged segment.
  private func seed(for merged: Segment) -> GraphSeed? {
    let largest = inputs.indices.max {
      (inputs[$0].segment.graph?.codes.count ?? 0) < (inputs[$1].segment.graph?.codes.count ?? 0)
    }
    guard let largest, let graph = inputs[largest].segment.graph,
      let before = inputs[largest].segment.vectors, let after = merged.vectors,
      // What is wrong in it would go on in the new graph, under a valid checksum.
      graph.file.damage().isEmpty
    else { return nil }
    var vectors = [UInt32](repeating: GraphSeed.gone, count: before.count)
    var living = 0
    for (old, new) in ordinals[largest].enumerated() where new != Self.gone {
      let from = before.vectors(of: old..<old + 1)
      let to = after.vectors(of: Int(new)..<Int(new) + 1)
      for (old, new) in zip(from, to) { vectors[old] = UInt32(new) }
      living += from.count
    }
    guard Double(living) >= Self.minLivingShare * Double(before.count) else { return nil }
    return GraphSeed(graph: graph, vectors: vectors)
  }
}

/// Walks the dictionaries of several segments at once, joining the posting lists of equal terms.
private struct MergedLists {
  private let lists: [InvertedList]
  private let remaps: [[UInt32]]
  private let fields: Int
  private var iterators: [TermDictionary.Iterator]
  /// Each input's next term; nil where it has none left.
  private var heads: [PostingsPlace?]

  private(set) var term: [UInt8] = []
  /// The current term's chunks by new ordinal, ascending, and their frequencies.
  private(set) var ordinals: [UInt32] = []
  private(set) var frequencies: [UInt16] = []
  /// The inputs that have the current term, and its postings there.
  private var origins: [(input: Int, place: PostingsPlace)] = []

  init(_ lists: [InvertedList], ordinals: [[UInt32]]) {
    self.lists = lists
    remaps = ordinals
    fields = lists.first?.fields ?? 0
    iterators = lists.map { $0.dictionary.iterator() }
    heads = []
    for input in iterators.indices { heads.append(iterators[input].next()) }
  }

  /// Moves to the next term that a live chunk has.
  mutating func next() throws(SearchIndexError) -> Bool {
    while try advance() { if !ordinals.isEmpty { return true } }
    return false
  }

  private mutating func advance() throws(SearchIndexError) -> Bool {
    if iterators.contains(where: \.isDamaged) { throw .corrupt("a dictionary") }
    origins.removeAll(keepingCapacity: true)
    ordinals.removeAll(keepingCapacity: true)
    frequencies.removeAll(keepingCapacity: true)
    for (input, head) in heads.enumerated() {
      guard let head else { continue }
      let order = origins.first.map { Self.compare(iterators[input].term, iterators[$0.input].term) } ?? -1
      if order < 0 { origins.removeAll(keepingCapacity: true) }
      if order <= 0 { origins.append((input, head)) }
    }
    guard let first = origins.first else { return false }
    // Terms that do not ascend would write a dictionary in which they cannot be found.
    guard term.isEmpty || Self.compare(term, iterators[first.input].term) < 0 else {
      throw .corrupt("a dictionary's order")
    }
    term = iterators[first.input].term
    for (input, place) in origins {
      try append(input, place)
      heads[input] = iterators[input].next()
    }
    if origins.count > 1 { sort() }
    return true
  }

  private static func compare(_ a: [UInt8], _ b: [UInt8]) -> Int {
    a.withUnsafeBytes { a in b.withUnsafeBytes { a.compare($0) } }
  }

  private mutating func append(_ input: Int, _ place: PostingsPlace) throws(SearchIndexError) {
    guard let cursor = lists[input].cursor(place) else { throw .corrupt("a posting list") }
    let remap = remaps[input]
    while cursor.nextBlock() {
      cursor.decodeFrequencies()
      for position in 0..<cursor.count {
        let ordinal = remap[Int(cursor.ordinals[position])]
        guard ordinal != SegmentMerge.gone else { continue }
        ordinals.append(ordinal)
        for field in 0..<fields {
          frequencies.append(UInt16(truncatingIfNeeded: cursor.frequencies[field]?[position] ?? 0))
        }
      }
    }
    if cursor.isDamaged { throw .corrupt("a posting list") }
  }

  private mutating func sort() {
    guard zip(ordinals, ordinals.dropFirst()).contains(where: { $0 >= $1 }) else { return }
    let order = ordinals.enumerated().map { UInt64($0.element) << 32 | UInt64($0.offset) }.sorted()
    ordinals = order.map { UInt32($0 >> 32) }
    let unsorted = frequencies
    frequencies.removeAll(keepingCapacity: true)
    for entry in order {
      let posting = Int(UInt32(truncatingIfNeeded: entry))
      frequencies.append(contentsOf: unsorted[posting * fields..<(posting + 1) * fields])
    }
  }
}
