import Domain
import Foundation
import TestSupport
import Testing

@testable import Knowledge

@Suite struct TableReaderTests {
  @Test func faqRowsBecomeDocuments() async {
    let result = await read(
      """
      Question,Answer,Questions,Tags,ID,URL,Language,Category
      "How do I ""reset"", exactly?","<p>Open <b>Settings</b>.</p><p>Then
      wait &amp; see.</p>",Lost password|Forgot it,"account, login",reset,https://example.com/r,en-US,Account
      No answer?,,,,,,,
      ,No question,,,,,,
      Same id?,Yes.,,,reset,,,
      Plain?,Yes.,"[""One?"", ""Two?""]",,,,,
      """, "faq.csv")
    #expect(result.documents.map(\.idSuffix) == ["#reset", "#" + Self.hash("Plain?")])
    let first = result.documents.first?.content
    #expect(first?.kind == .faq)
    #expect(first?.title == "How do I \"reset\", exactly?")
    #expect(first?.text == "Open Settings.\n\nThen wait & see.")
    #expect(first?.questions == ["Lost password", "Forgot it"])
    #expect(first?.tags == ["account", "login"])
    #expect(first?.url == "https://example.com/r")
    #expect(first?.language == "en")
    #expect(first?.attributes == ["Category": "Account"])
    #expect(result.documents.first?.line == 2)
    #expect(result.documents.last?.content.questions == ["One?", "Two?"])
    #expect(
      result.diagnostics.map { "\($0.line ?? 0) \($0.code)" } == [
        "4 faq_without_answer", "5 faq_without_question", "6 duplicate_id",
      ])
    #expect(result.diagnostics.allSatisfy { $0.severity == .failure && !$0.remedy.isEmpty })
  }

  /// First 16 hex digits of sha256, from the `sha256sum` tool.
  private static func hash(_ question: String) -> String {
    ["Plain?": "5d9b64fc72fe7f02"][question] ?? ""
  }

  @Test func anAnswerTooLongToBeShownAsOneIsAnArticle() async {
    let long = String(repeating: "A long sentence. ", count: EntryBuilder.maxEntryBytes / 17 + 1)
    let result = await read("id,question,answer\na,Is it long?,\(long)\nb,Is it short?,Yes.\n", "a.csv")
    #expect(result.documents.map(\.content.kind) == [.article, .faq])
    #expect(result.documents.map(\.idSuffix) == ["#a", "#b"])
    #expect(result.documents.first?.content.title == "Is it long?")
    #expect(result.diagnostics.map(\.code) == ["long_answer"])
    #expect(result.diagnostics.allSatisfy { $0.severity == .warning })
  }

  @Test func reorderingRowsChangesNoId() async {
    let one = await read("question,answer\nA?,1\nB?,2\n", "a.csv")
    let two = await read("answer,question\n2,B?\n1,A?\n", "a.csv")
    #expect(Set(one.documents.map(\.idSuffix)) == Set(two.documents.map(\.idSuffix)))
    #expect(one.documents.count == 2)
  }

  @Test func sameQuestionWithAnotherAnswerIsKept() async {
    let result = await read("question,answer\nA?,1\nA?,2\nA?,1\n", "a.csv")
    #expect(result.documents.map(\.content.text) == ["1", "2"])
    #expect(Set(result.documents.map(\.idSuffix)).count == 2)
    #expect(result.codes == ["duplicate_question", "duplicate_question"])
  }

  @Test(arguments: [
    ("Frage;Antwort\nWo?;Hier, dort.\n", "a.csv"), ("q\ta\nWo?\tHier, dort.\n", "a.tsv"),
    ("Customer question|Answer text\nWo?|Hier, dort.\n", "a.csv"), ("问题,答案\nWo?,\"Hier, dort.\"\n", "a.csv"),
    ("title,answer\nWo?,\"Hier, dort.\"\n", "a.csv"), ("prompt,text\nWo?,\"Hier, dort.\"\n", "a.csv"),
    ("question\tanswer\nWo?\tHier, dort.\n", "no-extension"),
    ("\u{FEFF}question,answer\r\nWo?,\"Hier, dort.\"\r\n", "a.csv"),
  ])
  func headersAreRecognised(table: String, name: String) async {
    let content = await read(table, name).only?.content
    #expect(content?.kind == .faq)
    #expect(content?.title == "Wo?")
    #expect(content?.text == "Hier, dort.")
  }

  @Test func phrasingColumnsAreCollected() async {
    let result = await read("question_1,question_2,question_3,answer\nA?,B?,C?,x\n", "a.csv")
    #expect(result.only?.content.title == "A?")
    #expect(result.only?.content.questions == ["B?", "C?"])
  }

  @Test func fullerOfTwoAnswersIsTaken() async {
    let result = await read(
      "question,answer,answer_html\nA?,See  for more.,<p>See <a href=x>the guide</a> for more.</p>\n", "a.csv"
    )
    #expect(result.only?.content.text == "See the guide for more.")
  }

  @Test func otherTablesAreOneArticle() async {
    let result = await read("Model,Weight\nX1,10 kg\nX2,\n", "weights.csv")
    #expect(result.only?.content.kind == .article)
    #expect(result.only?.content.title == "weights")
    #expect(result.only?.outline == ["T Model: X1; Weight: 10 kg", "T Model: X2"])
    let questions = await read("question_1,question_2,similar\nA?,B?,1\n", "pairs.csv")
    #expect(questions.codes == ["no_answer_column"])
    #expect(questions.only?.outline == ["T question_1: A?; question_2: B?; similar: 1"])
  }

  @Test func unclosedQuoteCostsOneRow() async {
    let result = await read("question,answer\nA?,\"open\nB?,two\nC?,three\n", "a.csv")
    #expect(result.documents.map(\.content.title) == ["A?", "B?", "C?"])
    #expect(result.codes == ["unclosed_quote"])
    let extra = await read("question,answer\nA?,one, two\n", "a.csv")
    #expect(extra.codes == ["extra_columns"])
  }

  @Test(.enabled(if: SharedData.url("data/corpora/faq-covid") != nil))
  func scrapedFAQsAreRead() async throws {
    let folder = try #require(SharedData.url("data/corpora/faq-covid"))
    // Rows and distinct pairs of question and answer, as Python's csv module counts them.
    for (name, atLeast) in [("faq_covidbert.csv", 208), ("faq_200322_16.tsv", 490), ("faq_200327.tsv", 869)] {
      let result = await read(try Data(contentsOf: folder.appendingPathComponent(name)), name)
      #expect(result.documents.count >= atLeast, "\(name)")
      #expect(result.documents.allSatisfy { $0.content.kind == .faq && !$0.content.text.contains("</") })
      #expect(Set(result.documents.map(\.idSuffix)).count == result.documents.count)
    }
  }
}

@Suite struct JSONLinesReaderTests {
  @Test func entriesArticlesAndRest() async {
    let result = await read(
      """
      {"question": "A?", "answer": "One.", "questions": ["B?", "C?"], "tags": ["x"], "id": 7, "priority": 2}
      {"_id": "d1", "title": "T", "text": "Body.\\n\\nMore.", "metadata": {"year": 1999}}
      not json
      {"question": "No answer?"}
      {"name": "X1", "kg": 10}
      """, "a.jsonl")
    #expect(result.documents.map(\.idSuffix) == ["#7", "#d1", nil])
    #expect(result.documents[0].content.questions == ["B?", "C?"])
    #expect(result.documents[0].content.attributes == ["priority": "2"])
    #expect(result.documents[1].content.kind == .article)
    #expect(result.documents[1].content.text == "Body.\n\nMore.")
    #expect(result.documents[1].content.attributes == ["year": "1999"])
    #expect(result.documents[2].outline == ["T kg: 10; name: X1"])
    #expect(
      result.diagnostics.map { "\($0.line ?? 0) \($0.code)" } == ["3 invalid_json", "4 faq_without_answer"])
  }

  @Test func listsInOneValueAreRead() async {
    let array = await read("[\n {\"q\": \"A?\", \"a\": \"1\"},\n {\"q\": \"B?\", \"a\": \"2\"}\n]", "a.json")
    #expect(array.documents.map(\.content.title) == ["A?", "B?"])
    let wrapped = await read(
      "{\"version\": 1, \"faqs\": [{\"question\": \"A?\", \"answer\": \"1\"}]}", "a.json")
    #expect(wrapped.documents.map(\.content.title) == ["A?"])
  }

  /// Evaluation sets hold documents without text; they are documents all the same.
  @Test func emptyArticlesCount() async {
    let result = await read(
      "{\"_id\": \"1\", \"title\": \"\", \"text\": \"\"}\n{\"_id\": \"2\", \"text\": \"x\"}", "c.jsonl")
    #expect(result.documents.map(\.idSuffix) == ["#1", "#2"])
  }
}
