import HTTPTypes

/// Which web pages may use a route that no browser needs: a page can point a name of its own at this machine.
struct OriginPolicy: Sendable {
  /// Pages that this machine serves to itself.
  let trustsLoopback: Bool
  /// As browsers send them: `https://console.example.com`.
  let allowed: Set<String>

  init(trustsLoopback: Bool, allowed: Set<String> = []) {
    self.trustsLoopback = trustsLoopback
    self.allowed = allowed
  }

  init(_ configuration: GatewayConfiguration) {
    self.init(trustsLoopback: configuration.isLocal, allowed: configuration.allowedOrigins)
  }

  /// - Throws: `origin_not_allowed`. What is no browser sends no Origin and passes.
  func check(_ headers: HTTPFields) throws(Problem) {
    for origin in headers[values: .origin] where !admits(origin) {
      throw Problem(
        "origin_not_allowed", "Web pages of this origin may not use this; call it from a program.")
    }
  }

  private func admits(_ origin: String) -> Bool {
    if allowed.contains(origin) { return true }
    guard trustsLoopback, let separator = origin.firstRange(of: "://") else { return false }
    return LoopbackName.matches(authority: String(origin[separator.upperBound...]))
  }
}
