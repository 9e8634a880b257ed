import HTTPTypes

/// The two cookies of sign-in: what they are called, how they are read and set (RFC 6265bis).
///
/// `__Host-` binds a cookie to this host, all of it, and TLS: no other host of the domain can set one. A browser takes
/// such a name over TLS alone, so that on plain loopback it is left out.
struct SessionCookies: Sendable, Hashable {
  let isSecure: Bool

  var session: String { prefix + "frontdesk_session" }
  var login: String { prefix + "frontdesk_login" }
  private var prefix: String { isSecure ? "__Host-" : "" }

  /// All values of a name, in the order in which they were sent.
  static func values(of name: String, in headers: HTTPFields) -> [String] {
    headers[values: .cookie].flatMap { $0.split(separator: ";") }.compactMap { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].trimmingSpaces == name else { return nil }
      return String(parts[1].trimmingSpaces)
    }
  }

  /// - Parameter seconds: nil until the browser is closed; 0 removes it.
  func setting(_ name: String, to value: String, for seconds: Int? = nil) -> String {
    var text = "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax"
    if isSecure { text += "; Secure" }
    if let seconds { text += "; Max-Age=\(seconds)" }
    return text
  }
}

extension Substring {
  fileprivate var trimmingSpaces: Substring {
    var text = self.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
