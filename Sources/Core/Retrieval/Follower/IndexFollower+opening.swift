import Domain
import Foundation
import Logging
import SearchIndex
import TextAnalysis

/// Opening an index's folder, to write where nobody else does.
extension IndexFollower {
  static func identity(epoch: StoreEpoch, model: String, dimension: Int) -> IndexIdentity {
    IndexIdentity(
      epoch: epoch.rawValue, analyzer: "\(TextAnalyzer.id)/\(EntryBuilder.version)", model: model,
      dimension: dimension,
      fields: IndexField.allCases.map(\.name))
  }

  /// The files as they are where they are of another model: the process ended while it followed a switch, and searches
  /// go on with them.
  static func openOrEarlier(
    _ folder: URL, _ wanted: IndexIdentity, _ logger: Logger
  ) throws -> (SearchIndex, IndexIdentity, isWriter: Bool) {
    let (index, isWriter, found) = try openFinding(folder, wanted, logger)
    guard let found, found.differsInModelAlone(from: wanted),
      let (earlier, _) = try? SearchIndex.open(at: folder, identity: found, access: .readOnly),
      earlier.snapshot.generation > 0
    else { return (index, wanted, isWriter) }
    index.close()
    return (earlier, found, false)
  }

  static func open(
    _ folder: URL, _ identity: IndexIdentity, _ logger: Logger
  ) throws -> (SearchIndex, isWriter: Bool) {
    let (index, isWriter, _) = try openFinding(folder, identity, logger)
    return (index, isWriter)
  }

  /// - Returns: also the identity of files that are another's.
  private static func openFinding(
    _ folder: URL, _ identity: IndexIdentity, _ logger: Logger
  ) throws -> (SearchIndex, isWriter: Bool, found: IndexIdentity?) {
    func found(_ outcome: OpenOutcome) -> IndexIdentity? {
      guard case .mustRebuild(let reason) = outcome else { return nil }
      logger.notice("index will be rebuilt", metadata: ["reason": "\(reason)"])
      if case .otherIdentity(let found) = reason { return found }
      return nil
    }
    do throws(SearchIndexError) {
      do throws(SearchIndexError) {
        let (index, outcome) = try SearchIndex.open(at: folder, identity: identity, access: .readWrite)
        return (index, true, found(outcome))
      } catch {
        guard error.code == .locked else { throw error }
        let (index, outcome) = try SearchIndex.open(at: folder, identity: identity, access: .readOnly)
        return (index, false, found(outcome))
      }
    } catch {
      throw RetrievalError(.indexUnavailable, "The index cannot be opened: \(error.message)", cause: error)
    }
  }
}
