import Domain
import Foundation
import Testing

@testable import Gateway

/// Changing a model over REST; without models, for those are not what is tested here.
@Suite struct ModelSwitchTests {
  private func put(_ gateway: Gateway, _ model: JSONValue, key: String? = Backend.ownerKey) async throws
    -> Reply
  {
    try await gateway.send(.put, "/v1/kbs/shop/model", key: key, json: model)
  }

  @Test func aSwitchIsAskedForShownAndCarriedOut() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let kb = try await backend.store.createKnowledgeBase(named: "shop", model: "all-MiniLM-L6-v2")
    let idle = try await gateway.send(.get, "/v1/kbs/shop", key: Backend.ownerKey)
    #expect(idle.at("switch") == .null && idle.at("model") == "all-MiniLM-L6-v2")

    let asked = try await put(gateway, ["model": "none"])
    #expect(asked.status == 202)
    #expect(asked.at("model") == "all-MiniLM-L6-v2")
    #expect(asked.at("switch.model") == "none" && asked.at("switch.state") == "embedding")
    #expect(asked.at("switch.previous") == "all-MiniLM-L6-v2" && asked.at("switch.error") == .null)
    // The same again is the same.
    #expect(try await put(gateway, ["model": "none"]).status == 202)

    guard case .done = try await backend.switcher.carryOut(kb) else {
      Issue.record("it was not carried out")
      return
    }
    let done = try await put(gateway, ["model": "none"])
    #expect(done.status == 200)
    #expect(done.at("model") == "none" && done.at("switch") == .null)
    let list = try await gateway.send(.get, "/v1/kbs", key: Backend.ownerKey)
    #expect(list.at("kbs[1].model") == "none")
    let actions = try await backend.store.auditEntries(after: 0, limit: 9).map(\.event.action)
    #expect(actions == ["kb.model", "kb.model", "kb.model"])
  }

  @Test func whatCannotBeSwitchedToIsRefused() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    _ = try await backend.store.createKnowledgeBase(named: "shop", model: "none")
    let unknown = try await put(gateway, ["model": "word2vec"])
    #expect(unknown.status == 400 && unknown.code == "model_unknown")
    #expect(unknown.text.contains("all-MiniLM-L6-v2"))
    let unsuitable = try await put(gateway, ["model": "ms-marco-MiniLM-L-12-v2"])
    #expect(unsuitable.status == 400 && unsuitable.code == "model_unsuitable")
    let absent = try await put(gateway, ["model": "bge-small-en-v1.5"])
    #expect(absent.status == 503 && absent.code == "model_not_installed")
    #expect(absent.text.contains("frontdesk model install bge-small-en-v1.5"))
    #expect(try await put(gateway, [:]).code == "missing_field")
    let nowhere = try await gateway.send(
      .put, "/v1/kbs/nowhere/model", key: Backend.ownerKey, json: ["model": "none"])
    #expect(nowhere.status == 404)
    #expect(try await backend.store.modelSwitches().isEmpty)
  }

  @Test func aThirdModelWaits() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let kb = try await backend.store.createKnowledgeBase(named: "shop", model: "all-MiniLM-L6-v2")
    _ = try await backend.store.updateModelSwitch(of: kb.id) { current, kb, now in
      current = ModelSwitch(from: kb.model, to: "bge-small-en-v1.5", startedAt: now)
    }
    let other = try await put(gateway, ["model": "none"])
    #expect(other.status == 409 && other.code == "switch_in_progress")
    #expect(other.text.contains("all-MiniLM-L6-v2"))
  }

  @Test func onlyEditorsMay() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    _ = try await backend.store.createKnowledgeBase(named: "shop", model: "none")
    let (reader, editor) = (try await backend.key(.reader), try await backend.key(.editor))
    #expect(try await put(gateway, ["model": "none"], key: reader).status == 403)
    #expect(try await put(gateway, ["model": "none"], key: editor).status == 200)
    let elsewhere = try await backend.key(.editor, knowledgeBases: ["other"])
    #expect(try await put(gateway, ["model": "none"], key: elsewhere).status == 404)
  }
}
