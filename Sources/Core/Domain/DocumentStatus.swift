/// Where a version of a document stands on its way to the reader.
public enum DocumentStatus: String, Sendable, Codable, CaseIterable {
  /// Being written: for editors alone.
  case draft
  /// For readers, from `publishAt` until `expiresAt`.
  case published
  /// Taken back, or followed by a newer published version: for editors alone.
  case archived
}
