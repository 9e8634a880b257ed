/// Reads the fields of one protobuf message from bytes, which must outlive it
/// (https://protobuf.dev/programming-guides/encoding).
struct ProtobufReader {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(UnsafeRawBufferPointer)
  }

  struct Malformed: Error {}

  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// - Returns: the next field, or nil at the end.
  mutating func next() throws(Malformed) -> (field: Int, value: Value)? {
    guard position < bytes.count else { return nil }
    let tag = try varint()
    guard let field = Int(exactly: tag >> 3), field > 0 else { throw Malformed() }
    switch tag & 7 {
    case 0: return (field, .varint(try varint()))
    case 1:
      let slice = try take(8)
      return (field, .fixed64(UInt64(littleEndian: slice.loadUnaligned(as: UInt64.self))))
    case 2:
      guard let count = Int(exactly: try varint()) else { throw Malformed() }
      return (field, .bytes(try take(count)))
    case 5:
      let slice = try take(4)
      return (field, .fixed32(UInt32(littleEndian: slice.loadUnaligned(as: UInt32.self))))
    default: throw Malformed()
    }
  }

  /// The varints that fill the rest: the body of a packed repeated field.
  mutating func remainingVarints() throws(Malformed) -> [UInt64] {
    var values: [UInt64] = []
    while position < bytes.count { values.append(try varint()) }
    return values
  }

  private mutating func varint() throws(Malformed) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw Malformed()
  }

  private mutating func take(_ count: Int) throws(Malformed) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - position else { throw Malformed() }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
  }
}
