import Foundation

/// A chat endpoint of OpenAI's form that words answers: where it is, and how much of it is used.
public struct GenerationEndpoint: Sendable {
  let address: WebAddress
  /// Whether it may be an address that the internet does not have.
  let isLocal: Bool
  /// As its server names it.
  public let model: String
  let key: Secret?
  /// Until the first words. Default 5 s.
  public var firstTimeout: Duration = .seconds(5)
  /// For all of it. Default 20 s.
  public var timeout: Duration = .seconds(20)
  /// Default 400.
  public var maxTokens = 400
  /// Calls at one time; one more is not made. Default 8.
  public var concurrency = 8

  /// Of a response, with all that stands around its text.
  static let maxBytes = 8 << 20
  private static let path = "/chat/completions"

  /// - Parameters:
  ///   - url: https; or http to this machine; or either behind `local:` to an inner network. `/chat/completions` may be
  ///     left out.
  ///   - key: nil or empty for none.
  /// - Returns: nil where the URL is none of these.
  public init?(url: String, model: String, key: String?) {
    let isLocal = url.lowercased().hasPrefix("local:")
    guard var address = try? WebAddress(isLocal ? String(url.dropFirst("local:".count)) : url),
      address.target == address.path
    else { return nil }
    let isLoopback = LoopbackName.matches(address.host)
    guard isLocal || isLoopback || address.scheme == .https, !model.isEmpty else { return nil }
    if !address.path.hasSuffix(Self.path) {
      let base = address.text.hasSuffix("/") ? String(address.text.dropLast()) : address.text
      guard let whole = try? WebAddress(base + Self.path) else { return nil }
      address = whole
    }
    self.address = address
    self.isLocal = isLocal || isLoopback
    self.model = model
    self.key = key.flatMap { $0.isEmpty ? nil : Secret($0) }
  }
}
