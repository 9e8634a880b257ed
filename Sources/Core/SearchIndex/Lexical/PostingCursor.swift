import CKernels

/// Walks one posting list block by block, or seeks in it.
///
/// Damaged bytes end the list early and set `isDamaged`; ordinals given out always name a chunk.
final class PostingCursor {
  private let table: ByteView
  private let body: ByteView
  let fieldCount: Int
  private let chunks: Int
  private let postings: Int
  let blocks: Int
  private let entryBytes: Int

  /// The current block; -1 before the first.
  private(set) var block = -1
  /// Postings of the current block.
  private(set) var count = 0
  /// Where in the block the cursor stands.
  var position = 0
  let ordinals: UnsafeMutablePointer<UInt32>
  private let counts: UnsafeMutablePointer<UInt32>
  /// By field: the block's frequencies, or nil where all are 0. Valid once `decodeFrequencies` was called.
  let frequencies: UnsafeMutablePointer<UnsafePointer<UInt32>?>
  private var hasFrequencies = false
  /// Where the block's frequencies start, and the byte of each field before them.
  private var packed: UnsafeRawPointer
  private var widths: UnsafeRawPointer
  private(set) var isDamaged = false

  /// - Parameter list: the table, the blocks, and padding after them.
  init?(_ list: ByteView, postings: Int, fields: Int, chunks: Int) {
    let tableBytes = PostingFormat.tableBytes(of: postings, fields: fields)
    guard let table = list.part(from: 0, count: UInt64(tableBytes)),
      let body = list.part(from: UInt64(tableBytes), count: UInt64(list.count - tableBytes))
    else { return nil }
    self.table = table
    self.body = body
    fieldCount = fields
    self.chunks = chunks
    self.postings = postings
    blocks = PostingFormat.blocks(of: postings)
    entryBytes = PostingFormat.entryBytes(fields: fields)
    ordinals = .allocate(capacity: PostingFormat.blockPostings)
    counts = .allocate(capacity: PostingFormat.blockPostings * max(1, fields))
    frequencies = .allocate(capacity: max(1, fields))
    frequencies.initialize(repeating: nil, count: max(1, fields))
    packed = body.start
    widths = body.start
  }

  deinit {
    ordinals.deallocate()
    counts.deallocate()
    frequencies.deallocate()
  }

  /// Whether the list has a table: only then blocks can be told apart without decoding them.
  var hasTable: Bool { table.count > 0 }

  /// The table, `blocks` entries of `entryBytes`; see `PostingFormat`.
  var tableStart: UnsafeRawPointer { table.start }

  /// Decodes the ordinals of the next block.
  ///
  /// - Returns: false at the end.
  func nextBlock() -> Bool { load(block + 1) }

  /// Moves to the first posting not below `ordinal`.
  ///
  /// - Returns: its ordinal; nil where there is none.
  func seek(_ ordinal: UInt32) -> UInt32? {
    if count == 0 || ordinals[count - 1] < ordinal {
      guard load(firstBlock(notBefore: ordinal, from: block + 1)) else { return nil }
    }
    var low = position
    var length = count - low
    // Without branches: where the search goes cannot be foretold.
    while length > 0 {
      let half = length / 2
      let isBelow = ordinals[low + half] < ordinal
      low = isBelow ? low + half + 1 : low
      length = isBelow ? length - half - 1 : half
    }
    position = low
    return low < count ? ordinals[low] : nil
  }

  /// The first block from `first` on that ends at or after an ordinal; `blocks` where none does.
  func firstBlock(notBefore ordinal: UInt32, from first: Int) -> Int {
    guard hasTable else { return first }
    // Most often it is the next one or near: gallop, then halve.
    var step = 1
    var low = first
    while low + step <= blocks, lastOrdinal(of: low + step - 1) < ordinal {
      low += step
      step *= 2
    }
    var high = min(low + step - 1, blocks)
    while low < high {
      let middle = (low + high) / 2
      if lastOrdinal(of: middle) < ordinal { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// For a list with a table.
  @inline(__always) func lastOrdinal(of block: Int) -> UInt32 {
    table.start.loadUnaligned(fromByteOffset: block &* entryBytes, as: UInt32.self)
  }

  func frequency(field: Int) -> UInt32 {
    decodeFrequencies()
    return frequencies[field].map { $0[position] } ?? 0
  }

  private func load(_ index: Int) -> Bool {
    position = 0
    count = 0
    hasFrequencies = false
    block = min(index, blocks)
    guard index < blocks, !isDamaged else { return false }
    let size = min(PostingFormat.blockPostings, postings - index * PostingFormat.blockPostings)
    isDamaged = !decodeOrdinals(index, size)
    if !isDamaged { count = size }
    return !isDamaged
  }

  /// Checks the whole block and decodes its ordinals.
  private func decodeOrdinals(_ index: Int, _ size: Int) -> Bool {
    let offset =
      hasTable
      ? UInt64(table.start.loadUnaligned(fromByteOffset: index * entryBytes + 4, as: UInt32.self)) : 0
    guard let header = body.part(from: offset, count: UInt64(1 + fieldCount)) else { return false }
    let gapBits = Int(header.buffer[0])
    guard gapBits <= UInt32.bitWidth else { return false }
    let gapBytes = Self.packedBytes(size, gapBits)
    var packedBytes = gapBytes
    for field in 0..<fieldCount {
      let width = Int(header.buffer[1 + field] & ~PostingFormat.lessOne)
      guard width <= UInt16.bitWidth else { return false }
      packedBytes += Self.packedBytes(size, width)
    }
    guard
      let view = body.part(
        from: offset + UInt64(1 + fieldCount), count: UInt64(packedBytes + SegmentFormat.packedPadding))
    else { return false }
    Self.unpack(view.start, gapBits, size, ordinals)
    let first = index == 0 ? 0 : UInt64(lastOrdinal(of: index - 1)) + 1
    let end = fd_ordinals(ordinals, size, first)
    // Ascending by construction: with the last one right, every ordinal names a chunk.
    guard end <= UInt64(chunks), !hasTable || end == UInt64(lastOrdinal(of: index)) + 1 else { return false }
    widths = header.start + 1
    packed = view.start + gapBytes
    return true
  }

  /// Makes the current block's `frequencies` valid.
  func decodeFrequencies() {
    guard !hasFrequencies else { return }
    hasFrequencies = true
    var source = packed
    for field in 0..<fieldCount {
      let byte = widths.load(fromByteOffset: field, as: UInt8.self)
      let width = Int(byte & ~PostingFormat.lessOne)
      guard byte > 0 else {
        frequencies[field] = nil
        continue
      }
      let target = counts + field * PostingFormat.blockPostings
      Self.unpack(source, width, count, target)
      if byte & PostingFormat.lessOne != 0 { for i in 0..<count { target[i] &+= 1 } }
      frequencies[field] = UnsafePointer(target)
      source += Self.packedBytes(count, width)
    }
  }

  private static func packedBytes(_ count: Int, _ bits: Int) -> Int {
    count == PostingFormat.blockPostings
      ? fd_packed_block_bytes(UInt32(bits)) : PostingFormat.packedBytes(count, bits: bits)
  }

  @inline(__always) private static func unpack(
    _ source: UnsafeRawPointer, _ bits: Int, _ count: Int, _ target: UnsafeMutablePointer<UInt32>
  ) {
    let bytes = source.assumingMemoryBound(to: UInt8.self)
    if count == PostingFormat.blockPostings {
      fd_unpack_block(bytes, UInt32(bits), target)
    } else {
      fd_unpack_run(bytes, UInt32(bits), count, target)
    }
  }
}
