/// Layout of a posting list: a table of blocks, then the blocks.
///
/// A block is up to 128 postings. Its entry in the table: last ordinal (u32), offset of its bytes from the
/// end of the table (u32), then per field the largest frequency (u16) and the smallest length among the
/// postings that have the term in that field (u16). These bounds hold no scores, so that k1, b and weights
/// may change. The block: a byte of bits per gap, a byte per field of bits per frequency, the gaps packed,
/// then each field's frequencies packed. A gap counts from the ordinal after the previous one.
enum PostingFormat {
  static let blockPostings = 128

  static func entryBytes(fields: Int) -> Int { 8 + 4 * fields }
  static func blocks(of postings: Int) -> Int { (postings + blockPostings - 1) / blockPostings }
  static func packedBytes(_ count: Int, bits: Int) -> Int { (count * bits + 7) / 8 }
}

/// Encodes posting lists one at a time.
struct PostingListWriter {
  let fields: Int
  private(set) var bytes: [UInt8] = []
  private var body: [UInt8] = []
  private var gaps = [UInt32](repeating: 0, count: PostingFormat.blockPostings)

  init(fields: Int) { self.fields = fields }

  /// Replaces `bytes` by the list of one term.
  ///
  /// - Parameters:
  ///   - ordinals: ascending, at least one.
  ///   - frequencies: `fields` for each posting, posting by posting.
  ///   - lengths: `fields` for each chunk, chunk by chunk.
  mutating func encode(ordinals: [UInt32], frequencies: [UInt16], lengths: [UInt16]) {
    bytes.removeAll(keepingCapacity: true)
    body.removeAll(keepingCapacity: true)
    var next: UInt32 = 0
    var first = 0
    while first < ordinals.count {
      let count = min(PostingFormat.blockPostings, ordinals.count - first)
      bytes.appendLittleEndian(ordinals[first + count - 1])
      bytes.appendLittleEndian(UInt32(body.count))
      var allGaps: UInt32 = 0
      for i in 0..<count {
        let ordinal = ordinals[first + i]
        gaps[i] = ordinal - next
        allGaps |= gaps[i]
        next = ordinal + 1
      }
      let gapBits = UInt32.bitWidth - allGaps.leadingZeroBitCount
      body.append(UInt8(gapBits))
      let widths = body.count
      for field in 0..<fields {
        var largest: UInt16 = 0
        var shortest = UInt16.max
        for i in first..<first + count {
          let frequency = frequencies[i * fields + field]
          guard frequency > 0 else { continue }
          largest = max(largest, frequency)
          shortest = min(shortest, lengths[Int(ordinals[i]) * fields + field])
        }
        bytes.appendLittleEndian(largest)
        bytes.appendLittleEndian(shortest)
        body.append(UInt8(UInt16.bitWidth - largest.leadingZeroBitCount))
      }
      body.appendPacked(bits: gapBits, count: count) { gaps[$0] }
      for field in 0..<fields {
        body.appendPacked(bits: Int(body[widths + field]), count: count) {
          UInt32(frequencies[(first + $0) * fields + field])
        }
      }
      first += count
    }
    bytes.append(contentsOf: body)
  }
}

extension Array where Element == UInt8 {
  /// Appends numbers of `bits` bits each, lowest first, filled up to a whole byte.
  fileprivate mutating func appendPacked(bits: Int, count: Int, _ number: (Int) -> UInt32) {
    guard bits > 0 else { return }
    var word: UInt64 = 0
    var held = 0
    for i in 0..<count {
      word |= UInt64(number(i)) << UInt64(held)
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
