/// Reads little-endian fields from the front of bytes, which must outlive it.
struct ByteReader {
  /// The bytes end before a field does.
  struct Truncated: Error {}

  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  mutating func read<Value: FixedWidthInteger>(_ type: Value.Type) throws(Truncated) -> Value {
    Value(littleEndian: try take(MemoryLayout<Value>.size).loadUnaligned(as: Value.self))
  }

  /// A count or place; signed ones are not negative.
  mutating func count<Value: FixedWidthInteger>(_ type: Value.Type) throws(Truncated) -> Int {
    guard let count = Int(exactly: try read(type)), count >= 0 else { throw Truncated() }
    return count
  }

  mutating func take(_ count: Int) throws(Truncated) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - position else { throw Truncated() }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
  }

  /// `count` elements of `size` bytes.
  mutating func take(_ count: Int, of size: Int) throws(Truncated) -> UnsafeRawBufferPointer {
    let (total, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow else { throw Truncated() }
    return try take(total)
  }
}
