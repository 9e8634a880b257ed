import Domain
import SearchIndex

extension SearchEngine {
  struct HitSet: Sendable {
    var hits: [SearchHit] = []
    let candidates: CandidateSet
    var rerankPairs = 0
    var degraded: [String] = []
    var facets: [String: [FacetCount]] = [:]
    let curated: CuratedResults
  }

  func hits(of plan: Plan, request: SearchRequest, trace: inout SearchTrace) async throws -> HitSet {
    let comparison = comparison(of: request, plan: plan)
    let limit = max(request.limit, comparison.pairs, options.priors.isNone ? 0 : DocumentPriors.depth)
    let curated = try await curated(by: plan, for: request)
    var depth = plan.depth
    while true {
      let found = candidates(of: plan, depth: depth, trace: &trace)
      var lap = ContinuousClock.now
      let (pinned, rest) = try await curated.applied(
        to: found.candidates, by: self, for: request, in: plan)
      let chosen = Self.choose(rest, grouping: request.grouping)
      var (passages, isRepetitive) = try await gather(chosen, limit: limit, for: request, in: plan)
      trace.mark("hydrate", since: &lap)
      if passages.count >= limit || found.isExhausted || isRepetitive {
        var result = HitSet(candidates: found, curated: curated)
        if !options.priors.isNone { weigh(&passages) }
        if !request.facets.isEmpty {
          result.facets = try await facets(
            request.facets, of: pinned.map(\.candidate) + rest, for: request.viewer, in: plan)
          trace.mark("facets", since: &lap)
        }
        if comparison.pairs > 0 {
          let (pairs, missing) = try await rerank(&passages, comparison, of: plan)
          trace.mark("rerank", since: &lap)
          result.rerankPairs = pairs
          if let missing { result.degraded.append(missing) }
        }
        let shown = (pinned + passages).prefix(request.limit)
        result.hits = hits(from: shown, plan: plan, request: request)
        trace.mark("highlight", since: &lap)
        return result
      }
      depth *= 4
    }
  }

  private func candidates(of plan: Plan, depth: Int, trace: inout SearchTrace) -> CandidateSet {
    let (snapshot, query) = (plan.snapshot, plan.candidateQuery)
    var lap = ContinuousClock.now
    let lexicalHits =
      depth == plan.depth ? plan.lexicalHits : query.lexicalHits(in: snapshot, depth: depth)
    trace.mark("lexical", since: &lap)
    let denseHits = query.denseHits(in: snapshot, depth: depth)
    trace.mark("dense", since: &lap)
    let found = query.candidates(
      in: snapshot, lexicalHits: lexicalHits, denseHits: denseHits, depth: depth)
    trace.mark("fuse", since: &lap)
    return found
  }

  /// The best passage of each document, or passages as they come.
  static func choose(_ candidates: [Candidate], grouping: SearchGrouping) -> [Candidate] {
    guard grouping == .document else { return candidates }
    var seen: Set<UInt64> = []
    return candidates.filter { seen.insert($0.group).inserted }
  }

  /// The first passages that say something new, as many as are wanted.
  ///
  /// - Returns: fewer where so many repeat others that looking on is not worth the time.
  private func gather(
    _ candidates: [Candidate], limit: Int, for request: SearchRequest, in plan: Plan
  ) async throws -> (found: [Found], isRepetitive: Bool) {
    var collapse = PassageCollapse(countsTitles: request.mode == .suggest)
    var rest = candidates[...]
    while collapse.found.count < limit, !rest.isEmpty, collapse.repeats < Self.maxRepeats {
      // The first page is enough unless something is repeated; then a few at a time would take many.
      let page = rest.prefix(max(limit - collapse.found.count, collapse.found.isEmpty ? 0 : Self.leastPage))
      rest = rest.dropFirst(page.count)
      for found in try await hydrate(Array(page), for: request.viewer, in: plan) { collapse.add(found) }
    }
    return (Array(collapse.found.prefix(limit)), collapse.repeats >= Self.maxRepeats)
  }

  private static let leastPage = 32
  private static let maxRepeats = 2048

  private func weigh(_ passages: inout [Found]) {
    for place in passages.indices {
      let prior = options.priors.prior(of: passages[place].passage.document)
      passages[place].candidate.prior = prior
      passages[place].candidate.score += prior
    }
    passages.sort { Candidate.precedes($0.candidate, $1.candidate) }
  }

  /// The passages of candidates, in one query. What was deleted since the snapshot was taken, has just expired, or
  /// was hidden from this viewer since, is left out.
  func hydrate(_ candidates: [Candidate], for viewer: Viewer, in plan: Plan) async throws -> [Found] {
    let passages = try await plan.passages.passages(candidates.map { ChunkID(rawValue: $0.key) })
    return candidates.compactMap { candidate in
      guard let passage = passages[ChunkID(rawValue: candidate.key)],
        viewer.maySee(passage.document.visibility)
      else { return nil }
      return Found(candidate: candidate, passage: passage)
    }
  }

  private func hits(from found: ArraySlice<Found>, plan: Plan, request: SearchRequest) -> [SearchHit] {
    let highlighter = Highlighter(analyzer: analyzer, terms: plan.terms)
    return found.map { found in
      SearchHit(
        found.candidate, passage: found.passage, highlights: highlighter.highlights(in: found.passage),
        isFused: plan.candidateQuery.isFused, isPinned: found.isPinned,
        alsoIn: found.alsoIn.map(DocumentReference.init),
        explanation: request.explain ? explanation(of: found.candidate, plan: plan) : nil)
    }
  }
}

extension SearchHit {
  fileprivate init(
    _ candidate: Candidate, passage: Passage, highlights: [[Int]], isFused: Bool, isPinned: Bool,
    alsoIn: [DocumentReference], explanation: HitExplanation?
  ) {
    self.init(
      documentID: passage.document.id.description, externalID: passage.document.externalID,
      chunkID: passage.chunk.description, title: passage.document.title, headingPath: passage.headingPath,
      text: passage.text, highlights: highlights, score: candidate.score,
      scores: candidate.scores(isFused: isFused),
      citation: Citation(quoting: passage.text, at: passage.span, of: passage.document),
      explanation: explanation, isPinned: isPinned, alsoIn: alsoIn, passage: passage)
  }
}
