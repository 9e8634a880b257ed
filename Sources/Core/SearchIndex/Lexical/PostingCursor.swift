/// Walks one posting list block by block, or seeks in it.
///
/// Damaged bytes end the list early and set `isDamaged`; ordinals given out always name a chunk.
final class PostingCursor {
  private let table: ByteView
  private let body: ByteView
  let fieldCount: Int
  private let chunks: Int
  private let postings: Int
  private let blocks: Int
  private var block = -1

  /// Postings of the current block.
  private(set) var count = 0
  /// Where in the block the cursor stands.
  var position = 0
  let ordinals: UnsafeMutablePointer<UInt32>
  /// Of the current block, field by field, 128 apart; valid only where `presentFields` says so.
  let frequencies: UnsafeMutablePointer<UInt16>
  /// Bit f: some posting of the block has the term in field f.
  private(set) var presentFields: UInt64 = 0
  private(set) var isDamaged = false

  /// - Parameter list: the table, the blocks, and padding after them.
  init?(_ list: ByteView, postings: Int, fields: Int, chunks: Int) {
    let tableBytes = PostingFormat.blocks(of: postings) * PostingFormat.entryBytes(fields: fields)
    guard let table = list.part(from: 0, count: UInt64(tableBytes)),
      let body = list.part(from: UInt64(tableBytes), count: UInt64(list.count - tableBytes))
    else { return nil }
    self.table = table
    self.body = body
    fieldCount = fields
    self.chunks = chunks
    self.postings = postings
    blocks = PostingFormat.blocks(of: postings)
    ordinals = .allocate(capacity: PostingFormat.blockPostings)
    frequencies = .allocate(capacity: PostingFormat.blockPostings * max(1, fields))
  }

  deinit {
    ordinals.deallocate()
    frequencies.deallocate()
  }

  /// Decodes the next block.
  ///
  /// - Returns: false at the end.
  func nextBlock() -> Bool { load(block + 1) }

  /// Moves to the first posting not below `ordinal`.
  ///
  /// - Returns: its ordinal; nil where there is none.
  func seek(_ ordinal: UInt32) -> UInt32? {
    if block < 0 || count == 0 || ordinals[count - 1] < ordinal {
      var low = block + 1
      var high = blocks
      while low < high {
        let middle = (low + high) / 2
        if lastOrdinal(of: middle) < ordinal { low = middle + 1 } else { high = middle }
      }
      guard load(low) else { return nil }
    }
    while position < count, ordinals[position] < ordinal { position += 1 }
    return position < count ? ordinals[position] : nil
  }

  func frequency(field: Int) -> UInt16 {
    presentFields & (1 << UInt64(field)) == 0
      ? 0 : frequencies[field * PostingFormat.blockPostings + position]
  }

  /// Largest frequency and smallest length in a field of a block.
  func bounds(block: Int, field: Int) -> (frequency: UInt16, length: UInt16) {
    let offset = block * PostingFormat.entryBytes(fields: fieldCount) + 8 + 4 * field
    precondition(block >= 0 && block < blocks && field >= 0 && field < fieldCount)
    return (
      table.start.loadUnaligned(fromByteOffset: offset, as: UInt16.self),
      table.start.loadUnaligned(fromByteOffset: offset + 2, as: UInt16.self)
    )
  }

  private func lastOrdinal(of block: Int) -> UInt32 {
    table.start.loadUnaligned(
      fromByteOffset: block * PostingFormat.entryBytes(fields: fieldCount), as: UInt32.self)
  }

  private func load(_ index: Int) -> Bool {
    position = 0
    count = 0
    block = index
    guard index < blocks, !isDamaged else { return false }
    let size = min(PostingFormat.blockPostings, postings - index * PostingFormat.blockPostings)
    isDamaged = !decode(index, size)
    if !isDamaged { count = size }
    return !isDamaged
  }

  private func decode(_ index: Int, _ size: Int) -> Bool {
    let entry = index * PostingFormat.entryBytes(fields: fieldCount)
    let offset = UInt64(table.start.loadUnaligned(fromByteOffset: entry + 4, as: UInt32.self))
    let bits = 1 + fieldCount
    guard let header = body.part(from: offset, count: UInt64(bits)) else { return false }
    let gapBits = Int(header.buffer[0])
    guard gapBits <= UInt32.bitWidth else { return false }
    var packedBytes = PostingFormat.packedBytes(size, bits: gapBits)
    presentFields = 0
    for field in 0..<fieldCount {
      let width = Int(header.buffer[1 + field])
      guard width <= UInt16.bitWidth else { return false }
      packedBytes += PostingFormat.packedBytes(size, bits: width)
      if width > 0 { presentFields |= 1 << UInt64(field) }
    }
    guard
      let packed = body.part(
        from: offset + UInt64(bits), count: UInt64(packedBytes + SegmentFormat.packedPadding))
    else { return false }

    var source = packed.start
    var next = index == 0 ? 0 : UInt64(lastOrdinal(of: index - 1)) + 1
    let gapMask = (UInt64(1) << UInt64(gapBits)) - 1
    for i in 0..<size {
      next += Self.number(source, at: i &* gapBits) & gapMask
      ordinals[i] = UInt32(truncatingIfNeeded: next)
      next += 1
    }
    // Ascending by construction: with the last one right, every ordinal names a chunk.
    guard next <= UInt64(chunks), next == UInt64(lastOrdinal(of: index)) + 1 else { return false }
    source += PostingFormat.packedBytes(size, bits: gapBits)
    for field in 0..<fieldCount {
      let width = Int(header.buffer[1 + field])
      guard width > 0 else { continue }
      let mask = (UInt64(1) << UInt64(width)) - 1
      let target = frequencies + field * PostingFormat.blockPostings
      for i in 0..<size {
        target[i] = UInt16(truncatingIfNeeded: Self.number(source, at: i &* width) & mask)
      }
      source += PostingFormat.packedBytes(size, bits: width)
    }
    return true
  }

  @inline(__always) private static func number(_ source: UnsafeRawPointer, at bit: Int) -> UInt64 {
    source.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self) >> UInt64(bit & 7)
  }
}
