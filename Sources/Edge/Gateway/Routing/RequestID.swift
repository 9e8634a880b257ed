import HTTPTypes

/// Names a request in the response, the log and in problems.
enum RequestID {
  /// 16 random bytes as lowercase hex.
  static func new() -> String {
    var generator = SystemRandomNumberGenerator()
    let words: [UInt64] = [generator.next(), generator.next()]
    return words.map { word in
      let hex = String(word, radix: 16)
      return String(repeating: "0", count: 16 - hex.count) + hex
    }.joined()
  }

  /// The client's own `X-Request-Id` where it is fit for a log line, else a new one.
  static func of(_ headers: HTTPFields) -> String {
    guard let given = headers[.requestID], (1...128).contains(given.utf8.count),
      given.utf8.allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
          true
        default: false
        }
      })
    else { return new() }
    return given
  }
}

extension HTTPField.Name {
  static let requestID = Self("X-Request-Id")!
  static let referrerPolicy = Self("Referrer-Policy")!
}
