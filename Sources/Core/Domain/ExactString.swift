/// A string that equals another only where every UTF-8 byte does.
///
/// Swift's `String` holds "é" in one scalar and "é" in two for the same key; ids and paths are two then,
/// and round-trip byte for byte.
public struct ExactString: Hashable, Sendable, ExpressibleByStringLiteral {
  public let string: String
  public init(_ string: String) { self.string = string }
  public init(stringLiteral value: String) { string = value }

  public static func == (a: Self, b: Self) -> Bool { a.string.utf8.elementsEqual(b.string.utf8) }

  public func hash(into hasher: inout Hasher) {
    var string = string
    string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    hasher.combine(UInt8(0xFF))
  }
}
