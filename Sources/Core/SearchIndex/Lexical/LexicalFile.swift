import Foundation

/// The lexical file of a segment, opened: chunks by ordinal, in ascending order of key.
struct LexicalFile {
  let file: SegmentFile
  let chunks: Int
  let fields: Int
  let groupCount: Int
  /// Sum of lengths by field, removed chunks included.
  let totalLengths: [Int]
  let keys: BitPackedArray
  let groups: BitPackedArray
  /// Ordinals by ascending (group, ordinal).
  let groupOrder: BitPackedArray
  let lengths: LengthColumns
  let terms: InvertedList
  let labels: InvertedList

  /// - Throws: corrupt.
  init(_ bytes: StoredBytes, fields: Int) throws(SearchIndexError) {
    file = try SegmentFile(bytes, kind: .lexical)
    self.fields = fields
    let info = try LexicalInfo(file.checkedSection(.info), fields: fields)
    chunks = info.chunks
    groupCount = info.groups
    totalLengths = info.totalLengths
    keys = try BitPackedArray(file.section(.keys), count: chunks, "keys")
    groups = try BitPackedArray(file.section(.groups), count: chunks, "groups")
    groupOrder = try BitPackedArray(file.section(.groupOrder), count: chunks, "group order")
    lengths = try LengthColumns(file.section(.lengths), fields: fields, chunks: chunks)
    terms = try InvertedList(file, .terms, count: info.terms, fields: fields, chunks: chunks)
    labels = try InvertedList(file, .labels, count: info.labels, fields: 0, chunks: chunks)
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
    let ordinal = groupOrder[place]
    return ordinal < UInt64(chunks) ? groups[Int(ordinal)] : nil
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
