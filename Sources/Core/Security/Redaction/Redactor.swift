/// Masks what identifies people or opens doors in text that users typed, before it reaches a log.
///
/// Recognised: e-mail addresses, phone numbers, payment cards (Luhn), IBANs (mod 97), US social security
/// numbers, long digit strings, bearer tokens, API keys, JWTs, and values after words such as `password:`.
/// Digits of any script count. It errs on the side of masking; control characters become spaces, so that no
/// text can forge a log line. Takes time linear in the text's length.
public struct Redactor: Sendable {
  /// Scalars of input that are looked at; the rest is cut, and the cut shown as an ellipsis.
  public let maximumLength: Int

  public init(maximumLength: Int = 2000) { self.maximumLength = max(0, maximumLength) }

  public func redact(_ text: String) -> String {
    let head = text.unicodeScalars.prefix(maximumLength + 1)
    var scanner = RedactionScanner(Array(head.prefix(maximumLength)))
    var masked = scanner.run()
    if head.count > maximumLength { masked += "…" }
    return masked
  }
}
