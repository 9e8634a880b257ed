import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Retrieval

extension GatewayRoutes {
  static let search: [Route] = [
    Route(
      .post, "/v1/search", access: .read(.search), lane: .read, body: .json, cost: 2,
      documentation: Documentation(
        id: "search", tag: "Search", summary: "Find passages",
        description: """
          The passages nearest to a query, best first. `score` orders them; `scores` holds the raw numbers of \
          each half. `highlights` are half-open UTF-8 byte ranges of `text`. Mode `suggest` is for search as you \
          type: the last word may be unfinished, and no model is asked. `facets` counts the values of filter keys \
          over the documents that were found. A passage that stands in several documents comes once, with the \
          others in `also_in`; what an editor put first for this question is `pinned`. `why_not` names a document whose absence is to be \
          explained; `without` lists documents to leave out. `as_of` searches what a customer would have found \
          then, at a generation or a time; it needs a key that sees every document, and synonyms and curations are \
          today's.
          """,
        request: "SearchRequest", responses: [200: .json("SearchResponse")],
        errors: [
          "invalid_json", "missing_field", "query_empty", "query_too_long", "invalid_limit",
          "unknown_filter_key", "invalid_filter", "invalid_facets", "invalid_without", "invalid_rerank_pairs",
          "invalid_as_of", "as_of_unavailable", "as_of_too_large", "kb_not_found",
          "unsupported_type", "overloaded", "generation_not_reached", "mode_unavailable", "model_unavailable",
        ])
    ) { call in
      let request = try call.searchRequest()
      return .json(try await call.search(request))
    },
    Route(
      .post, "/v1/answers", access: .read(.ask), lane: .read, body: .json, cost: 8,
      documentation: Documentation(
        id: "answer", tag: "Search", summary: "Answer a question",
        description: """
          An answer with citations, or an honest "no answer" (`kind` is `abstain`, without citations). With \
          `Accept: text/event-stream` the text comes as `answer` events, each with a part of it, and the whole \
          response as the last event, `done`; lines that begin with a colon only keep the connection. Where a language \
          model is configured and the knowledge base's owner allows it, the text of an extract is worded by it: \
          `kind` is `generated`, and every sentence that its citations do not support was dropped. `as_of` answers as it would have been answered then, as in a search.
          """,
        request: "AnswerRequest", responses: [200: .jsonOrEvents("AnswerResponse")],
        errors: [
          "invalid_json", "missing_field", "query_empty", "query_too_long", "invalid_rerank_pairs",
          "unknown_filter_key", "invalid_filter", "invalid_without", "invalid_as_of", "as_of_unavailable",
          "as_of_too_large", "kb_not_found", "unsupported_type",
          "overloaded", "generation_not_reached",
        ])
    ) { call in
      let request = try call.answerRequest()
      guard call.prefers("text/event-stream") else {
        return .json(try await call.answer(request), headers: [.vary: "Accept"])
      }
      return .events(try await call.answerAsItForms(request))
    },
    Route(
      .post, "/v1/verify", access: .read(.verify), lane: .read, body: .json,
      documentation: Documentation(
        id: "verify", tag: "Search", summary: "Check citations",
        description: """
          Per citation, in order: `valid` (the quote stands in the named version, which is current), `changed` \
          (it stands there; a newer version exists, or the document was deleted), `purged` (erased), `forged` \
          (never stood there).
          """,
        request: "VerifyRequest", responses: [200: .json("VerifyResponse")],
        errors: ["invalid_json", "missing_field", "invalid_field", "too_many_citations", "unsupported_type"])
    ) { call in
      let citations = try call.citations()
      let statuses = try await call.services.engine.verify(citations, as: call.principal)
      return .json(VerifyView(citations: zip(citations, statuses).map(VerifyView.Entry.init)))
    },
  ]
}

extension Call {
  func search(_ request: SearchRequest) async throws -> SearchResponse {
    let response = try await services.engine.search(request)
    notes.note(
      CallNotes.Query(
        text: request.query, knowledgeBase: request.knowledgeBase, mode: request.mode.rawValue,
        results: response.hits.count, milliseconds: response.tookMilliseconds,
        generation: response.generation.rawValue))
    return response
  }

  func searchRequest() throws -> SearchRequest {
    var fields = try fields()
    var request = SearchRequest(
      query: fields.requiredString("query", allowsNUL: true), knowledgeBase: fields.knowledgeBase(),
      viewer: principal.viewer)
    let limits = Int64(SearchRequest.limits.lowerBound)...Int64(SearchRequest.limits.upperBound)
    if let limit = fields.integer("limit", in: limits, code: "invalid_limit") { request.limit = Int(limit) }
    if let mode: SearchMode = fields.choice("mode", code: "invalid_mode") { request.mode = mode }
    if let group: SearchGrouping = fields.choice("group", code: "invalid_group") { request.grouping = group }
    request.filter = fields.filter()
    request.history = fields.history()
    request.explain = fields.bool("explain") ?? false
    request.facets =
      fields.strings("facets", code: "invalid_facets", maxCount: SearchRequest.maxFacets, maxBytes: 256) ?? []
    request.whyNot = fields.string("why_not", maxBytes: 1024)
    request.without = fields.without()
    request.rerankPairs = fields.rerankPairs()
    request.minGeneration = fields.minGeneration()
    request.asOf = fields.asOf()
    try fields.finish()
    if request.explain || request.whyNot != nil { try require(.explain) }
    try requireReach(request.knowledgeBase)
    return request
  }

  func answerRequest() throws -> AnswerRequest {
    var fields = try fields()
    var request = AnswerRequest(
      question: fields.requiredString("question", allowsNUL: true), knowledgeBase: fields.knowledgeBase(),
      history: fields.history(), filter: fields.filter(), rerankPairs: fields.rerankPairs(),
      minGeneration: fields.minGeneration(), viewer: principal.viewer)
    request.without = fields.without()
    request.asOf = fields.asOf()
    _ = fields.string("conversation_id", maxBytes: 256)
    try fields.finish()
    try requireReach(request.knowledgeBase)
    return request
  }

  func citations() throws -> [Citation] {
    var fields = try fields()
    if !fields.has("citations") {
      fields.fail("citations", "it is missing; send a list.", code: "missing_field")
    }
    let citations = fields.objects("citations", code: "too_many_citations", maxCount: 1000) { fields in
      Citation(
        documentID: fields.requiredString("document_id"), externalID: fields.requiredString("external_id"),
        title: fields.string("title") ?? "", url: fields.string("url"),
        version: fields.requiredInteger("version"), startByte: fields.requiredInteger("start_byte"),
        endByte: fields.requiredInteger("end_byte"),
        // Whatever was quoted is compared, never stored.
        quote: fields.requiredString("quote", allowsNUL: true), sha256: fields.requiredString("sha256"))
    }
    try fields.finish()
    return citations ?? []
  }
}

extension FieldReader {
  mutating func knowledgeBase() -> String {
    string("kb", maxBytes: 1024) ?? KnowledgeBase.defaultName
  }

  mutating func minGeneration() -> Generation? {
    integer("min_generation", in: 0...Int64.max, code: "invalid_min_generation").map(
      Generation.init(rawValue:))
  }

  /// A generation, as a number or its digits, or a moment.
  mutating func asOf() -> AsOf? {
    let asOf: AsOf?
    switch value("as_of") {
    case nil: return nil
    case .integer(let number): asOf = AsOf(parsing: String(number))
    case .string(let text): asOf = AsOf(parsing: text)
    default: asOf = nil
    }
    guard let asOf else {
      fail(
        "as_of",
        "it must be a generation, a date such as 2026-12-31, or an RFC 3339 time such as 2026-12-31T18:00:00Z.",
        code: "invalid_as_of")
      return nil
    }
    if has("min_generation") {
      fail("as_of", "it cannot go with min_generation; send one of them.", code: "invalid_as_of")
    }
    return asOf
  }

  mutating func filter() -> SearchFilter {
    SearchFilter(conditions("filter", code: "invalid_filter", maxCount: 100) ?? [:])
  }

  mutating func without() -> [String] {
    strings("without", code: "invalid_without", maxCount: SearchRequest.maxWithout, maxBytes: 1024) ?? []
  }

  mutating func rerankPairs() -> Int? {
    integer("rerank_pairs", in: 0...Int64(Reranker.maxPairs), code: "invalid_rerank_pairs").map { Int($0) }
  }

  mutating func history() -> [HistoryTurn] {
    let turns = objects("history", code: "invalid_history", maxCount: SearchRequest.maxHistoryTurns) {
      fields in
      if !fields.has("role") { fields.fail("role", "it is missing.", code: "invalid_history") }
      let role: HistoryTurn.Role? = fields.choice("role", code: "invalid_history")
      let text = fields.string("text", code: "invalid_history", allowsNUL: true)
      if !fields.has("text") { fields.fail("text", "it is missing; send a string.", code: "invalid_history") }
      return HistoryTurn(role: role ?? .customer, text: text?.replacing("\0", with: " ") ?? "")
    }
    return turns ?? []
  }

  mutating func requiredInteger(_ field: String) -> Int {
    guard has(field) else {
      fail(field, "it is missing; send a whole number.", code: "missing_field")
      return 0
    }
    return integer(field, in: Int64.min...Int64.max, code: "invalid_field").map(Int.init) ?? 0
  }
}

/// What checking citations found, in the order they were sent.
struct VerifyView: Encodable {
  struct Entry: Encodable {
    let status: CitationStatus
    let documentID: String
    let externalID: String
    let version: Int
    let startByte: Int
    let endByte: Int

    init(_ citation: Citation, _ status: CitationStatus) {
      self.status = status
      documentID = citation.documentID
      externalID = citation.externalID
      version = citation.version
      startByte = citation.startByte
      endByte = citation.endByte
    }

    enum CodingKeys: String, CodingKey {
      case status, version
      case documentID = "document_id"
      case externalID = "external_id"
      case startByte = "start_byte"
      case endByte = "end_byte"
    }
  }
  let citations: [Entry]
}
