import Domain
import Foundation
import Testing

@testable import Knowledge

/// Who reads a document when, as its file says it.
@Suite struct PublicationReaderTests {
  private func read(_ text: String, name: String) async -> ReadResult {
    await DocumentReader().read(FileInput(path: name, data: Data(text.utf8)))
  }

  @Test func frontMatter() async throws {
    let result = await read(
      "---\nfrontdesk_status: draft\nfrontdesk_publish_at: 2027-01-01\nfrontdesk_expires_at: \"2027-02-01T09:00:00+01:00\"\nstatus: new\n---\n# T\n\nText.\n",
      name: "a.md")
    let document = try #require(result.documents.first)
    #expect(result.diagnostics.isEmpty)
    let (begin, end) = (Moment.parse("2027-01-01T00:00:00Z"), Moment.parse("2027-02-01T08:00:00Z"))
    #expect(
      document.publication
        == PublicationChange(status: .draft, publishAt: .set(begin!), expiresAt: .set(end!)))
    // A plain `status` is an author's own.
    #expect(document.content.attributes == ["status": "new"])
  }

  @Test(arguments: [
    "frontdesk_status: hidden", "frontdesk_publish_at: soon", "frontdesk_expires_at: 2026-13-01",
    "frontdesk_publish_at: 2027-01-02\nfrontdesk_expires_at: 2027-01-01",
    "frontdesk_status: [draft\nbroken: : yaml",
  ])
  func whatCannotBeReadIsNotPublished(lines: String) async {
    let result = await read("---\n\(lines)\n---\n# T\n\nText.\n", name: "a.md")
    #expect(result.documents.isEmpty)
    #expect(result.diagnostics.map(\.code).contains("invalid_publication"), "\(result.diagnostics)")
  }

  @Test func rows() async throws {
    let lines = await read(
      """
      {"id":"1","question":"Q1?","answer":"A1.","frontdesk_status":"archived"}
      {"id":"2","question":"Q2?","answer":"A2.","frontdesk_expires_at":"2027-01-01"}
      {"id":"3","question":"Q3?","answer":"A3.","frontdesk_publish_at":"nope"}
      """, name: "a.jsonl")
    #expect(lines.documents.map(\.publication.status) == [.archived, nil])
    #expect(lines.documents.map(\.publication.expiresAt) == [.keep, .set(Moment.parse("2027-01-01")!)])
    #expect(lines.diagnostics.map(\.code) == ["invalid_publication"] && lines.diagnostics[0].line == 3)
    let table = await read(
      "id,question,answer,Frontdesk Status\n1,Q1?,A1.,draft\n2,Q2?,A2.,\n", name: "a.csv")
    #expect(table.documents.map(\.publication.status) == [.draft, nil])
    #expect(table.documents.allSatisfy { $0.content.attributes.isEmpty })
  }
}
