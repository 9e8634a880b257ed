import Domain
import Retrieval
import TextAnalysis

/// Asks each FAQ entry's own question through the real search, and finds those that another document answers first.
struct QuestionCheck {
  let engine: SearchEngine
  let knowledgeBase: String
  /// The index must show what was read.
  let generation: Generation

  struct Outcome {
    var findings: [LintFinding] = []
    var asked = 0
    var degraded: Set<String> = []
  }

  func run(
    _ documents: [LintDocument], onProgress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> Outcome {
    let entries = documents.filter { $0.record.kind == .faq && !$0.record.title.isEmpty }
    let twins = Twins(documents)
    var outcome = Outcome()
    for entry in entries {
      try Task.checkCancellation()
      guard let query = Self.query(entry.record.title) else { continue }
      var request = SearchRequest(query: query, knowledgeBase: knowledgeBase, limit: 10, viewer: .all)
      request.minGeneration = generation
      // What a server affords differs by machine; a finding must not.
      request.rerankPairs = 0
      let response = try await engine.search(request)
      outcome.asked += 1
      outcome.degraded.formUnion(response.degraded)
      onProgress(outcome.asked, entries.count)
      if let finding = finding(entry, response.hits, twins) { outcome.findings.append(finding) }
    }
    return outcome
  }

  /// As much as a search takes; nil where nothing can be searched for.
  private static func query(_ question: String) -> String? {
    let text = question.cut(toBytes: SearchRequest.maxQueryBytes)
    return text.contains { !$0.isWhitespace } ? text : nil
  }

  private func finding(_ entry: LintDocument, _ hits: [SearchHit], _ twins: Twins) -> LintFinding? {
    let own = hits.firstIndex { $0.passage.document.id == entry.record.id }
    // Only twins stand before it.
    let others = hits.prefix(own ?? hits.count).filter {
      !twins.areTwins($0.passage.document.id, entry.record.id)
    }
    guard own == nil || !others.isEmpty else { return nil }
    guard own != nil || !others.isEmpty || hits.isEmpty else { return nil }
    let rank = own.map { "It comes as number \($0 + 1)" } ?? "It is not among the first ten"
    guard let first = others.first else {
      return LintFinding(
        code: .notFoundByItsQuestion, document: LintPlace(entry.record),
        message: "Asked with its own question, nothing is found.",
        remedy: "Write the question in words that can be searched for.")
    }
    var other = LintPlace(first.passage.document)
    other.chunk = first.passage.chunk
    other.headingPath = first.headingPath
    return LintFinding(
      code: .notFoundByItsQuestion, document: LintPlace(entry.record), other: other,
      message: "\(rank) when asked with its own question; “\(other.externalID)” comes first.",
      remedy: "Say in question and answer what sets it apart, or merge the two.")
  }
}

/// Documents that ask or answer the same: which of them comes first does not matter.
private struct Twins {
  private var questions: [DocumentID: String] = [:]
  private var texts: [DocumentID: String] = [:]

  init(_ documents: [LintDocument]) {
    for document in documents {
      questions[document.record.id] = Self.folded(document.record.title)
      texts[document.record.id] = Self.folded(document.passages.map(\.text).joined(separator: " "))
    }
  }

  func areTwins(_ a: DocumentID, _ b: DocumentID) -> Bool {
    if let first = questions[a], !first.isEmpty, first == questions[b] { return true }
    if let first = texts[a], !first.isEmpty, first == texts[b] { return true }
    return false
  }

  private static func folded(_ text: String) -> String {
    LintWord.words(of: text[...]).map(\.key).joined(separator: " ")
  }
}
