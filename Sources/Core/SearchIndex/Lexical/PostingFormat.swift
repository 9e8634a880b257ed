import CKernels

/// Layout of a posting list: blocks of 128 postings, with a table before them where there are several.
///
/// An entry of the table: last ordinal (u32), offset of the block from the end of the table (u32), then per
/// field the largest frequency (u16) and the smallest length among the postings that have the term in that
/// field (u16). These bounds hold no scores, so that k1, b and weights may change.
///
/// A block: a byte of bits per gap, a byte per field of bits per frequency, then the gaps and each field's
/// frequencies, packed: whole blocks in four lanes (`fd_pack_block`), the rest of a list in one run. A gap
/// counts from the ordinal after the previous one. Where every posting of a block has the term in a field,
/// `lessOne` is set in that field's byte and the frequencies are stored less one.
enum PostingFormat {
  static let blockPostings = Int(FD_BLOCK_POSTINGS)
  static let lessOne: UInt8 = 0x80

  static func entryBytes(fields: Int) -> Int { 8 + 4 * fields }
  static func blocks(of postings: Int) -> Int { (postings + blockPostings - 1) / blockPostings }
  /// Bytes of the table of a list.
  static func tableBytes(of postings: Int, fields: Int) -> Int {
    postings > blockPostings ? blocks(of: postings) * entryBytes(fields: fields) : 0
  }
  static func packedBytes(_ count: Int, bits: Int) -> Int { (count * bits + 7) / 8 }
}

/// Encodes posting lists one at a time.
struct PostingListWriter {
  let fields: Int
  private(set) var bytes: [UInt8] = []
  private var body: [UInt8] = []
  private var gaps = [UInt32](repeating: 0, count: PostingFormat.blockPostings)
  /// Field by field.
  private var frequencies: [UInt32]
  private var packed = [UInt8](repeating: 0, count: 4 * PostingFormat.blockPostings)

  init(fields: Int) {
    self.fields = fields
    frequencies = [UInt32](repeating: 0, count: PostingFormat.blockPostings * max(1, fields))
  }

  /// Replaces `bytes` by the list of one term.
  ///
  /// - Parameters:
  ///   - ordinals: ascending, at least one.
  ///   - frequencies: `fields` for each posting, posting by posting.
  ///   - lengths: `fields` for each chunk, chunk by chunk.
  mutating func encode(ordinals: [UInt32], frequencies: [UInt16], lengths: [UInt16]) {
    bytes.removeAll(keepingCapacity: true)
    body.removeAll(keepingCapacity: true)
    let hasTable = ordinals.count > PostingFormat.blockPostings
    var next: UInt32 = 0
    for first in stride(from: 0, to: ordinals.count, by: PostingFormat.blockPostings) {
      let postings = first..<min(first + PostingFormat.blockPostings, ordinals.count)
      if hasTable {
        bytes.appendLittleEndian(ordinals[postings.upperBound - 1])
        bytes.appendLittleEndian(UInt32(body.count))
        appendBounds(postings, ordinals, frequencies, lengths)
      }
      appendBlock(postings, ordinals, frequencies, after: next)
      next = ordinals[postings.upperBound - 1] + 1
    }
    bytes.append(contentsOf: body)
  }

  private mutating func appendBounds(
    _ postings: Range<Int>, _ ordinals: [UInt32], _ frequencies: [UInt16], _ lengths: [UInt16]
  ) {
    for field in 0..<fields {
      var largest: UInt16 = 0
      var shortest = UInt16.max
      for i in postings {
        let frequency = frequencies[i * fields + field]
        guard frequency > 0 else { continue }
        largest = max(largest, frequency)
        shortest = min(shortest, lengths[Int(ordinals[i]) * fields + field])
      }
      bytes.appendLittleEndian(largest)
      bytes.appendLittleEndian(shortest)
    }
  }

  private mutating func appendBlock(
    _ postings: Range<Int>, _ ordinals: [UInt32], _ counts: [UInt16], after first: UInt32
  ) {
    var next = first
    var allGaps: UInt32 = 0
    for (place, i) in postings.enumerated() {
      gaps[place] = ordinals[i] - next
      allGaps |= gaps[place]
      next = ordinals[i] + 1
    }
    let gapBits = UInt32.bitWidth - allGaps.leadingZeroBitCount
    body.append(UInt8(gapBits))
    var widths: [Int] = []
    for field in 0..<fields {
      var largest: UInt16 = 0
      var smallest = UInt16.max
      for i in postings {
        largest = max(largest, counts[i * fields + field])
        smallest = min(smallest, counts[i * fields + field])
      }
      let less: UInt16 = smallest > 0 ? 1 : 0
      for (place, i) in postings.enumerated() {
        frequencies[field * PostingFormat.blockPostings + place] = UInt32(counts[i * fields + field] - less)
      }
      widths.append(UInt16.bitWidth - (largest - less).leadingZeroBitCount)
      body.append(UInt8(widths[field]) | (less > 0 ? PostingFormat.lessOne : 0))
    }
    appendPacked(gaps[...], postings.count, gapBits)
    for (field, width) in widths.enumerated() {
      appendPacked(frequencies[(field * PostingFormat.blockPostings)...], postings.count, width)
    }
  }

  private mutating func appendPacked(_ numbers: ArraySlice<UInt32>, _ count: Int, _ bits: Int) {
    guard bits > 0 else { return }
    guard count == PostingFormat.blockPostings else {
      return body.appendRun(bits: bits, numbers.prefix(count))
    }
    numbers.withUnsafeBufferPointer { fd_pack_block($0.baseAddress, UInt32(bits), &packed) }
    body.append(contentsOf: packed[..<fd_packed_block_bytes(UInt32(bits))])
  }
}

extension Array where Element == UInt8 {
  /// Appends numbers of `bits` bits each, lowest first, filled up to a whole byte.
  fileprivate mutating func appendRun(bits: Int, _ numbers: ArraySlice<UInt32>) {
    var word: UInt64 = 0
    var held = 0
    for number in numbers {
      word |= UInt64(number) << UInt64(held)
      held += bits
      while held >= 8 {
        append(UInt8(truncatingIfNeeded: word))
        word >>= 8
        held -= 8
      }
    }
    if held > 0 { append(UInt8(truncatingIfNeeded: word)) }
  }
}
