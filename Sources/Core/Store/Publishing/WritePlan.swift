import Domain
import Foundation

/// What a write makes of a document: nothing, another state, or a new version.
///
/// Architecture invariant: only what is said changes who reads a document, and a source that says what it said
/// before says nothing.
enum WritePlan: Equatable {
  case nothing
  /// The newest version says it all already; only its publication changes.
  case state(Publication)
  case version(Publication)

  /// - Parameter live: the version that readers find now; nil where they find none.
  init(_ write: DocumentWrite, over stored: StoredDocument?, live: StoredVersion?, now: Date) {
    guard let stored, !stored.isDeleted else {
      self = .version(Publication.published.changed(by: write.publication).toTheMicrosecond)
      return
    }
    let latest = stored.latest
    let isSame = latest.contentHash == write.contentHash
    let stated = StatedPublication(write.publication)
    if isSame, write.origin != nil ? stated == latest.stated : write.publication == .keep {
      self = .nothing
      return
    }
    // Whoever writes without a word about drafts writes what readers see, if they see anything.
    var base = latest.publication
    if write.publication.status == nil, base.status == .draft, let live { base = live.publication }
    // Read once more, what is live says nothing against a newer draft.
    let saysNothing = write.origin != nil ? stated == live?.stated : write.publication == .keep
    if saysNothing, let live, live.contentHash == write.contentHash {
      self = .nothing
      return
    }
    var change = write.publication
    if write.origin != nil {
      // What its source no longer says is undone; what an editor set stays.
      if change.status == nil, latest.stated.status != nil { change.status = .published }
      if change.publishAt == .keep, latest.stated.publishAt != nil { change.publishAt = .clear }
      if change.expiresAt == .keep, latest.stated.expiresAt != nil { change.expiresAt = .clear }
    }
    var target = base.changed(by: change).toTheMicrosecond
    if change.publishAt == .keep, !isSame, let begin = target.publishAt, begin <= now {
      target.publishAt = nil
    }
    // What is written for later leaves what readers see now.
    let isForLater = target.status == .draft || (target.status == .published && !target.isDue(at: now))
    if isSame, !(live?.version == latest.version && isForLater) {
      self = target == latest.publication ? .nothing : .state(target)
    } else {
      self = .version(target)
    }
  }
}

extension Publication {
  /// As it is when it has been stored.
  var toTheMicrosecond: Publication {
    Publication(
      status: status, publishAt: publishAt.map { Date(column: $0.column) },
      expiresAt: expiresAt.map { Date(column: $0.column) })
  }
}
