import Domain
import Foundation
import Security
import Testing

@testable import Gateway

/// Who writes does not publish: by setting of everyone, and always of keys that may not publish.
@Suite struct PublishingRuleTests {
  private let path = "/v1/kbs/default/documents/a"

  @Test func anotherPublishes() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway { $0.publishByAnother = true }
    let (writer, other) = (try await backend.key(.editor), try await backend.key(.publisher))
    let reader = try await backend.key(.reader)
    func seen() async throws -> Int { try await gateway.send(.get, path, key: reader).status }

    // Left unsaid it is a draft, said otherwise it is refused.
    let put = try await gateway.send(.put, path, key: writer, json: ["text": "One."])
    #expect(put.status == 201 && put.at("document.status") == "draft")
    let bold = try await gateway.send(.put, path, key: writer, json: ["text": "Two.", "status": "published"])
    #expect(bold.status == 403 && bold.code == "publish_needs_another")
    let own = try await gateway.send(.post, path + "/publish", key: writer)
    #expect(own.status == 403 && own.code == "publish_needs_another")
    #expect(try await seen() == 404)
    #expect(try await gateway.send(.post, path + "/publish", key: other).status == 200)
    #expect(try await seen() == 200)

    // A change to what is published waits, too; readers keep the old one.
    #expect(
      try await gateway.send(.put, path, key: writer, json: ["text": "Three."]).at("document.status")
        == "draft")
    let text = try await gateway.send(
      .get, path + "?version=1", key: reader, headers: ["Accept": "text/plain"])
    #expect(text.text == "One.")
    // As does an old version brought back, and a file whose own words say otherwise.
    let restored = try await gateway.send(.post, path + "/restore", key: writer, json: ["version": 1])
    #expect(restored.at("document.status") == "draft")
    let refused = try await gateway.send(
      .post, path + "/restore", key: writer, json: ["version": 1, "status": "published"])
    #expect(refused.code == "publish_needs_another")
    let file = Data("---\nstatus: published\nfrontdesk_status: published\n---\n# Four\n\nText.".utf8)
    let raw = try await gateway.send(
      .put, path, key: writer, headers: ["Content-Type": "text/markdown"], body: file)
    #expect(raw.status == 200 && raw.at("document.status") == "draft")
    #expect(try await gateway.send(.post, path + "/publish", key: writer).status == 403)
    // The owner is bound as well; what takes from readers is not publishing.
    #expect(
      try await gateway.send(.put, path, key: Backend.ownerKey, json: ["text": "Five."]).at("document.status")
        == "draft")
    #expect(try await gateway.send(.post, path + "/publish", key: Backend.ownerKey).status == 403)
    #expect(try await gateway.send(.post, path + "/archive", key: writer).status == 200)
  }

  @Test func withoutTheSettingEditorsPublishTheirOwn() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let writer = try await backend.key(.editor)
    #expect(
      try await gateway.send(.put, path, key: writer, json: ["text": "One."]).at("document.status")
        == "published")
    #expect(
      try await gateway.send(.put, path, key: writer, json: ["text": "Two.", "status": "draft"]).status == 200
    )
    #expect(try await gateway.send(.post, path + "/publish", key: writer).status == 200)
  }

  /// A key that may write but not publish.
  @Test func aWriterWithoutPublishingMakesDrafts() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let writer = try await backend.key(.service, scopes: [.writeDocuments])
    #expect(
      try await gateway.send(.put, path, key: writer, json: ["text": "One."]).at("document.status") == "draft"
    )
    let bold = try await gateway.send(.put, path, key: writer, json: ["text": "Two.", "status": "published"])
    #expect(bold.status == 403 && bold.code == "forbidden")
    let both = try await backend.key(.service, scopes: [.writeDocuments, .publishDocuments])
    #expect(
      try await gateway.send(.put, path, key: both, json: ["text": "Two.", "status": "published"])
        .at("document.status") == "published")
  }
}
