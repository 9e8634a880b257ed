import Domain
import SearchIndex

/// Where a document was lost that someone expected among the hits.
public struct MissingHit: Sendable, Hashable, Encodable {
  public enum Reason: String, Sendable, Encodable {
    /// It is among the hits.
    case found
    /// No document of that id is there for this caller.
    case unknown
    /// It was written after the state that was searched.
    case notSearchableYet = "not_searchable_yet"
    case filteredOut = "filtered_out"
    /// A curation hides it for this question, or the request left it out.
    case hidden
    /// Its passage stands word for word in a hit, whose `also_in` names it.
    case sameAsAnother = "same_as_another"
    /// It was looked at, and others scored higher.
    case belowLimit = "below_limit"
    /// Neither half brought one of its passages.
    case notCandidate = "not_candidate"
  }
  public let externalID: String
  public let reason: Reason
  /// The same in a sentence.
  public let detail: String
  /// Place among the documents that were looked at, from 1.
  public var rank: Int?
  /// Of its best passage; nil where it has none.
  public var scores: HitScores?

  enum CodingKeys: String, CodingKey {
    case reason, detail, rank, scores
    case externalID = "external_id"
  }
}

extension SearchEngine {
  /// Says where a document was lost on its way to the hits.
  func missing(
    _ externalID: String, from result: HitSet, plan: Plan, request: SearchRequest
  ) async throws -> MissingHit {
    func because(_ reason: MissingHit.Reason, _ detail: String, rank: Int? = nil, scores: HitScores? = nil)
      -> MissingHit
    {
      MissingHit(externalID: externalID, reason: reason, detail: detail, rank: rank, scores: scores)
    }
    if let place = result.hits.firstIndex(where: { $0.externalID == externalID }) {
      return because(.found, "It is hit \(place + 1).", rank: place + 1, scores: result.hits[place].scores)
    }
    let stored = try await plan.passages.document(externalID)
    guard let document = stored, request.viewer.maySee(document.visibility) else {
      return because(.unknown, "There is no such document, or you may not see it.")
    }
    let group = UInt64(document.id.rawValue)
    guard plan.snapshot.contains(group: group) else {
      return because(
        .notSearchableYet, "It was written after generation \(plan.snapshot.generation), or has no text.")
    }
    guard try request.filter.admits(Set(IndexLabel.labels(of: document))) else {
      return because(.filteredOut, "The request's filter does not admit it.")
    }
    if result.curated.hidden.contains(group) {
      return because(.hidden, "A curation hides it for this question, or the request left it out.")
    }
    if let twin = result.hits.first(where: { $0.alsoIn.contains { $0.externalID == externalID } }) {
      return because(
        .sameAsAnother, "Its passage stands word for word in '\(twin.externalID)', which is shown.")
    }
    let documents = Self.choose(result.candidates.candidates, grouping: .document)
    if let place = documents.firstIndex(where: { $0.group == group }) {
      let candidate = documents[place]
      let last = result.hits.last.map { ", and the last hit has \(ConvexFusion.format($0.score))" } ?? ""
      return because(
        .belowLimit, "Its best passage scores \(ConvexFusion.format(candidate.score))\(last).",
        rank: place + 1,
        scores: candidate.scores(isFused: plan.candidateQuery.isFused))
    }
    let scores = try await scores(of: document, plan: plan)
    let words =
      scores.lexical == nil
      ? "it has none of the query's words" : "its BM25F is \(ConvexFusion.format(scores.lexical ?? 0))"
    let meaning = scores.dense.map { "its cosine is \(ConvexFusion.format($0))" } ?? "no vector was compared"
    return because(
      .notCandidate,
      "Neither half has it among its best \(plan.depth) passages: \(words), and \(meaning).",
      scores: scores)
  }

  /// Those of the document's best passage in each half.
  private func scores(of document: DocumentRecord, plan: Plan) async throws -> HitScores {
    let passages = try await plan.passages.passages(
      of: document.id, ordinals: 0...min(999, max(0, document.chunkCount - 1)))
    let keys = passages.map(\.chunk.rawValue)
    let lexical = plan.snapshot.lexicalScores(of: keys, plan.candidateQuery.lexical).values.max() ?? 0
    let dense = plan.candidateQuery.vector.flatMap { plan.snapshot.denseScores(of: keys, $0).values.max() }
    return HitScores(lexical: lexical > 0 ? lexical : nil, dense: dense)
  }
}
