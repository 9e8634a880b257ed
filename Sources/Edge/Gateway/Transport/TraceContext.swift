import HTTPTypes

/// Where a request stands in a distributed trace (W3C Trace Context, level 1).
struct TraceContext: Sendable, Hashable {
  /// 32 lowercase hexadecimal digits, not all zero.
  let traceID: String
  /// Of this server's part: 16 digits.
  let spanID: String
  /// Of the caller's part; nil where the trace begins here.
  let parentID: String?
  let flags: String

  /// Goes on with the caller's trace where `traceparent` is valid, else begins one.
  init(_ headers: HTTPFields) {
    spanID = String(RequestID.new().prefix(16))
    let values = headers[values: .traceParent]
    guard values.count == 1, let (traceID, parentID, flags) = Self.parse(values[0]) else {
      self.traceID = RequestID.new()
      parentID = nil
      flags = "00"
      return
    }
    self.traceID = traceID
    self.parentID = parentID
    self.flags = flags
  }

  /// What a call from here to another server carries.
  var traceparent: String { "00-\(traceID)-\(spanID)-\(flags)" }

  private static func parse(_ text: String) -> (String, String, String)? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    // A later version may have more parts, this one has not.
    guard parts.count >= 4, parts[0] != "ff", isHex(parts[0], 2), parts[0] != "00" || parts.count == 4,
      isHex(parts[1], 32), isHex(parts[2], 16), isHex(parts[3], 2),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
    else { return nil }
    return (parts[1], parts[2], parts[3])
  }

  private static func isHex(_ text: String, _ count: Int) -> Bool {
    text.utf8.count == count
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}

extension HTTPField.Name {
  static let traceParent = Self("traceparent")!
}
