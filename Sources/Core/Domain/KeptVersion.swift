import Foundation

/// A version whole: what is needed to write it once more.
public struct KeptVersion: Sendable {
  public let record: VersionRecord
  public let text: String
  public let contentHash: Data
  public let links: DocumentLinks
  /// Nil of a version that was written before they were kept: cut its text anew.
  public let chunks: [ChunkWrite]?

  public init(
    record: VersionRecord, text: String, contentHash: Data, links: DocumentLinks, chunks: [ChunkWrite]?
  ) {
    self.record = record
    self.text = text
    self.contentHash = contentHash
    self.links = links
    self.chunks = chunks
  }
}
