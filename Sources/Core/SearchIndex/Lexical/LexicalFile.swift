import Foundation

/// The lexical file of a segment, opened: chunks by ordinal, in ascending order of key.
struct LexicalFile {
  let file: SegmentFile
  let chunks: Int
  let fields: Int
  let groupCount: Int
  /// Sum of lengths by field, removed chunks included.
  let totalLengths: [Int]
  let keys: PackedArray<UInt64>
  let groups: PackedArray<UInt64>
  /// Ordinals by ascending (group, ordinal).
  let groupOrder: PackedArray<UInt32>
  /// `fields` for each chunk, chunk by chunk.
  let lengths: PackedArray<UInt16>
  let terms: InvertedList
  let labels: InvertedList
  private let forwardOffsets: PackedArray<UInt64>
  private let forwardTerms: ByteView

  /// - Throws: corrupt.
  init(_ bytes: StoredBytes, fields: Int) throws(SearchIndexError) {
    file = try SegmentFile(bytes, kind: .lexical)
    self.fields = fields
    let info = try LexicalInfo(file.checkedSection(.info), fields: fields)
    chunks = info.chunks
    groupCount = info.groups
    totalLengths = info.totalLengths
    keys = try PackedArray(file.section(.keys), count: chunks, "keys")
    groups = try PackedArray(file.section(.groups), count: chunks, "groups")
    groupOrder = try PackedArray(file.section(.groupOrder), count: chunks, "group order")
    lengths = try PackedArray(file.section(.lengths), count: chunks * fields, "lengths")
    terms = try InvertedList(file, .terms, count: info.terms, fields: fields, chunks: chunks)
    labels = try InvertedList(file, .labels, count: info.labels, fields: 0, chunks: chunks)
    forwardOffsets = try PackedArray(file.section(.forwardOffsets), count: chunks + 1, "forward list")
    forwardTerms = try file.section(.forwardTerms)
  }

  /// Ordinals of a group's chunks, ascending.
  func ordinals(ofGroup group: UInt64) -> [Int] {
    guard chunks > 0, let first = groupAt(0), let last = groupAt(chunks - 1), first <= group, group <= last
    else { return [] }
    var low = 0
    var high = chunks
    while low < high {
      let middle = (low + high) / 2
      guard let candidate = groupAt(middle) else { return [] }
      if candidate < group { low = middle + 1 } else { high = middle }
    }
    var found: [Int] = []
    while low < chunks, groupAt(low) == group {
      found.append(Int(groupOrder[low]))
      low += 1
    }
    return found
  }

  /// The group at a place in group order; nil on damage.
  func groupAt(_ place: Int) -> UInt64? {
    let ordinal = Int(groupOrder[place])
    return ordinal < chunks ? groups[ordinal] : nil
  }

  /// Numbers of the terms in a chunk, ascending.
  ///
  /// - Returns: nil where the bytes are damaged; every number given names a term.
  func termIDs(of ordinal: Int) -> [UInt32]? {
    let start = forwardOffsets[ordinal]
    let end = forwardOffsets[ordinal + 1]
    guard end >= start, let view = forwardTerms.part(from: start, count: end - start) else { return nil }
    var ids: [UInt32] = []
    ids.reserveCapacity(view.count)
    var reader = VarintReader(view)
    var next: UInt64 = 0
    while !reader.isAtEnd {
      guard let gap = reader.next(), gap < UInt64(terms.count), next + gap < UInt64(terms.count) else {
        return nil
      }
      ids.append(UInt32(next + gap))
      next += gap + 1
    }
    return ids
  }
}

/// Counts of a lexical file.
struct LexicalInfo {
  let chunks, groups, terms, labels: Int
  let totalLengths: [Int]

  init(chunks: Int, groups: Int, terms: Int, labels: Int, totalLengths: [Int]) {
    self.chunks = chunks
    self.groups = groups
    self.terms = terms
    self.labels = labels
    self.totalLengths = totalLengths
  }

  init(_ view: ByteView, fields: Int) throws(SearchIndexError) {
    let numbers = try PackedArray<UInt64>(view, count: 5 + fields, "counts")
    let limit = UInt64(UInt32.max) - 1
    guard numbers[4] == UInt64(fields), (0..<4).allSatisfy({ numbers[$0] < limit }) else {
      throw .corrupt("a lexical file of \(numbers[4]) fields")
    }
    chunks = Int(numbers[0])
    groups = Int(numbers[1])
    terms = Int(numbers[2])
    labels = Int(numbers[3])
    totalLengths = (0..<fields).map { Int(clamping: numbers[5 + $0]) }
  }

  var numbers: [UInt64] {
    [chunks, groups, terms, labels, totalLengths.count].map(UInt64.init) + totalLengths.map(UInt64.init)
  }
}
