import Domain
import Foundation
import Retrieval
import Synchronization

/// What to look for, and how much of it to tell.
public struct LintRequest: Sendable {
  public var knowledgeBase: String
  public var codes: Set<LintCode> = Set(LintCode.allCases)
  /// Findings of each code that are reported; all are counted.
  public var limit = 50
  public var staleAfterDays = 365
  public var now = Date()

  public init(knowledgeBase: String = KnowledgeBase.defaultName) {
    self.knowledgeBase = knowledgeBase
  }
}

/// Looks a knowledge base over for its editor: what stands twice, contradicts, leads nowhere, is old or not found.
///
/// Reads the store at one generation and holds its text in memory; writes nothing. Each check but the last is a
/// function of what was read, and takes time in proportion to it; the last asks the search.
public struct Linter: Sendable {
  private let store: any DocumentStore
  private let engine: SearchEngine

  public init(store: any DocumentStore, engine: SearchEngine) {
    self.store = store
    self.engine = engine
  }

  /// - Parameter onProgress: what is being done, for a person to see.
  /// - Throws: `kb_not_found`, and what the store and the search throw.
  public func run(
    _ request: LintRequest, onProgress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> LintReport {
    let start = ContinuousClock.now
    onProgress("reading")
    let (documents, generation) = try await read(request.knowledgeBase)
    var report = LintReport()
    report.generation = generation
    report.checked.documents = documents.count
    report.checked.passages = documents.reduce(0) { $0 + $1.passages.count }
    onProgress("comparing \(report.checked.passages) passages")
    var findings = await Blocking.run { Self.compared(documents, request) }
    if request.codes.contains(.deadLink) {
      let links = await Blocking.run { DeadLinkCheck(documents).findings() }
      findings += links.findings
      report.checked.links = links.checked
      let unread = documents.count { $0.links == nil }
      if unread > 0 {
        report.notes.append(
          "The links of \(unread) documents are not known: they were written before links were kept. "
            + "Ingest their files again.")
      }
    }
    if request.codes.contains(.notFoundByItsQuestion) {
      let check = QuestionCheck(
        engine: engine, knowledgeBase: request.knowledgeBase, generation: generation)
      let outcome = try await check.run(documents) { onProgress("asked \($0) of \($1) questions") }
      findings += outcome.findings
      report.checked.faqEntries = outcome.asked
      report.notes += outcome.degraded.sorted().map {
        "Questions were asked of a search that lacks a part: \($0)"
      }
    }
    let byCode = Dictionary(grouping: findings, by: \.code)
    for code in LintCode.allCases where request.codes.contains(code) {
      let found = byCode[code] ?? []
      report.counts[code] = found.count
      report.findings += found.prefix(request.limit)
    }
    report.seconds = start.duration(to: .now).milliseconds / 1000
    return report
  }

  private static func compared(_ documents: [LintDocument], _ request: LintRequest) -> [LintFinding] {
    var findings: [LintFinding] = []
    if request.codes.contains(.contradiction) { findings += ContradictionCheck().findings(documents) }
    if !request.codes.isDisjoint(with: [.duplicate, .nearDuplicate]) {
      findings += DuplicateCheck().findings(documents)
    }
    if request.codes.contains(.stale) {
      findings += StaleCheck(days: request.staleAfterDays, now: request.now).findings(documents)
    }
    return findings
  }

  /// All live documents by external id.
  private func read(_ name: String) async throws -> ([LintDocument], Generation) {
    guard let kb = try await store.knowledgeBase(named: name) else {
      throw KnowledgeError(
        .kbNotFound, "There is no knowledge base '\(name)'; `frontdesk kb list` shows all.")
    }
    let links = try await store.links(in: kb.id)
    let read = Mutex<[LintDocument]>([])
    let summary = try await store.readChanges(
      of: kb.id, after: .zero, model: KnowledgeBase.noModel, pageSize: 256
    ) { page in
      let documents = page.documents.compactMap { change -> LintDocument? in
        guard case .live(let record, _, let chunks) = change.state else { return nil }
        return LintDocument(
          record: record, links: links[record.id],
          passages: chunks.map { LintPassage(chunk: $0.id, headingPath: $0.headingPath, text: $0.text) })
      }
      read.withLock { $0 += documents }
    }
    let documents = read.withLock { $0 }.sorted {
      $0.record.externalID.utf8.lexicographicallyPrecedes($1.record.externalID.utf8)
    }
    return (documents, summary.head)
  }
}
