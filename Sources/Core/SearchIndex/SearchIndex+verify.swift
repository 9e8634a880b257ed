import Foundation

/// Something wrong with a file of an index.
public struct IndexFinding: Sendable, Equatable, CustomStringConvertible {
  /// Its name in the folder.
  public let file: String
  public let problem: String
  public var description: String { "\(file): \(problem)" }
}

extension SearchIndex {
  /// Reads every file that the manifest names and compares it with its checksums.
  ///
  /// Needs no lock. A folder without manifest has nothing to verify.
  ///
  /// - Returns: what is wrong, nothing for a sound index; each finding means rebuilding.
  public static func verify(at folder: URL) -> [IndexFinding] { verify(FolderStorage(folder)) }

  static func verify(_ storage: any IndexStorage) -> [IndexFinding] {
    var attempts = 0
    while true {
      do {
        switch try StoredIndex.readManifest(from: storage) {
        case .none: return []
        case .failure(.otherFormat(let found)):
          return [IndexFinding(file: Manifest.fileName, problem: "format \(found)")]
        case .failure(.damaged): return [IndexFinding(file: Manifest.fileName, problem: "damaged")]
        case .success(let manifest):
          let findings = verify(manifest, storage)
          attempts += 1
          // A writer may have replaced files while they were read.
          if !findings.isEmpty, attempts < 5,
            case .success(let now) = try StoredIndex.readManifest(from: storage),
            now.commit != manifest.commit
          {
            continue
          }
          return findings
        }
      } catch {
        return [IndexFinding(file: Manifest.fileName, problem: error.description)]
      }
    }
  }

  private static func verify(_ manifest: Manifest, _ storage: any IndexStorage) -> [IndexFinding] {
    var findings: [IndexFinding] = []
    func check(_ reference: FileReference, _ kind: SegmentFileKind) {
      do {
        let file = try SegmentFile(storage.bytes(of: reference), kind: kind)
        if FileReference.hexadecimal(file.checksum) != reference.checksum {
          findings.append(IndexFinding(file: reference.name, problem: "not the file that was written"))
        }
        findings += file.damage().map { IndexFinding(file: reference.name, problem: $0) }
      } catch {
        findings.append(IndexFinding(file: reference.name, problem: error.message))
      }
    }
    for segment in manifest.segments {
      check(segment.lexical, .lexical)
      for vectors in segment.vectors {
        check(vectors.file, .vectors)
        if let graph = vectors.graph { check(graph, .graph) }
      }
      if let tombstones = segment.tombstones { check(tombstones.file, .tombstones) }
    }
    return findings
  }
}
