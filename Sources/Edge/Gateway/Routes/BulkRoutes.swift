import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Knowledge
import Synchronization
import Security

extension GatewayRoutes {
  static func bulk(_ rule: PublishingRule) -> Route {
    Route(
      .post, "/v1/kbs/{kb}/bulk", access: .keyed(.writeDocuments), lane: .write, body: .lines,
      documentation: Documentation(
        id: "bulkUpsert", tag: documentTag, summary: "Put many documents",
        description: """
          One document a line (NDJSON): the fields of a PUT, and `external_id`. The answer is a line for each, in \
          order, as they are written: `status` is `added`, `changed`, `unchanged` or `failed`, and a line that fails \
          stops no other. Where the work as a whole ends early (a time-out, a stop of the server), the last line \
          tells from which line on nothing was done. At most 100,000 lines. With `Prefer: respond-async` it \
          answers 202 at once, and the work goes on as a job.
          """,
        headers: [
          .init("Prefer", .string, "`respond-async`: as a job."),
          .init("Idempotency-Key", .string, "For a job. " + IdempotentHandling.description),
        ], request: "BulkDocument",
        requestTypes: BulkUpsert.mediaTypes,
        responses: [200: .lines("BulkResult"), 202: .json("Job")],
        errors: ["invalid_json", "kb_not_found", "too_large", "unsupported_type", "storage_full"]
          + IdempotentHandling.errors)
    ) { call in
      if let type = call.mediaType, !BulkUpsert.mediaTypes.contains(type) {
        throw Problem("unsupported_type", "Send one JSON object a line, as application/x-ndjson.")
      }
      guard !call.body.isEmpty else {
        throw Problem("invalid_json", "The body is empty; send one document a line.")
      }
      let knowledgeBase = try await call.knowledgeBase()
      let standing = rule.standing(of: call.principal)
      // A job is made once however often it is asked for; an upload that is waited for may simply be sent again.
      if call.prefersAsync {
        return try await IdempotentHandling(route: "POST /v1/kbs/{kb}/bulk") {
          .accepted(try await $0.startBulk(into: knowledgeBase, standing))
        }.respond(to: call)
      }
      let bulk = BulkUpsert(
        services: call.services, knowledgeBase: knowledgeBase, author: call.author, standing: standing)
      let (body, held) = (call.body, call.held)
      return Response(
        status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
        body: ResponseBody { writer in
          let (results, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
          let work = Task {
            defer { continuation.finish() }
            await bulk.run(body, held) { continuation.yield($0) }
          }
          defer { work.cancel() }
          for await result in results { try await writer.write(result) }
          try await writer.finish(nil)
        })
    }
  }
}

extension Call {
  fileprivate func startBulk(
    into knowledgeBase: KnowledgeBase, _ standing: PublishingRule.Standing
  ) async throws -> Job {
    let (parts, total) = try BulkUpsert.parts(of: body)
    try await record("bulk.start", knowledgeBase.name)
    return try await services.jobs.addJob(
      kind: standing.isFree ? JobRunner.bulkKind : JobRunner.bulkDraftsKind,
      knowledgeBase: knowledgeBase.name, author: author, total: total, parts: parts,
      at: Date())
  }
}

/// Puts the documents of a body, a batch at a time.
struct BulkUpsert: Sendable {
  static let mediaTypes = ["application/x-ndjson", "application/jsonl", "application/json-lines"]
  static let maxLines = 100_000
  private static let maxBatchDocuments = 32
  private static let maxBatchBytes = 4 << 20
  /// Of a job: what may be done twice after a kill.
  private static let maxPartBytes = 64 << 10

  let services: GatewayServices
  let knowledgeBase: KnowledgeBase
  let author: String?
  let standing: PublishingRule.Standing

  /// - Parameter tell: given the lines that are done, in order.
  func run(_ body: Data, _ held: HeldPlace, _ tell: @escaping @Sendable (ByteBuffer) -> Void) async {
    let progress = BulkProgress(tell)
    do {
      try await held.run { try await self.work(body, firstLine: 1, progress) }
    } catch {
      progress.end(Problem(describing: error))
    }
  }

  /// Does a piece of a job.
  ///
  /// - Throws: `kb_not_found`, `CancellationError`; then nobody knows how far it came, and it is done once more.
  func result(of part: JobPart) async throws -> JobPartResult {
    let lines = Mutex(Data())
    let progress = BulkProgress { line in
      lines.withLock { lines in line.withUnsafeReadableBytes { lines.append(contentsOf: $0) } }
    }
    try await work(part.input, firstLine: part.firstLine, progress)
    let counts = progress.counts
    return JobPartResult(done: counts.done, failed: counts.failed, lines: lines.withLock { $0 })
  }

  /// Cuts a body into pieces between lines.
  ///
  /// - Returns: how many lines they hold, without those that are blank.
  /// - Throws: `too_large`.
  static func parts(of body: Data) throws(Problem) -> (parts: [JobPart], total: Int) {
    let body = masked(body)
    var parts: [JobPart] = []
    var (start, first, total) = (body.startIndex, 1, 0)
    var lines = BulkLines(of: body)
    while let line = lines.next() {
      if !line.isBlank { total += 1 }
      guard line.number <= maxLines else { throw tooLong }
      let end = lines.position
      guard end - start >= maxPartBytes || end == body.endIndex else { continue }
      parts.append(JobPart(firstLine: first, input: Data(body[start..<end])))
      (start, first) = (end, line.number + 1)
    }
    return (parts, total)
  }

  /// The lines as they may be kept until they are done: without payment card numbers.
  private static func masked(_ body: Data) -> Data {
    var masked = Data()
    masked.reserveCapacity(body.count)
    var lines = BulkLines(of: body)
    while let line = lines.next() {
      let text = String(decoding: line.bytes, as: UTF8.self)
      // Digits may be written as escapes: then what they stand for is looked at.
      if text.contains("\\u"), let value = try? JSONParser.parse(Data(line.bytes)) {
        masked.append(JSONText.data(value.withoutCards))
      } else {
        masked.append(contentsOf: CardMask.masked(text).utf8)
      }
      masked.append(UInt8(ascii: "\n"))
    }
    return masked
  }

  private static let tooLong = Problem(
    "too_large", "A request may have at most \(maxLines) lines; send the rest in another.")

  private func work(_ body: Data, firstLine: Int, _ progress: BulkProgress) async throws {
    var batch = Batch()
    var lines = BulkLines(of: body, firstNumber: firstLine)
    while let (line, bytes, isBlank) = lines.next() {
      guard !isBlank else { continue }
      guard line <= Self.maxLines else {
        try await write(&batch, progress)
        throw Self.tooLong
      }
      let entry = Entry(line: line, bytes: bytes, author: author, standing, into: knowledgeBase.name)
      if batch.isFull(for: entry, documents: Self.maxBatchDocuments, bytes: Self.maxBatchBytes) {
        try await write(&batch, progress)
      }
      batch.append(entry)
    }
    try await write(&batch, progress)
  }

  private func write(_ batch: inout Batch, _ progress: BulkProgress) async throws {
    let entries = batch.entries
    batch = Batch()
    guard !entries.isEmpty else { return }
    try Task.checkCancellation()
    let upserts = entries.compactMap(\.upsert)
    let keys = upserts.map {
      GatewayRoutes.DocumentKey(knowledgeBase: knowledgeBase.id, externalID: $0.externalID)
    }
    var results = try await services.documentLocks.withLocks(keys) {
      try await services.ingest.upsert(upserts, into: knowledgeBase.name)
    }.makeIterator()
    for entry in entries {
      let result: Result<UpsertReceipt, any Error> =
        if let problem = entry.problem { .failure(problem) } else {
          results.next() ?? .failure(CancellationError())
        }
      progress.tell(BulkResult(line: entry.line, externalID: entry.externalID, result))
    }
  }

  /// One line, read.
  private struct Entry: Sendable {
    let line: Int
    let byteCount: Int
    let externalID: String?
    let upsert: DocumentUpsert?
    let problem: Problem?

    init(
      line: Int, bytes: Data, author: String?, _ standing: PublishingRule.Standing, into knowledgeBase: String
    ) {
      self.line = line
      byteCount = bytes.count
      var id: String?
      do {
        var fields = try FieldReader(body: bytes)
        id = fields.requiredString("external_id")
        let content = fields.documentContent()
        let publication = fields.publication()
        try fields.finish()
        let upsert = DocumentUpsert(
          knowledgeBase: knowledgeBase, externalID: id ?? "", body: .fields(content),
          publication: try standing.held(publication), author: author)
        try ExternalID.validate(upsert.externalID)
        (self.upsert, problem) = (upsert, nil)
      } catch {
        (upsert, problem) = (nil, Problem(describing: error))
      }
      externalID = id.flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  /// What is written at one time: no id twice, since the later one replaces the earlier.
  private struct Batch {
    private(set) var entries: [Entry] = []
    private var ids: Set<ExactString> = []
    private var byteCount = 0

    func isFull(for entry: Entry, documents: Int, bytes: Int) -> Bool {
      guard !entries.isEmpty else { return false }
      return entries.count >= documents || byteCount + entry.byteCount > bytes
        || entry.upsert.map { ids.contains(ExactString($0.externalID)) } == true
    }

    mutating func append(_ entry: Entry) {
      entries.append(entry)
      byteCount += entry.byteCount
      if let upsert = entry.upsert { ids.insert(ExactString(upsert.externalID)) }
    }
  }
}

/// What became of one line.
private struct BulkResult: Encodable {
  let line: Int
  let externalID: String?
  let result: Result<UpsertReceipt, any Error>

  init(line: Int, externalID: String?, _ result: Result<UpsertReceipt, any Error>) {
    self.line = line
    self.externalID = externalID
    self.result = result
  }

  private enum CodingKeys: String, CodingKey {
    case line, status, version, generation, error
    case externalID = "external_id"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(line, forKey: .line)
    try container.encode(externalID, forKey: .externalID)
    switch result {
    case .success(let receipt):
      try container.encode(receipt.effect, forKey: .status)
      try container.encode(receipt.record.version, forKey: .version)
      try container.encode(receipt.generation.rawValue, forKey: .generation)
    case .failure(let error):
      let problem = Problem(describing: error)
      try container.encode("failed", forKey: .status)
      try container.encode(
        JSONValue.object([
          "code": .string(problem.code), "message": .string(problem.shownMessage),
          "errors": .array(problem.errors.map(\.json)),
        ]), forKey: .error)
    }
  }
}

/// Tells of lines in order, and in the end where it stopped.
private final class BulkProgress: Sendable {
  private let state = Mutex((lastLine: 0, done: 0, failed: 0, isEnded: false))
  private let send: @Sendable (ByteBuffer) -> Void

  init(_ send: @escaping @Sendable (ByteBuffer) -> Void) { self.send = send }

  var counts: (done: Int, failed: Int) { state.withLock { ($0.done, $0.failed) } }

  func tell(_ result: BulkResult) {
    state.withLock { state in
      // Work that was cut off may still end something.
      guard !state.isEnded else { return }
      state.lastLine = result.line
      state.done += 1
      if case .failure = result.result { state.failed += 1 }
      write(result)
    }
  }

  func end(_ problem: Problem) {
    state.withLock { state in
      state.isEnded = true
      write(BulkResult(line: state.lastLine + 1, externalID: nil, .failure(problem)))
    }
  }

  private func write(_ result: BulkResult) {
    var buffer = ByteBuffer(bytes: JSONText.data(result))
    buffer.writeString("\n")
    send(buffer)
  }
}

/// The lines of a body, one after another.
private struct BulkLines {
  private let body: Data
  /// Where the next line begins.
  private(set) var position: Data.Index
  private var number: Int

  init(of body: Data, firstNumber: Int = 1) {
    self.body = body
    position = body.startIndex
    number = firstNumber
  }

  mutating func next() -> (number: Int, bytes: Data, isBlank: Bool)? {
    guard position < body.endIndex else { return nil }
    let end = body[position...].firstIndex(of: UInt8(ascii: "\n")) ?? body.endIndex
    let bytes = body[position..<end]
    position = min(end + 1, body.endIndex)
    defer { number += 1 }
    return (number, bytes, bytes.allSatisfy { [0x20, 0x09, 0x0D].contains($0) })
  }
}

extension JSONValue {
  fileprivate var withoutCards: JSONValue {
    switch self {
    case .string(let text): .string(CardMask.masked(text))
    case .array(let elements): .array(elements.map(\.withoutCards))
    case .object(let members):
      .object(
        Dictionary(members.map { (CardMask.masked($0.key), $0.value.withoutCards) }, uniquingKeysWith: { $1 })
      )
    default: self
    }
  }
}
