import Foundation

/// Part of a segment's bytes. Whoever holds a view keeps the `StoredBytes` behind it alive.
struct ByteView {
  let start: UnsafeRawPointer
  let count: Int

  var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  /// A part, or nil where it would reach outside.
  func part(from offset: UInt64, count length: UInt64) -> ByteView? {
    guard offset <= UInt64(count), length <= UInt64(count) - offset else { return nil }
    return ByteView(start: start + Int(offset), count: Int(length))
  }
}

/// Little-endian numbers of fixed width, end to end.
struct PackedArray<Element: FixedWidthInteger> {
  let start: UnsafeRawPointer
  let count: Int

  /// - Throws: corrupt where the view does not hold exactly `count` numbers.
  init(_ view: ByteView, count: Int, _ what: String) throws(SearchIndexError) {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.size)
    guard count >= 0, !overflow, bytes == view.count else {
      throw .corrupt("\(what) holds \(view.count) bytes instead of \(count) numbers")
    }
    start = view.start
    self.count = count
  }

  subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count)
    return unchecked(index)
  }

  /// For loops whose bounds were checked once.
  @inline(__always) func unchecked(_ index: Int) -> Element {
    start.loadUnaligned(fromByteOffset: index &* MemoryLayout<Element>.size, as: Element.self)
  }

  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    let size = MemoryLayout<Element>.size
    return UnsafeRawBufferPointer(start: start + range.lowerBound * size, count: range.count * size)
  }
}

/// Numbers of equal width in bits, counted from the smallest: the width is what the largest needs.
///
/// Layout: u64 smallest, u64 width (0 to 57, or 64), the numbers packed lowest bits first, padding.
struct BitPackedArray {
  let count: Int
  private let start: UnsafeRawPointer
  private let smallest: UInt64
  private let width: Int
  private let mask: UInt64

  private static let headerBytes = 16
  /// A wider number does not fit a word whatever the bit where it starts.
  private static let maxPackedWidth = 57

  /// - Throws: corrupt where the view does not hold exactly `count` numbers.
  init(_ view: ByteView, count: Int, _ what: String) throws(SearchIndexError) {
    guard view.count >= Self.headerBytes else { throw .corrupt("\(what) without header") }
    smallest = view.start.loadUnaligned(as: UInt64.self)
    let width = view.start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    guard width <= UInt64(Self.maxPackedWidth) || width == 64,
      view.count - Self.headerBytes == Self.packedBytes(count, Int(width))
    else { throw .corrupt("\(what) holds \(view.count) bytes instead of \(count) numbers") }
    self.width = Int(width)
    mask = width == 64 ? .max : (1 << width) - 1
    start = view.start + Self.headerBytes
    self.count = count
  }

  private static func packedBytes(_ count: Int, _ width: Int) -> Int {
    (count * width + 7) / 8 + SegmentFormat.packedPadding
  }

  subscript(index: Int) -> UInt64 {
    precondition(index >= 0 && index < count)
    return unchecked(index)
  }

  /// For loops whose bounds were checked once.
  @inline(__always) func unchecked(_ index: Int) -> UInt64 {
    let bit = index &* width
    let word = start.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self) &>> UInt64(bit & 7)
    return smallest &+ (word & mask)
  }

  /// Where a value stands in an ascending array; nil where it does not.
  func index(of value: UInt64) -> Int? {
    // Most segments hold keys of another range altogether.
    guard count > 0, unchecked(0) <= value, value <= unchecked(count - 1) else { return nil }
    let index = firstIndex(notBelow: value)
    return index < count && unchecked(index) == value ? index : nil
  }

  func firstIndex(notBelow value: UInt64) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if unchecked(middle) < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The bytes of an array.
  static func encoded(_ numbers: some Collection<UInt64>) -> [UInt8] {
    let smallest = numbers.min() ?? 0
    let range = (numbers.max() ?? 0) - smallest
    var width = UInt64.bitWidth - range.leadingZeroBitCount
    if width > maxPackedWidth { width = 64 }
    var bytes = [UInt8](repeating: 0, count: headerBytes + packedBytes(numbers.count, width))
    bytes.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: smallest, as: UInt64.self)
      bytes.storeBytes(of: UInt64(width), toByteOffset: 8, as: UInt64.self)
      var bit = headerBytes * 8
      for number in numbers {
        let offset = bit >> 3
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(
          of: word | (number - smallest) << UInt64(bit & 7), toByteOffset: offset, as: UInt64.self)
        bit += width
      }
    }
    return bytes
  }
}

/// Reads LEB128 numbers from a view; nil at its end or on a number that is not one.
struct VarintReader {
  private let view: ByteView
  private(set) var position: Int

  init(_ view: ByteView, at position: Int = 0) {
    self.view = view
    self.position = max(0, min(position, view.count))
  }

  var isAtEnd: Bool { position >= view.count }

  mutating func next() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < view.count, shift < 64 {
      let byte = view.start.load(fromByteOffset: position, as: UInt8.self)
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    return nil
  }

  mutating func bytes(_ count: UInt64) -> UnsafeRawBufferPointer? {
    guard let part = view.part(from: UInt64(position), count: count) else { return nil }
    position += part.count
    return part.buffer
  }
}

extension Array where Element == UInt8 {
  mutating func appendVarint(_ number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }
}

extension UnsafeRawBufferPointer {
  /// Order of the bytes, a prefix first: negative, zero or positive.
  @inline(__always) func compare(_ other: UnsafeRawBufferPointer) -> Int {
    let common = Swift.min(count, other.count)
    if common > 0, let a = baseAddress, let b = other.baseAddress {
      let order = memcmp(a, b, common)
      if order != 0 { return Int(order) }
    }
    return count - other.count
  }
}

extension SearchIndexError {
  static func corrupt(_ what: String) -> SearchIndexError {
    SearchIndexError(.corrupt, "An index file is damaged (\(what)); rebuild the index.")
  }
}
