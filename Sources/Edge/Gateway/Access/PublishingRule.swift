import Domain
import Foundation
import Security

/// Who may let readers find a document: those who may publish, and where it is so set, not those who wrote it.
struct PublishingRule: Sendable {
  /// Whether another than the author of a version publishes it.
  let byAnother: Bool

  /// How far the writes of one caller go.
  enum Standing: Sendable {
    case free
    /// Readers find them when another has published them; why, where it is asked for.
    case draftsOnly(Problem)

    var isFree: Bool { if case .free = self { true } else { false } }

    /// What a write may say of its publication: that of whoever may not publish it is a draft.
    ///
    /// - Throws: `publish_needs_another`, `forbidden`.
    func held(_ change: PublicationChange) throws(Problem) -> PublicationChange {
      guard case .draftsOnly(let problem) = self else { return change }
      switch change.status {
      case .published: throw problem
      case nil:
        // Left unsaid, it would go where the version before it is.
        var held = change
        held.status = .draft
        return held
      case .draft, .archived: return change
      }
    }
  }

  func standing(of principal: Principal) -> Standing {
    if byAnother { return .draftsOnly(.publishNeedsAnother) }
    return principal.may(.publishDocuments) ? .free : .draftsOnly(.lacking(.publishDocuments, principal))
  }

  /// - Throws: `publish_needs_another`, `forbidden`.
  func held(_ change: PublicationChange, for principal: Principal) throws(Problem) -> PublicationChange {
    try standing(of: principal).held(change)
  }

  /// To be called under the document's lock, before its newest version is published.
  ///
  /// A version without an author was ingested on the machine itself: nobody with a key wrote it.
  ///
  /// - Throws: `publish_needs_another`.
  func check(_ act: PublicationAct, on externalID: String, in knowledgeBase: KnowledgeBaseID, by call: Call)
    async throws
  {
    guard byAnother, case .publish = act else { return }
    let newest = try await call.services.store.versions(
      of: externalID, in: knowledgeBase, before: nil, limit: 1)
    if let author = newest.first?.author, author == call.author { throw Problem.publishNeedsAnother }
  }
}
