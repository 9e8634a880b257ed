import Domain

/// A term where it stands in a document.
public struct Token: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case word
    case number
    /// Something meant exactly: `0x80070005`, `New-CsTeam`, `10.0.19041`, `foo_bar`, `OneDrive`.
    case identifier
    /// A piece of an identifier.
    case identifierPart
  }
  /// What is indexed: folded; stemmed where it holds letters only.
  public let term: String
  /// The original's UTF-8 bytes.
  public let span: ByteSpan
  public let kind: Kind
  /// A function word of the document's language.
  public let isStopWord: Bool

  public init(term: String, span: ByteSpan, kind: Kind, isStopWord: Bool) {
    self.term = term
    self.span = span
    self.kind = kind
    self.isStopWord = isStopWord
  }
}

/// What a query asks for in one place: any of some terms.
public struct QueryTerm: Sendable, Hashable {
  /// Distinct, not empty; the stem of the likeliest language comes first, the plain folded form last.
  /// Two of them may stand for the same place in a document: its weight is the best of them, not their sum.
  public let alternatives: [String]
  /// The query's UTF-8 bytes.
  public let span: ByteSpan
  public let kind: Token.Kind
  /// True only where the query holds nothing but stop words.
  public let isStopWord: Bool

  public init(alternatives: [String], span: ByteSpan, kind: Token.Kind, isStopWord: Bool) {
    self.alternatives = alternatives
    self.span = span
    self.kind = kind
    self.isStopWord = isStopWord
  }
}
