import ArgumentParser
import Domain
import Evaluation
import Foundation
import Knowledge
import Retrieval

struct EvalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval", abstract: "Measure search and answers on a set of judged questions.",
    discussion: """
      A set is a folder with corpus.jsonl (or corpus.path, naming a folder to ingest), queries.jsonl and \
      qrels.tsv. Its documents go into a temporary data folder, unless --kb names a knowledge base that \
      has them or --work a folder to keep.
      """)

  enum Chunking: String, ExpressibleByArgument, CaseIterable { case standard, none }

  @Argument(help: "The set's folder.") var folder: String
  @OptionGroup var global: GlobalOptions
  @Option(help: "hybrid, lexical or dense.") var mode: SearchMode = .hybrid
  @Flag(help: "Leave earlier turns of a query out.") var noHistory = false
  @Option(help: "standard, or none: whole documents.") var chunk: Chunking = .standard
  @Option(help: "Use this knowledge base of --data as it is.") var kb: String?
  @Option(help: "Embedding model of the temporary knowledge base; none for lexical only.") var model: String?
  @Option(help: "Keep the ingested documents in this folder and use them again.") var work: String?
  @Option(help: "Write the run, a JSON line per query.") var save: String?
  @Option(help: "A saved run to compare with.") var compare: String?
  @Flag(help: "Leave answers out, also where the set carries them.") var noAnswers = false
  @Option(help: "How many of the best hits a cross-encoder compares with the query, 0 to 100.")
  var rerankPairs = 0
  @Flag(help: "Compare only hits that may then be first, as searches do that do not say how many.")
  var rerankContested = false
  @Flag(
    help:
      "Learn from the set how sure answers of the knowledge base (--kb) are, and from where on to give them.")
  var calibrate = false
  @Flag(help: "Forget what --calibrate learned for the knowledge base (--kb); measures as before.")
  var uncalibrate = false

  func validate() throws {
    guard kb != nil || !(calibrate || uncalibrate) else {
      throw ValidationError("--calibrate and --uncalibrate are for a knowledge base: add --kb NAME.")
    }
    guard !(calibrate && (uncalibrate || noAnswers)) else {
      throw ValidationError("--calibrate needs answers, and cannot stand beside --uncalibrate.")
    }
  }

  func run() async throws {
    let set = try EvaluationSet(folder: URL(fileURLWithPath: folder))
    var settings = try await global.settings()
    var temporary: URL?
    if kb == nil {
      let data =
        work.map { URL(fileURLWithPath: $0) }
        ?? FileManager.default.temporaryDirectory.appendingPathComponent(
          "frontdesk-eval-" + UUID().uuidString)
      if work == nil { temporary = data }
      settings.data = data
    }
    defer { if let temporary { try? FileManager.default.removeItem(at: temporary) } }
    let workspace = try await Workspace.open(
      settings, chunking: chunk == .none ? .wholeDocument : .standard)
    let (report, outcomes) = try await workspace.closing { [settings] in
      try await evaluate(set, $0, settings)
    }
    if let save { try write(outcomes, to: save) }
    try show(report)
    if let compare { try show(RunComparison(outcomes, against: try read(compare))) }
  }

  private func evaluate(
    _ set: EvaluationSet, _ workspace: Workspace, _ settings: Settings
  ) async throws -> (EvaluationReport, [QueryOutcome]) {
    var options = EvaluationRunner.Options()
    options.mode = mode
    options.usesHistory = !noHistory
    options.threads = settings.threads
    options.rerankPairs = rerankPairs
    options.rerankContested = rerankContested
    if rerankContested { workspace.reranker?.allow(pairs: rerankPairs) }
    options.answerTarget = settings.answerThreshold == nil ? settings.answerTarget : nil
    if noAnswers { options.answers = false }
    if calibrate { options.answers = true }
    options.answersAlways = calibrate
    if let kb {
      options.knowledgeBase = kb
      if uncalibrate {
        let found = try await workspace.knowledgeBase(kb)
        try await workspace.record("calibration.delete", kb)
        _ = try await workspace.store.setAnswerCalibration(nil, of: found.id)
      }
    } else {
      let wanted = model ?? (mode == .lexical && !set.hasAnswers ? KnowledgeBase.noModel : settings.model)
      // A name per model and chunking, so that a kept folder serves them all.
      options.knowledgeBase =
        "eval-" + wanted.lowercased().filter { $0.isLetter || $0.isNumber }
        + (chunk == .none ? "-whole" : "")
      try await workspace.makeKnowledgeBase(options.knowledgeBase, model: wanted)
      let display = ProgressDisplay(isQuiet: false)
      try await EvaluationRunner.load(set, into: options.knowledgeBase, by: workspace.ingest) {
        display.show($0)
      }
      display.finish()
    }
    let runner = EvaluationRunner(
      engine: workspace.engine, store: workspace.store, indexes: workspace.indexes, options: options)
    var (report, outcomes) = try await runner.run(set)
    if calibrate {
      try await workspace.record("calibration.put", options.knowledgeBase)
      report.calibration = CalibrationReport(
        try await runner.calibrate(by: outcomes), target: settings.answerTarget)
    }
    return (report, outcomes)
  }

  private func show(_ report: EvaluationReport) throws {
    if global.json { return try Console.json(report) }
    func f(_ x: Double) -> String { String(format: "%.4f", x) }
    print(
      """
      nDCG@10 \(f(report.ndcg10))  MRR@10 \(f(report.mrr10))  recall@10 \(f(report.recall10))  \
      recall@100 \(f(report.recall100))  \
      (\(report.queries) queries, \(report.documents) documents, \(report.chunks) chunks)
      \(report.mode), \(report.model), \(report.rerankPairs) pairs reranked, p50 \(String(format: "%.1f", report.p50Milliseconds)) ms, \
      p95 \(String(format: "%.1f", report.p95Milliseconds)) ms
      """)
    if let hit = report.answerHit { print("answer hit \(f(hit))") }
    if let abstention = report.abstention {
      print(
        "answers: coverage \(f(abstention.coverage)), error \(f(abstention.error)), "
          + "AUROC \(abstention.auroc.map(f) ?? "-")")
    }
    if let calibration = report.calibration { show(calibration) }
  }

  private func show(_ calibration: CalibrationReport) {
    func percent(_ x: Double) -> String { String(format: "%.1f %%", 100 * x) }
    print(
      "calibrated with \(calibration.questions) questions, \(calibration.right) of them answered rightly: "
        + (calibration.method?.rawValue ?? "not enough data for a curve")
        + String(format: "; Brier score %.4f", calibration.brierBefore)
        + (calibration.brierAfter.map { String(format: ", now %.4f", $0) } ?? ""))
    if let answered = calibration.answered, let wrong = calibration.wrong,
      let threshold = calibration.threshold
    {
      print(
        "at most \(percent(calibration.target)) wrong, with \(percent(1 - calibration.delta)) certainty: answers "
          + "\(percent(answered)) of them, \(percent(wrong)) wrongly (prior score from "
          + String(format: "%.3f", threshold) + ")")
    } else {
      print(
        "not enough data to promise at most \(percent(calibration.target)) wrong answers: they "
          + "are given from where that held for these questions. Label more questions, or set a larger answer_target."
      )
    }
  }

  private func show(_ comparison: RunComparison) throws {
    if global.json { return try Console.json(comparison) }
    print(
      String(
        format: "difference %+.4f nDCG@10, 95 %% interval %+.4f to %+.4f; %d better, %d worse",
        comparison.difference, comparison.low, comparison.high, comparison.better.count,
        comparison.worse.count))
    for change in comparison.worse.prefix(20) {
      print(String(format: "worse   %.3f -> %.3f  ", change.before, change.after) + change.query)
    }
    for change in comparison.better.prefix(20) {
      print(String(format: "better  %.3f -> %.3f  ", change.before, change.after) + change.query)
    }
  }

  private func write(_ outcomes: [QueryOutcome], to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let lines = try outcomes.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
  }

  private func read(_ path: String) throws -> [QueryOutcome] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw EvaluationError(.runInvalid, "There is no run '\(path)'; save one with --save.")
    }
    do {
      return try data.split(separator: 0x0A).map {
        try JSONDecoder().decode(QueryOutcome.self, from: Data($0))
      }
    } catch {
      throw EvaluationError(.runInvalid, "'\(path)' is not a run that --save wrote.", cause: error)
    }
  }
}
