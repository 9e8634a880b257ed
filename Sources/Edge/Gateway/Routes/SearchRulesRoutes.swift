import Domain
import Hummingbird
import Security

extension GatewayRoutes {
  private static let rules: PathTemplate = "/v1/kbs/{kb}/rules"

  static let searchRules: [Route] = [
    Route(
      .get, rules, access: .keyed(.readAllDocuments), lane: .read,
      documentation: Documentation(
        id: "getSearchRules", tag: "Knowledge bases", summary: "Read synonyms and curations",
        responses: [200: .json("SearchRulesResponse")], errors: ["kb_not_found"])
    ) { call in
      let found = try await call.knowledgeBase()
      return .json(try await call.services.store.searchRules(of: found.id))
    },
    Route(
      .put, rules, access: .keyed(.manageRules), lane: .write, body: .json,
      documentation: Documentation(
        id: "putSearchRules", tag: "Knowledge bases", summary: "Replace synonyms and curations",
        description: """
          Replaces all of them; a list that is left out becomes empty. A curation holds for searches whose words \
          are those of one of its `queries`; case, endings and small words apart. What it pins comes first, as far \
          as the caller may see it and the filter admits it. They hold from `generation` on.
          """,
        request: "SearchRules", responses: [200: .json("GenerationResponse")],
        errors: ["invalid_json", "invalid_field", "invalid_rules", "kb_not_found", "storage_full"])
    ) { call in
      var fields = try call.fields()
      let rules = fields.searchRules()
      try fields.finish()
      let found = try await call.knowledgeBase()
      try await call.record("rules.put", found.name)
      let generation = try await call.services.store.setSearchRules(rules, of: found.id)
      return .json(GenerationView(generation: generation.rawValue))
    },
  ]
}

extension FieldReader {
  fileprivate mutating func searchRules() -> SearchRules {
    func texts(_ fields: inout FieldReader, _ name: String, _ count: Int) -> [String] {
      (fields.strings(name, code: "invalid_rules", maxCount: count, maxBytes: SearchRules.maxTextBytes) ?? [])
        .map(CardMask.masked)
    }
    let synonyms = texts(&self, "synonyms", SearchRules.maxSynonyms)
    let curations = objects("curations", code: "invalid_rules", maxCount: SearchRules.maxCurations) {
      fields in
      SearchRules.Curation(
        queries: texts(&fields, "queries", SearchRules.maxQueries),
        pinned: texts(&fields, "pinned", SearchRules.maxPinned),
        hidden: texts(&fields, "hidden", SearchRules.maxHidden))
    }
    return SearchRules(synonyms: synonyms, curations: curations ?? [])
  }
}
