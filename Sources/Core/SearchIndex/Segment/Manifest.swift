import CKernels
import Foundation

/// The one file that says what an index consists of; replaced atomically.
///
/// A line of JSON, then a line with its XXH64 in hexadecimal.
struct Manifest: Codable, Equatable, Sendable {
  static let currentFormat = 3
  static let fileName = "manifest"
  static let temporaryName = "manifest.new"
  static let segmentPrefix = "seg-"

  struct VectorEntry: Codable, Equatable, Sendable {
    let model: String
    let dimension: Int
    let file: FileReference
    /// Missing where the segment has no graph.
    let graph: FileReference?
  }

  struct TombstoneEntry: Codable, Equatable, Sendable {
    let count: Int
    let file: FileReference
  }

  struct SegmentEntry: Codable, Equatable, Sendable {
    let id: String
    let chunks: Int
    let lexical: FileReference
    /// One per model that the segment has vectors of.
    let vectors: [VectorEntry]
    let tombstones: TombstoneEntry?

    var files: [FileReference] {
      [lexical] + vectors.map(\.file) + vectors.compactMap(\.graph) + (tombstones.map { [$0.file] } ?? [])
    }
  }

  var format = Self.currentFormat
  /// Renewed with every manifest, so that a reader sees that another one is there.
  var commit = FileReference.hexadecimal(.random(in: 0...UInt64.max))
  let identity: IndexIdentity
  let generation: Int64
  let segments: [SegmentEntry]

  /// Why a manifest cannot be read.
  enum Refusal: Error {
    case otherFormat(Int)
    case damaged
  }

  func encoded() throws(SearchIndexError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      let json = [UInt8](try encoder.encode(self))
      let checksum = FileReference.hexadecimal(fd_hash64(json, json.count, 0))
      return json + Array("\n\(checksum)\n".utf8)
    } catch {
      throw SearchIndexError(.io, "Could not encode the manifest.", cause: error)
    }
  }

  static func decoded(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Manifest {
    let tail = 18
    guard bytes.count > tail, bytes.count < 64 << 20 else { throw .damaged }
    let json = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - tail)])
    let checksum = FileReference.hexadecimal(fd_hash64(json.baseAddress, json.count, 0))
    guard bytes[(bytes.count - tail)...].elementsEqual("\n\(checksum)\n".utf8) else { throw .damaged }
    struct Version: Codable { let format: Int }
    let data = Data(json)
    guard let version = try? JSONDecoder().decode(Version.self, from: data) else { throw .damaged }
    guard version.format == currentFormat else { throw .otherFormat(version.format) }
    guard let manifest = try? JSONDecoder().decode(Manifest.self, from: data),
      manifest.segments.flatMap(\.files).allSatisfy({ isOwn($0.name) && !$0.name.contains("/") })
    else { throw .damaged }
    return manifest
  }

  /// Whether a file name is one that an index gives to what it may remove.
  static func isOwn(_ name: String) -> Bool { name.hasPrefix(segmentPrefix) || name == temporaryName }
}
