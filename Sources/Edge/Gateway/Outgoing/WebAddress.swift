import Foundation

/// An http or https URL, read so strictly that whatever reads it after us reads the same.
///
/// Refused are user names, zones, percent signs and other letters than ASCII in the host, backslashes, white space, and
/// numbers as hosts in any form but four decimal octets (`0177.0.0.1`, `0x7f.1`, `2130706433`).
struct WebAddress: Sendable, Hashable {
  enum Scheme: String, Sendable {
    case http, https
    var port: Int { self == .http ? 80 : 443 }
  }
  let scheme: Scheme
  /// In lower case; IPv6 without brackets.
  let host: String
  let port: Int
  /// From the slash on, with the query; without a fragment.
  let target: String
  /// Where the host is an address itself.
  let literal: IPAddress?

  static let maxBytes = 2048

  /// - Throws: `invalid_url`.
  init(_ text: String) throws(Problem) {
    guard text.utf8.count <= Self.maxBytes else { throw Self.invalid("it is over \(Self.maxBytes) bytes") }
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
      throw Self.invalid("it holds a space, a backslash or a letter that is not ASCII; percent-encode those")
    }
    guard let mark = text.range(of: "://"),
      let scheme = Scheme(rawValue: text[..<mark.lowerBound].lowercased())
    else { throw Self.invalid("it does not begin with http:// or https://") }
    let rest = text[mark.upperBound...]
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    let authority = rest[..<end].lowercased()
    guard !authority.contains("@") else { throw Self.invalid("it holds a user name or a password") }
    self.scheme = scheme
    (host, port, literal) = try Self.parse(authority, standardPort: scheme.port)
    let target = rest[end...].prefix { $0 != "#" }
    self.target = target.hasPrefix("/") ? String(target) : "/" + target
    guard let known = URL(string: self.text, encodingInvalidCharacters: false),
      known.host(percentEncoded: true).map({ $0.trimmingCharacters(in: ["[", "]"]) }) == host
    else { throw Self.invalid("it holds a character that must be percent-encoded") }
  }

  /// As it is requested, stored and cited.
  var text: String { origin + target }
  /// Scheme, host, and a port where it is not the scheme's own.
  var origin: String { scheme.rawValue + "://" + authority }
  var authority: String {
    (host.contains(":") ? "[\(host)]" : host) + (port == scheme.port ? "" : ":\(port)")
  }
  /// Without the query.
  var path: String { String(target.prefix { $0 != "?" }) }

  /// Where a redirect leads.
  ///
  /// - Throws: `invalid_url`.
  func redirected(to location: String) throws(Problem) -> WebAddress {
    guard location.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
      let base = URL(string: text),
      let url = URL(string: location, relativeTo: base)
    else { throw Self.invalid("the place it redirects to is no URL") }
    return try WebAddress(url.absoluteURL.absoluteString)
  }

  /// - Parameter authority: in lower case.
  private static func parse(
    _ authority: String, standardPort: Int
  ) throws(Problem) -> (String, Int, IPAddress?) {
    guard let (host, port) = split(authority) else { throw invalid("its host or port cannot be read") }
    guard let port = port.map({ Self.port($0) }) ?? standardPort else {
      throw invalid("its port is no number from 1 to 65535")
    }
    if host.hasPrefix("[") {
      let inner = String(host.dropFirst().dropLast())
      guard inner.contains(":"), inner.utf8.allSatisfy({ isHex($0) || $0 == UInt8(ascii: ":") || $0 == dot }),
        let address = IPAddress("[\(inner)]")
      else { throw invalid("its host is no IPv6 address, or has a zone") }
      return (address.description, port, address)
    }
    guard HostName.isValid(host) else { throw invalid("its host is no name in letters, digits, '-' and '.'") }
    guard HostName.endsInNumber(host) else { return (host, port, nil) }
    guard host.utf8.count(where: { $0 == dot }) == 3, let address = IPAddress(host) else {
      throw invalid("a number as a host is written as four decimal numbers")
    }
    return (address.description, port, address)
  }

  /// The host, IPv6 with its brackets, and what stands after its colon.
  private static func split(_ authority: String) -> (host: String, port: String?)? {
    let hostEnd: String.Index
    if authority.hasPrefix("[") {
      guard let close = authority.firstIndex(of: "]") else { return nil }
      hostEnd = authority.index(after: close)
    } else {
      hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
    }
    let rest = authority[hostEnd...]
    guard !rest.isEmpty else { return (String(authority[..<hostEnd]), nil) }
    guard rest.hasPrefix(":") else { return nil }
    return (String(authority[..<hostEnd]), String(rest.dropFirst()))
  }

  private static func port(_ text: String) -> Int? {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = Int(text), (1...65535).contains(port)
    else { return nil }
    return port
  }

  private static let dot = UInt8(ascii: ".")
  private static func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }

  static func invalid(_ what: String) -> Problem {
    Problem("invalid_url", "The URL cannot be used: \(what).")
  }
}

/// Host names as DNS knows them (RFC 1123, section 2.1; underscores too).
enum HostName {
  /// - Parameter host: in lower case.
  static func isValid(_ host: String) -> Bool {
    guard (1...253).contains(host.utf8.count) else { return false }
    return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy {
          (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
            || $0 == UInt8(ascii: "_")
        }
    }
  }

  /// What some resolvers take for an address (WHATWG URL, "ends in a number").
  static func endsInNumber(_ host: String) -> Bool {
    let last = host.split(separator: ".").last ?? ""
    return last.hasPrefix("0x") || last.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
