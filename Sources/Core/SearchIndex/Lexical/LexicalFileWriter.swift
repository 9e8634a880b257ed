/// The chunks of a segment to be written, by ordinal.
struct ChunkTable {
  /// Ascending.
  var keys: [UInt64] = []
  var groups: [UInt64] = []
  /// `fields` for each chunk, chunk by chunk.
  var lengths: [UInt16] = []
}

/// Writes a lexical file: chunks, then terms, then labels.
struct LexicalFileWriter {
  private let file: SegmentFileWriter
  private let chunks: ChunkTable
  private let fields: Int
  private var terms: InvertedListWriter?
  private var termCount = 0
  private var labels: InvertedListWriter?

  init(_ file: SegmentFileWriter, chunks: ChunkTable, fields: Int) {
    self.file = file
    self.chunks = chunks
    self.fields = fields
    file.write(.keys, BitPackedArray.encoded(chunks.keys))
    file.write(.groups, BitPackedArray.encoded(chunks.groups))
    file.write(.lengths, LengthColumns.encoded(chunks.lengths, fields: fields))
    terms = InvertedListWriter(file, .terms, fields: fields)
  }

  /// Adds a term; see `InvertedListWriter`.
  mutating func addTerm(_ term: UnsafeRawBufferPointer, ordinals: [UInt32], frequencies: [UInt16]) {
    terms?.add(term, ordinals: ordinals, frequencies: frequencies, lengths: chunks.lengths)
  }

  mutating func beginLabels() {
    termCount = terms?.count ?? 0
    terms?.finish()
    terms = nil
    labels = InvertedListWriter(file, .labels, fields: 0)
  }

  mutating func addLabel(_ label: UnsafeRawBufferPointer, ordinals: [UInt32]) {
    labels?.add(label, ordinals: ordinals, frequencies: [], lengths: [])
  }

  /// Writes what is left but the frame.
  mutating func finish() {
    let labelCount = labels?.count ?? 0
    labels?.finish()
    labels = nil
    let groups = chunks.groups
    let order = groups.indices.sorted { (groups[$0], $0) < (groups[$1], $1) }
    var groupCount = 0
    for i in order.indices where i == 0 || groups[order[i]] != groups[order[i - 1]] { groupCount += 1 }
    file.write(.groupOrder, BitPackedArray.encoded(order.map(UInt64.init)))
    var totals = [Int](repeating: 0, count: fields)
    for chunk in chunks.keys.indices {
      for field in 0..<fields { totals[field] += Int(chunks.lengths[chunk * fields + field]) }
    }
    let info = LexicalInfo(
      chunks: chunks.keys.count, groups: groupCount, terms: termCount, labels: labelCount,
      totalLengths: totals)
    file.write(.info, info.numbers)
  }
}
