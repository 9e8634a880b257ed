/// A half-open range of UTF-8 bytes in a text.
public struct ByteSpan: Hashable, Sendable, Codable {
  public let start: Int
  public let end: Int
  public init(start: Int, end: Int) {
    precondition(0 <= start && start <= end, "a span runs forward")
    self.start = start
    self.end = end
  }
  public init(_ range: Range<Int>) { self.init(start: range.lowerBound, end: range.upperBound) }
  public var range: Range<Int> { start..<end }
  public var count: Int { end - start }
  public var isEmpty: Bool { start == end }
}

extension String {
  /// The text of a span, or nil where the span leaves the text or cuts a character's bytes.
  public func slice(_ span: ByteSpan) -> Substring? {
    guard span.end <= utf8.count else { return nil }
    let lower = utf8.index(startIndex, offsetBy: span.start)
    let upper = utf8.index(startIndex, offsetBy: span.end)
    guard lower.samePosition(in: unicodeScalars) != nil, upper.samePosition(in: unicodeScalars) != nil else {
      return nil
    }
    return self[lower..<upper]
  }
}
