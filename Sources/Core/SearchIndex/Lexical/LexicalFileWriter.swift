/// The chunks of a segment to be written, by ordinal.
struct ChunkTable {
  /// Ascending.
  var keys: [UInt64] = []
  var groups: [UInt64] = []
  /// `fields` for each chunk, chunk by chunk.
  var lengths: [UInt16] = []
}

/// Writes a lexical file: chunks, then terms, then labels, then the forward list.
struct LexicalFileWriter {
  private let file: SegmentFileWriter
  private let chunks: ChunkTable
  private let fields: Int
  private var terms: InvertedListWriter?
  private var termCount = 0
  private var labels: InvertedListWriter?
  private var labelCount = 0
  private var forward: [UInt8] = []

  init(_ file: SegmentFileWriter, chunks: ChunkTable, fields: Int) {
    self.file = file
    self.chunks = chunks
    self.fields = fields
    file.write(.keys, chunks.keys)
    file.write(.groups, chunks.groups)
    file.write(.lengths, chunks.lengths)
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

  mutating func beginForward() {
    labelCount = labels?.count ?? 0
    labels?.finish()
    labels = nil
    file.begin(.forwardTerms)
    forwardOffsets.reserveCapacity(chunks.keys.count + 1)
  }

  private var forwardOffsets: [UInt64] = [0]

  /// Adds the next chunk's terms, ascending.
  mutating func addForward(_ termIDs: [UInt32]) {
    forward.removeAll(keepingCapacity: true)
    var next: UInt32 = 0
    for id in termIDs {
      forward.appendVarint(UInt64(id - next))
      next = id + 1
    }
    file.append(forward)
    forwardOffsets.append(file.sectionBytes)
  }

  /// Writes what is left but the frame.
  mutating func finish() {
    file.end()
    file.write(.forwardOffsets, forwardOffsets)
    let groups = chunks.groups
    let order = (0..<UInt32(groups.count)).sorted {
      (groups[Int($0)], $0) < (groups[Int($1)], $1)
    }
    var groupCount = 0
    for i in order.indices where i == 0 || groups[Int(order[i])] != groups[Int(order[i - 1])] {
      groupCount += 1
    }
    file.write(.groupOrder, order)
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
