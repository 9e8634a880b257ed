/// Proof of where an answer's words stand: invariant 6.
public struct Citation: Hashable, Sendable, Codable {
  public let documentID: String
  public let externalID: String
  public let title: String
  public let url: String?
  public let version: Int
  /// UTF-8 bytes of the document's text in that version, half-open.
  public let startByte: Int
  public let endByte: Int
  public let quote: String
  /// Lowercase hex sha256 of the quote's bytes.
  public let sha256: String

  public init(
    documentID: String, externalID: String, title: String, url: String?, version: Int, startByte: Int,
    endByte: Int, quote: String, sha256: String
  ) {
    self.documentID = documentID
    self.externalID = externalID
    self.title = title
    self.url = url
    self.version = version
    self.startByte = startByte
    self.endByte = endByte
    self.quote = quote
    self.sha256 = sha256
  }

  enum CodingKeys: String, CodingKey {
    case documentID = "document_id"
    case externalID = "external_id"
    case title, url, version
    case startByte = "start_byte"
    case endByte = "end_byte"
    case quote, sha256
  }

  // Null is said, not left out: the contract.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(documentID, forKey: .documentID)
    try container.encode(externalID, forKey: .externalID)
    try container.encode(title, forKey: .title)
    try container.encode(url, forKey: .url)
    try container.encode(version, forKey: .version)
    try container.encode(startByte, forKey: .startByte)
    try container.encode(endByte, forKey: .endByte)
    try container.encode(quote, forKey: .quote)
    try container.encode(sha256, forKey: .sha256)
  }
}

/// What checking a citation found.
public enum CitationStatus: String, Sendable, Codable {
  /// The quote stands in the named version, which is current.
  case valid
  /// It stands there; a newer version exists, or the document was deleted.
  case changed
  /// The document was erased.
  case purged
  /// It never stood there.
  case forged
}
