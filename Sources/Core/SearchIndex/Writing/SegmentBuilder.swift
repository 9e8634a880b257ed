/// Entries that were applied and are not yet a segment, in flat arrays.
struct SegmentBuilder {
  private let fields: Int
  private let dimension: Int
  private var terms = TermTable()
  private var labels = TermTable()

  // Per entry.
  private var keys: [UInt64] = []
  private var groups: [UInt64] = []
  private var isRemoved: [Bool] = []
  private var lengths: [UInt16] = []
  private var postingStarts: [Int] = [0]
  private var labelStarts: [Int] = [0]
  private var vectorStarts: [Int] = [0]

  // Flat.
  private var postingTerms: [UInt32] = []
  private var postingFrequencies: [UInt16] = []
  private var entryLabels: [UInt32] = []
  private var halves: [UInt16] = []

  /// The entry that used a term last, and its posting there.
  private var lastUse: [(entry: Int, posting: Int)] = []
  private var entriesByKey: [UInt64: Int] = [:]
  private var entriesByGroup: [UInt64: [Int]] = [:]

  init(fields: Int, dimension: Int) {
    self.fields = fields
    self.dimension = dimension
  }

  var liveCount: Int { entriesByKey.count }
  /// Entries held, removed ones included.
  var count: Int { keys.count }
  /// Bytes held, roughly.
  var byteCount: Int {
    terms.byteCount + labels.byteCount + postingTerms.count * (4 + 2 * fields) + halves.count * 2
      + entryLabels.count * 4 + keys.count * (96 + 2 * fields) + lastUse.count * 16
  }

  mutating func remove(group: UInt64) {
    for entry in entriesByGroup.removeValue(forKey: group) ?? [] where !isRemoved[entry] {
      isRemoved[entry] = true
      entriesByKey[keys[entry]] = nil
    }
  }

  @discardableResult
  mutating func remove(key: UInt64) -> Bool {
    guard let entry = entriesByKey.removeValue(forKey: key) else { return false }
    isRemoved[entry] = true
    return true
  }

  /// Adds an entry that was validated; its key must not be live here.
  mutating func add(_ entry: ChunkEntry) {
    let index = keys.count
    keys.append(entry.key)
    groups.append(entry.group)
    isRemoved.append(false)
    entriesByKey[entry.key] = index
    entriesByGroup[entry.group, default: []].append(index)
    for (field, content) in entry.fields.enumerated() {
      lengths.append(UInt16(clamping: content.length))
      for (term, frequency) in content.terms where frequency > 0 && !term.isEmpty {
        guard let id = terms.intern(term) else { continue }
        count(UInt16(clamping: frequency), of: id, field: field, entry: index)
      }
    }
    postingStarts.append(postingTerms.count)
    var seen: Set<UInt32> = []
    for label in entry.labels {
      guard let id = labels.intern(label), seen.insert(id).inserted else { continue }
      entryLabels.append(id)
    }
    labelStarts.append(entryLabels.count)
    for vector in entry.vectors { halves.append(contentsOf: vector) }
    vectorStarts.append(halves.count)
  }

  private mutating func count(_ frequency: UInt16, of id: UInt32, field: Int, entry: Int) {
    let id = Int(id)
    if id == lastUse.count { lastUse.append((-1, 0)) }
    if lastUse[id].entry != entry {
      lastUse[id] = (entry, postingTerms.count)
      postingTerms.append(UInt32(id))
      for _ in 0..<fields { postingFrequencies.append(0) }
    }
    let slot = lastUse[id].posting * fields + field
    let (sum, overflow) = postingFrequencies[slot].addingReportingOverflow(frequency)
    postingFrequencies[slot] = overflow ? .max : sum
  }

  // MARK: Encoding

  /// Encodes what is live.
  ///
  /// - Throws: `storage_full`, `index_io`.
  func encode(to output: SegmentOutput) throws(SearchIndexError) -> Segment {
    let entries = entriesByKey.values.sorted { keys[$0] < keys[$1] }
    return try output.write(
      lexical: { file throws(SearchIndexError) in try writeLexical(entries, to: file) },
      vectors: { file throws(SearchIndexError) in
        writeVectors(entries, model: output.identity.model, to: file)
      })
  }

  private func writeLexical(_ entries: [Int], to file: SegmentFileWriter) throws(SearchIndexError) {
    var table = ChunkTable()
    for entry in entries {
      table.keys.append(keys[entry])
      table.groups.append(groups[entry])
      table.lengths.append(contentsOf: lengths[entry * fields..<(entry + 1) * fields])
    }
    var writer = LexicalFileWriter(file, chunks: table, fields: fields)
    let inverted = Inversion(
      entries.map { postingStarts[$0]..<postingStarts[$0 + 1] }, of: postingTerms, in: terms)
    var frequencies: [UInt16] = []
    for rank in inverted.order.indices {
      let (ordinals, postings) = inverted.list(rank)
      frequencies.removeAll(keepingCapacity: true)
      for posting in postings {
        for field in 0..<fields { frequencies.append(postingFrequencies[posting * fields + field]) }
      }
      terms.withTerm(inverted.order[rank]) {
        writer.addTerm($0, ordinals: Array(ordinals), frequencies: frequencies)
      }
      try file.check()
    }
    writer.beginLabels()
    let invertedLabels = Inversion(
      entries.map { labelStarts[$0]..<labelStarts[$0 + 1] }, of: entryLabels, in: labels)
    for rank in invertedLabels.order.indices {
      labels.withTerm(invertedLabels.order[rank]) {
        writer.addLabel($0, ordinals: Array(invertedLabels.list(rank).ordinals))
      }
    }
    writer.finish()
  }

  private func writeVectors(_ entries: [Int], model: String, to file: SegmentFileWriter) {
    var offsets: [UInt32] = [0]
    for entry in entries {
      let count = (vectorStarts[entry + 1] - vectorStarts[entry]) / dimension
      offsets.append(offsets[offsets.count - 1] + UInt32(count))
    }
    let writer = VectorFileWriter(file, model: model, dimension: dimension, offsets: offsets)
    writer.write(
      halves: entries.map { halves[vectorStarts[$0]..<vectorStarts[$0 + 1]] }, dimension: dimension)
  }
}

/// Turns lists of terms by chunk into lists of chunks by term.
private struct Inversion {
  /// Numbers of the terms that occur, in the order of their bytes.
  let order: [Int]
  private let starts: [Int]
  private let ordinals: [UInt32]
  private let positions: [Int]

  /// - Parameters:
  ///   - runs: where each chunk's terms stand in `terms`, by ordinal.
  init(_ runs: [Range<Int>], of terms: [UInt32], in table: TermTable) {
    var counts = [Int](repeating: 0, count: table.count)
    for run in runs { for position in run { counts[Int(terms[position])] += 1 } }
    let order = table.sorted(counts.indices.filter { counts[$0] > 0 })
    var rank = [Int](repeating: -1, count: table.count)
    var starts = [0]
    for (place, number) in order.enumerated() {
      rank[number] = place
      starts.append(starts[place] + counts[number])
    }
    var next = starts
    var ordinals = [UInt32](repeating: 0, count: starts[order.count])
    var positions = [Int](repeating: 0, count: starts[order.count])
    for (ordinal, run) in runs.enumerated() {
      for position in run {
        let place = rank[Int(terms[position])]
        ordinals[next[place]] = UInt32(ordinal)
        positions[next[place]] = position
        next[place] += 1
      }
    }
    self.order = order
    self.starts = starts
    self.ordinals = ordinals
    self.positions = positions
  }

  func list(_ place: Int) -> (ordinals: ArraySlice<UInt32>, positions: ArraySlice<Int>) {
    let range = starts[place]..<starts[place + 1]
    return (ordinals[range], positions[range])
  }
}
