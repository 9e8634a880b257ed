/// One chunk as the index stores it.
public struct ChunkEntry: Sendable {
  /// Identifies the chunk; an entry with the key of a live chunk replaces it.
  public var key: UInt64
  /// The document: chunks are removed by group.
  public var group: UInt64
  /// One per field of the index's identity, in its order.
  public var fields: [FieldTerms]
  /// Exact-match labels such as `tag=a`; repetitions count once.
  public var labels: [String]
  /// Binary16 bits of unit vectors, each of the identity's dimension; the chunk is as near as its nearest.
  public var vectors: [[UInt16]]

  public init(key: UInt64, group: UInt64, fields: [FieldTerms], labels: [String], vectors: [[UInt16]]) {
    self.key = key
    self.group = group
    self.fields = fields
    self.labels = labels
    self.vectors = vectors
  }
}

/// The terms of one field of one chunk.
///
/// Terms are compared byte by byte. Frequencies of a repeated term add up. Frequencies and lengths above
/// 65,535 count as 65,535; a term that is empty, of more than 32,767 UTF-8 bytes or of frequency 0 is left
/// out.
public struct FieldTerms: Sendable {
  public var terms: [(term: String, frequency: Int)]
  /// Tokens of the field, for length normalisation.
  public var length: Int

  public init(terms: [(term: String, frequency: Int)], length: Int) {
    self.terms = terms
    self.length = length
  }

  public static let empty = FieldTerms(terms: [], length: 0)
  static let maxTermBytes = 32_767
}

/// Removals, then additions.
public struct IndexUpdate: Sendable {
  /// Every chunk of these groups goes. A group that is written anew must be listed here too: additions
  /// alone extend it.
  public var removedGroups: [UInt64]
  public var added: [ChunkEntry]

  public init(removedGroups: [UInt64], added: [ChunkEntry]) {
    self.removedGroups = removedGroups
    self.added = added
  }
}
