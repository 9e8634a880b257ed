import Domain
import Foundation
import HTTPTypes
import Hummingbird
import ServiceLifecycle

extension GatewayRoutes {
  private static let tag = "Jobs"
  private static let member = "/v1/jobs/{job}"

  static let jobs: [Route] = [
    Route(
      .get, "/v1/jobs", access: .keyed(.writeDocuments), lane: .read,
      documentation: Documentation(
        id: "listJobs", tag: tag, summary: "List jobs",
        description:
          "The newest first, of the knowledge bases that the key reaches; they are kept for 7 days.",
        query: [.init("limit", .integer, "1 to 100; 20 where left out.")],
        responses: [200: .json("JobList")], errors: ["invalid_limit"])
    ) { call in
      let limit = try call.query.integer("limit", in: 1...100, code: "invalid_limit") ?? 20
      let jobs = try await call.services.jobs.jobs(limit: 1000)
        .filter { $0.isOfDocuments && call.principal.mayReach(kb: $0.knowledgeBase) }
      return .json(JobListView(jobs: jobs.prefix(limit).map(JobView.init)))
    },
    Route(
      .get, PathTemplate(stringLiteral: member), access: .keyed(.writeDocuments), lane: .read,
      documentation: Documentation(
        id: "getJob", tag: tag, summary: "Read how far a job is",
        description: """
          `state` is `queued`, `running`, `succeeded`, `failed` or `cancelled`; `succeeded` means that every line was \
          looked at: `progress.failed` counts those that did not go in. With `Accept: text/event-stream` an event \
          `job` comes with each change, until it has ended.
          """,
        responses: [200: .jsonOrEvents("Job")], errors: ["job_not_found"])
    ) { call in
      let job = try await call.job()
      guard call.prefers("text/event-stream") else {
        return .json(JobView(job), headers: [.vary: "Accept"])
      }
      return .events(of: job, in: call.services.jobs)
    },
    Route(
      .get, PathTemplate(stringLiteral: member + "/results"), access: .keyed(.writeDocuments), lane: .read,
      documentation: Documentation(
        id: "getJobResults", tag: tag, summary: "Read what came of each line",
        description: """
          Those lines that are done, in order. A line that was being written when the server was killed is written \
          once more, and is `unchanged` then.
          """,
        responses: [200: .lines("BulkResult")], errors: ["job_not_found"])
    ) { call in
      let job = try await call.job()
      let jobs = call.services.jobs
      return Response(
        status: .ok, headers: [.contentType: "application/x-ndjson"],
        body: ResponseBody { writer in
          var part = 0
          while true {
            let results = try await jobs.jobResults(job.id, from: part, limit: 16)
            for result in results { try await writer.write(ByteBuffer(bytes: result)) }
            part += results.count
            if results.count < 16 { break }
          }
          try await writer.finish(nil)
        })
    },
    Route(
      .post, PathTemplate(stringLiteral: member + "/cancel"), access: .keyed(.writeDocuments), lane: .write,
      documentation: Documentation(
        id: "cancelJob", tag: tag, summary: "End a job early",
        description: "What is done stays. A job that has ended stays as it is.",
        responses: [200: .json("Job")], errors: ["job_not_found"])
    ) { call in
      let job = try await call.job()
      try await call.record("job.cancel", job.id)
      guard let cancelled = try await call.services.jobs.cancelJob(job.id, at: Date()) else {
        throw Problem.jobNotFound
      }
      return .json(JobView(cancelled))
    },
  ]
}

extension Problem {
  static let jobNotFound = Problem(
    "job_not_found", "There is no job of that id here; they are kept for 7 days, and GET /v1/jobs lists them."
  )
}

extension Call {
  /// - Throws: `job_not_found`, also where the key does not reach its knowledge base.
  fileprivate func job() async throws -> Job {
    guard let id = PercentEncoding.decode(parameters["job"] ?? ""), id.utf8.count <= 64,
      let job = try await services.jobs.job(id), job.isOfDocuments,
      principal.mayReach(kb: job.knowledgeBase)
    else { throw Problem.jobNotFound }
    return job
  }

  /// Whether the client would rather not wait (RFC 7240).
  var prefersAsync: Bool {
    headers[values: .prefer].flatMap { $0.split(separator: ",") }.contains {
      $0.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased() == "respond-async"
    }
  }
}

extension HTTPField.Name {
  static let prefer = Self("Prefer")!
  static let preferenceApplied = Self("Preference-Applied")!
}

extension Response {
  static func accepted(_ job: Job) -> Response {
    .json(
      JobView(job), status: .accepted,
      headers: [.location: "/v1/jobs/" + job.id, .preferenceApplied: "respond-async"])
  }

  /// Told as it changes; at most for ten minutes, and not beyond the server's end.
  fileprivate static func events(of job: Job, in jobs: any JobStore) -> Response {
    Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .vary: "Accept"],
      body: ResponseBody { writer in
        let end = ContinuousClock.now + .seconds(600)
        var (current, told): (Job, Job?) = (job, nil)
        var silence = 0
        while true {
          if current != told {
            try await writer.write(AnswerEvents.event("job", JSONText.data(JobView(current))))
            (told, silence) = (current, 0)
          }
          if current.state.isFinal || ContinuousClock.now >= end || Task.isShuttingDownGracefully { break }
          try await Task.sleep(for: .milliseconds(250))
          silence += 1
          // A comment, so that nobody takes the connection for dead.
          if silence % 60 == 0 { try await writer.write(ByteBuffer(string: ": still at it\n\n")) }
          guard let next = try await jobs.job(job.id) else { break }
          current = next
        }
        try await writer.finish(nil)
      })
  }
}

extension Job {
  /// What is asked about customers has routes of its own.
  fileprivate var isOfDocuments: Bool { !PrivacyRequest.Kind.jobKinds.contains(kind) }
}

struct JobView: Encodable {
  private let job: Job

  init(_ job: Job) { self.job = job }

  private enum CodingKeys: String, CodingKey {
    case id, kind, kb, state, cancelling, progress, error, author, results
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(job.id, forKey: .id)
    try container.encode(job.kind, forKey: .kind)
    try container.encode(job.knowledgeBase, forKey: .kb)
    try container.encode(job.state, forKey: .state)
    try container.encode(job.isCancelling, forKey: .cancelling)
    try container.encode(["done": job.done, "failed": job.failed, "total": job.total], forKey: .progress)
    let error = job.errorCode.map { ["code": $0, "message": job.errorMessage ?? ""] }
    try container.encode(error, forKey: .error)
    try container.encode(job.author, forKey: .author)
    try container.encode("/v1/jobs/\(job.id)/results", forKey: .results)
    try container.encode(Timestamp.text(job.createdAt), forKey: .createdAt)
    try container.encode(Timestamp.text(job.updatedAt), forKey: .updatedAt)
  }
}

private struct JobListView: Encodable {
  let jobs: [JobView]
}
