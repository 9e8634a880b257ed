import Foundation

/// A JWT of an external issuer, in its parts: believed only after `isSigned(by:)`, and honoured only after
/// `fault(under:at:)` finds nothing.
public struct IssuedToken: Sendable {
  /// Longest text that is looked at.
  public static let maxBytes = 16_384

  /// Nil where the issuer names none.
  public let keyID: String?
  /// Nil where it is none of the list.
  public let algorithm: IssuerKey.Algorithm?
  public let claims: Claims
  private let signed: Data
  private let signature: Data

  public struct Claims: Sendable {
    public let issuer: String?
    public let subject: String?
    public let audiences: [String]
    public let expiresAt: Double?
    public let notBefore: Double?
    fileprivate let members: Members

    fileprivate init(_ members: Members) {
      issuer = members.string("iss")
      subject = members.string("sub")
      audiences = members.strings("aud")
      expiresAt = members.number("exp")
      notBefore = members.number("nbf")
      self.members = members
    }

    /// Claims that came by a way that vouches for them, such as a provider's userinfo; nil where it is no JSON object.
    public init?(json: Data) {
      guard let members = Members(json: json) else { return nil }
      self.init(members)
    }

    /// Whether there is a claim of this name.
    public func has(_ name: String) -> Bool { members.values[name] != nil }
    /// Nil where it is absent, or no string.
    public func string(_ name: String) -> String? { members.string(name) }
    /// The strings of a claim: of a list, or one; of `scope`, its words (RFC 9068, section 2.2.3).
    public func strings(_ name: String) -> [String] {
      let strings = members.strings(name)
      return name == "scope" ? strings.flatMap { $0.split(separator: " ").map(String.init) } : strings
    }
  }

  /// Why a token that its issuer did sign is not honoured.
  public enum Fault: String, Sendable, CaseIterable {
    case issuer, audience, expired, early, subject
  }

  /// What the tokens of an issuer must say.
  public struct Rules: Sendable {
    public let issuer: String
    public let audience: String
    /// How far two clocks may be apart, seconds.
    public var leeway: Double = 60
    public init(issuer: String, audience: String) {
      self.issuer = issuer
      self.audience = audience
    }
  }

  /// Reads the compact form (RFC 7515, section 3.1).
  ///
  /// - Returns: nil where it is no such token, or asks for extensions (`crit`).
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= Self.maxBytes, parts.count == 3, let header = Members(base64: parts[0]),
      let claims = Members(base64: parts[1]), let signature = Base64URL.decode(parts[2]),
      header.values["crit"] == nil
    else { return nil }
    keyID = header.string("kid")
    algorithm = header.string("alg").flatMap(IssuerKey.Algorithm.init(rawValue:))
    self.claims = Claims(claims)
    signed = Data("\(parts[0]).\(parts[1])".utf8)
    self.signature = signature
  }

  /// The key of a set that this names: by its id, or where neither has one, the only one of its algorithm.
  public func key(among keys: [IssuerKey]) -> IssuerKey? {
    guard let algorithm else { return nil }
    let suitable = keys.filter { $0.algorithm == algorithm }
    if let keyID { return suitable.first { $0.id == keyID } }
    return suitable.count == 1 ? suitable[0] : nil
  }

  public func isSigned(by key: IssuerKey) -> Bool {
    key.algorithm == algorithm && key.isValid(signature, of: signed)
  }

  public func fault(under rules: Rules, at now: Date) -> Fault? {
    let time = now.timeIntervalSince1970
    if claims.issuer != rules.issuer { return .issuer }
    if !claims.audiences.contains(rules.audience) { return .audience }
    // One without an end is never over, and so never honoured.
    guard let end = claims.expiresAt, time < end + rules.leeway else { return .expired }
    if let begin = claims.notBefore, time < begin - rules.leeway { return .early }
    if claims.subject?.isEmpty ?? true { return .subject }
    return nil
  }

  /// The members of a JSON object; of no others than these is anything asked.
  fileprivate struct Members: Sendable {
    enum Value: Sendable, Decodable {
      case string(String)
      case number(Double)
      case strings([String])
      case other

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
          self = .string(text)
        } else if let number = try? container.decode(Double.self) {
          self = .number(number)
        } else if let list = try? container.decode([String].self) {
          self = .strings(list)
        } else {
          self = .other
        }
      }
    }
    let values: [String: Value]

    init?(base64: Substring) {
      guard let bytes = Base64URL.decode(base64) else { return nil }
      self.init(json: bytes)
    }

    init?(json: Data) {
      guard let values = try? JSONDecoder().decode([String: Value].self, from: json) else { return nil }
      self.values = values
    }

    func string(_ name: String) -> String? {
      if case .string(let text) = values[name] { text } else { nil }
    }

    func number(_ name: String) -> Double? {
      if case .number(let number) = values[name], number.isFinite { number } else { nil }
    }

    func strings(_ name: String) -> [String] {
      switch values[name] {
      case .string(let text): [text]
      case .strings(let list): list
      default: []
      }
    }
  }
}
