/// Where a document leads and what in it can be led to, as its reader found it.
///
/// No part of the content: no search reads it, so that other links under the same words make no new version.
public struct DocumentLinks: Hashable, Sendable, Codable {
  /// In the order of the source, each target once.
  public var outgoing: [DocumentLink]
  /// Headings and named places; nil where the source may hold more than its reader saw (included files), or
  /// its format has none.
  public var anchors: [String]?

  public static let maxLinks = 10_000
  public static let maxAnchors = 10_000
  /// Longer targets and anchors are left out.
  public static let maxBytes = 2_000

  public init(outgoing: [DocumentLink] = [], anchors: [String]? = nil) {
    self.outgoing = outgoing
    self.anchors = anchors
  }
}

public struct DocumentLink: Hashable, Sendable, Codable {
  /// As it is written.
  public let target: String
  /// Of the source, from 1, where it is known.
  public let line: Int?

  public init(target: String, line: Int?) {
    self.target = target
    self.line = line
  }
}
