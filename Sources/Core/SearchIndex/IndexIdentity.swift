import Foundation

/// What an index was built from and for; another identity means another index.
public struct IndexIdentity: Codable, Equatable, Sendable {
  /// Renewed when the store is restored: generations of two epochs cannot be compared.
  public var epoch: String
  /// Names how text became terms.
  public var analyzer: String
  /// Names the model of the vectors.
  public var model: String
  /// Floats a vector; 0 for an index without vectors.
  public var dimension: Int
  /// Names of the lexical fields, in the order of every entry's `fields`.
  public var fields: [String]

  public init(epoch: String, analyzer: String, model: String, dimension: Int, fields: [String]) {
    self.epoch = epoch
    self.analyzer = analyzer
    self.model = model
    self.dimension = dimension
    self.fields = fields
  }

  /// Whether an index of this identity holds the same texts, by another model or by none.
  public func differsInModelAlone(from other: IndexIdentity) -> Bool {
    var same = self
    (same.model, same.dimension) = (other.model, other.dimension)
    return same == other && model != other.model
  }
}

/// How an index is opened.
public enum IndexAccess: Sendable {
  /// Takes the folder's lock; the only access that writes files.
  case readWrite
  /// Never writes a file or takes a lock. Updates may be applied in memory, on top of what the files hold.
  case readOnly
}

/// What opening found.
public enum OpenOutcome: Equatable, Sendable {
  /// Everything up to this generation is searchable.
  case opened(generation: Int64)
  /// There was no index.
  case empty
  /// What is there cannot be used. The index is empty; the first flush replaces the files.
  case mustRebuild(RebuildReason)
}

/// Why the files of an index cannot be used.
public enum RebuildReason: Equatable, Sendable, CustomStringConvertible {
  case otherIdentity(found: IndexIdentity)
  case otherFormat(found: Int)
  /// A file is missing, cut short or altered.
  case damaged(String)

  public var description: String {
    switch self {
    case .otherIdentity(let found):
      "built for epoch \(found.epoch), analyzer \(found.analyzer), model \(found.model) "
        + "(\(found.dimension)), fields \(found.fields.joined(separator: ","))"
    case .otherFormat(let found): "written in format \(found), this program reads \(Manifest.currentFormat)"
    case .damaged(let what): what
    }
  }
}

/// Sizes that decide when an index writes and merges.
public struct IndexOptions: Sendable {
  /// Entries applied but not published that are held in memory before they are written to a file.
  public var spillChunks = 20_000
  /// Bytes of the same.
  public var spillBytes = 96 << 20
  /// Segments in memory are joined up to this many chunks.
  public var heapSegmentChunks = 8_192
  /// Segments of similar size that one merge joins, and below which none happens. At least 2.
  public var mergeFactor = 6
  /// Segments below this many chunks count as similar.
  public var smallSegmentChunks = 4_096
  /// Vectors from which a segment on disk has a graph. Below, comparing all is as fast, and exact.
  public var graphVectors = 30_000
  /// Where a filter allows at most as many chunks of a segment, they are compared even if it has a graph.
  public var scannedVectors = 30_000
  /// Threads that link vectors while segments are merged.
  public var graphThreads = max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
  /// Share of removed chunks from which a segment is rewritten, 0-1.
  public var maxRemovedShare = 0.25

  public init() {}
}

extension IndexOptions {
  var graph: GraphOptions { GraphOptions(minVectors: max(1, graphVectors), threads: max(1, graphThreads)) }
}
