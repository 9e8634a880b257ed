import HTTPTypes

/// What every response tells a browser, unless the route said otherwise.
enum SecurityHeaders {
  static func write(to headers: inout HTTPFields, overTLS: Bool) {
    headers[.xContentTypeOptions] = "nosniff"
    headers[.referrerPolicy] = "no-referrer"
    headers[.frameOptions] = "DENY"
    headers[.permissionsPolicy] = "camera=(), geolocation=(), microphone=()"
    headers[.crossOriginOpenerPolicy] = "same-origin"
    if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    // Were JSON ever shown as a page, nothing in it could run or be framed.
    if headers[.contentSecurityPolicy] == nil {
      headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
    }
    if overTLS { headers[.strictTransportSecurity] = "max-age=31536000" }
  }
}

extension HTTPField.Name {
  static let frameOptions = Self("X-Frame-Options")!
  static let permissionsPolicy = Self("Permissions-Policy")!
  static let crossOriginOpenerPolicy = Self("Cross-Origin-Opener-Policy")!
  static let forwardedFor = Self("X-Forwarded-For")!
}
