import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Knowledge

extension GatewayRoutes {
  private static let collection: PathTemplate = "/v1/kbs"
  private static let member: PathTemplate = "/v1/kbs/{kb}"
  private static let modelOfMember: PathTemplate = "/v1/kbs/{kb}/model"

  static let knowledgeBases: [Route] = [
    Route(
      .get, collection, access: .read(.readDocuments), lane: .read,
      documentation: Documentation(
        id: "listKnowledgeBases", tag: "Knowledge bases", summary: "List knowledge bases",
        description: "Those that the key reaches, by name.",
        responses: [200: .json("KnowledgeBaseList")], errors: [])
    ) { call in
      var views: [KnowledgeBaseView] = []
      for found in try await call.services.store.knowledgeBases()
      where call.principal.mayReach(kb: found.name) {
        views.append(try await call.view(of: found))
      }
      return .json(KnowledgeBaseListView(kbs: views.sorted { $0.name < $1.name }))
    },
    Route(
      .post, collection, access: .keyed(.manageKnowledgeBases), lane: .write, body: .json,
      keepsResults: true,
      documentation: Documentation(
        id: "createKnowledgeBase", tag: "Knowledge bases", summary: "Make a knowledge base",
        description: """
          A name is 1 to 64 of `a-z`, `0-9`, `_` and `-`, and begins with a letter or digit. `model` names the \
          embedding model, or `none` for full text alone.
          """,
        request: "CreateKnowledgeBase", responses: [201: .json("KnowledgeBase")],
        errors: [
          "invalid_json", "missing_field", "invalid_kb_name", "model_unknown", "kb_exists", "storage_full",
        ])
    ) { call in
      var fields = try call.fields()
      let name = fields.requiredString("name")
      let model = fields.string("model", maxBytes: 256) ?? KnowledgeBase.defaultModel
      try fields.finish()
      try KnowledgeBase.validate(name: name)
      guard call.principal.mayReach(kb: name) else {
        throw Problem("forbidden", "This key reaches named knowledge bases only, and not this one.")
      }
      try requireKnown(model, call.services.models)
      try await call.record("kb.create", name)
      let made = try await call.services.store.createKnowledgeBase(named: name, model: model)
      return .json(
        try await call.view(of: made), status: .created, headers: [.location: "/v1/kbs/\(made.name)"])
    },
    Route(
      .get, member, access: .read(.readDocuments), lane: .read,
      documentation: Documentation(
        id: "getKnowledgeBase", tag: "Knowledge bases", summary: "Read a knowledge base",
        responses: [200: .json("KnowledgeBase")], errors: ["kb_not_found"])
    ) { call in
      .json(try await call.view(of: try await call.knowledgeBase()))
    },
    Route(
      .patch, member, access: .keyed(.administer), lane: .write, body: .json,
      documentation: Documentation(
        id: "updateKnowledgeBase", tag: "Knowledge bases",
        summary: "Say whether answers may be worded elsewhere",
        description: """
          `generated_answers` says what may leave for the language model that the server is configured with: nothing \
          (`off`, from the start), what everyone may see (`public`), or every document that the caller may see (`all`). \
          What a customer typed leaves with either, but for what identifies people.
          """,
        request: "UpdateKnowledgeBase", responses: [200: .json("KnowledgeBase")],
        errors: ["invalid_json", "missing_field", "invalid_field", "kb_not_found", "storage_full"])
    ) { call in
      var fields = try call.fields()
      if !fields.has("generated_answers") {
        fields.fail("generated_answers", "it is missing; send off, public or all.", code: "missing_field")
      }
      let policy: GenerationPolicy? = fields.choice("generated_answers", code: "invalid_field")
      try fields.finish()
      let found = try await call.knowledgeBase()
      try await call.record("kb.generated_answers.\((policy ?? .off).rawValue)", found.name)
      _ = try await call.services.store.setGenerationPolicy(policy ?? .off, of: found.id)
      return .json(try await call.view(of: found))
    },
    Route(
      .put, modelOfMember, access: .keyed(.manageKnowledgeBases), lane: .write, body: .json,
      documentation: Documentation(
        id: "setModel", tag: "Knowledge bases", summary: "Switch to another embedding model",
        description: """
          Searches go on with the model in force while every text is embedded by the new one, and then change over \
          at once; `switch` tells how far it is, and is null when it is over. The model that a switch leads to goes \
          on with one that was stopped or failed; the one in force ends it. `none` leaves full text alone.
          """,
        request: "SetModel", responses: [200: .json("KnowledgeBase"), 202: .json("KnowledgeBase")],
        errors: [
          "invalid_json", "missing_field", "model_unknown", "model_unsuitable", "model_not_installed",
          "kb_not_found", "switch_in_progress", "storage_full",
        ])
    ) { call in
      var fields = try call.fields()
      let model = fields.requiredString("model")
      try fields.finish()
      try requireKnown(model, call.services.models)
      let found = try await call.knowledgeBase()
      try await call.record("kb.model", found.name)
      switch try await call.services.switcher.request(model, for: found) {
      case .unchanged: return .json(try await call.view(of: found))
      case .underWay:
        return .json(
          try await call.view(of: found), status: .accepted, headers: [.location: "/v1/kbs/\(found.name)"])
      }
    },
    Route(
      .delete, member, access: .keyed(.manageKnowledgeBases), lane: .write,
      documentation: Documentation(
        id: "deleteKnowledgeBase", tag: "Knowledge bases", summary: "Delete a knowledge base",
        description: "With all its documents and versions. The one named `default` stays.",
        responses: [200: .json("GenerationResponse")], errors: ["kb_not_found", "kb_protected"])
    ) { call in
      let found = try await call.knowledgeBase()
      guard found.name != KnowledgeBase.defaultName else {
        throw Problem(
          "kb_protected", "'\(found.name)' is there from the start and stays; delete its documents instead.")
      }
      try await call.record("kb.delete", found.name)
      let generation = try await call.services.store.deleteKnowledgeBase(found.id)
      await call.services.engine.forget(found.name)
      return .json(GenerationView(generation: generation.rawValue))
    },
  ]
}

extension GatewayRoutes {
  /// - Parameter models: empty allows any name.
  private static func requireKnown(_ model: String, _ models: [String]) throws(Problem) {
    guard models.isEmpty || models.contains(model) || model == KnowledgeBase.noModel else {
      let known = models.filter { $0 != KnowledgeBase.noModel }.joined(separator: ", ")
      throw Problem.invalidParameter(
        "model", "model must be one of \(known) or none.", code: "model_unknown")
    }
  }
}

extension Call {
  fileprivate func view(of found: KnowledgeBase) async throws -> KnowledgeBaseView {
    // Totals would tell how much there is that the caller may not see.
    let counts = principal.mayCount ? try await services.store.counts(in: found.id) : nil
    return KnowledgeBaseView(
      name: found.name, model: found.model, documents: counts?.documents, chunks: counts?.chunks,
      createdAt: Timestamp.text(found.createdAt),
      generatedAnswers: try await services.store.generationPolicy(of: found.id),
      modelSwitch: try await services.store.modelSwitch(of: found.id).map(ModelSwitchStatus.init))
  }
}

struct KnowledgeBaseView: Encodable {
  let name: String
  let model: String
  /// Nil for those who may not see every document.
  let documents: Int?
  let chunks: Int?
  let createdAt: String
  let generatedAnswers: GenerationPolicy
  /// Nil where none is under way or waits.
  let modelSwitch: ModelSwitchStatus?

  enum CodingKeys: String, CodingKey {
    case name, model, documents, chunks
    case createdAt = "created_at"
    case generatedAnswers = "generated_answers"
    case modelSwitch = "switch"
  }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(model, forKey: .model)
    try container.encode(documents, forKey: .documents)
    try container.encode(chunks, forKey: .chunks)
    try container.encode(createdAt, forKey: .createdAt)
    try container.encode(generatedAnswers, forKey: .generatedAnswers)
    try container.encode(modelSwitch, forKey: .modelSwitch)
  }
}

struct KnowledgeBaseListView: Encodable {
  let kbs: [KnowledgeBaseView]
}
