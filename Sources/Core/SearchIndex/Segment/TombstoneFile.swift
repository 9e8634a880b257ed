import CKernels

/// The tombstones of a segment as a file of their own, written anew whenever they change.
enum TombstoneFile {
  static func write(_ tombstones: Tombstones, to file: SegmentFileWriter) {
    file.write(.info, [UInt64(tombstones.count)])
    file.write(.removed, tombstones.removed)
  }

  /// Reads tombstones and counts again what they took.
  ///
  /// Bodies are hashed here: a lost bit would show a deleted chunk.
  ///
  /// - Throws: corrupt.
  static func read(_ bytes: StoredBytes, of segment: Segment) throws(SearchIndexError) -> Tombstones {
    let file = try SegmentFile(bytes, kind: .tombstones)
    let words = try PackedArray<UInt64>(
      file.checkedSection(.removed), count: (segment.chunks + 63) / 64, "tombstones")
    let info = try PackedArray<UInt64>(file.checkedSection(.info), count: 1, "tombstone count")
    var tombstones = Tombstones(fields: segment.lexical.fields)
    for index in 0..<words.count {
      var rest = words[index]
      while rest != 0 {
        let ordinal = index << 6 + rest.trailingZeroBitCount
        guard ordinal < segment.chunks else { throw .corrupt("a tombstone for chunk \(ordinal)") }
        tombstones.remove(ordinal, from: segment)
        rest &= rest - 1
      }
    }
    guard info[0] == UInt64(tombstones.count) else { throw .corrupt("\(info[0]) tombstones") }
    return tombstones
  }
}
