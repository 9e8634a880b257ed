import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security

/// What customers may ask of what is stored about them, for those who answer for it.
extension GatewayRoutes {
  private static let tag = "Privacy"
  private static let member = "/v1/privacy/requests/{job}"

  static let privacy: [Route] = [
    Route(
      .post, "/v1/privacy/requests", access: .keyed(.exportPersonalData), lane: .write, body: .json, cost: 8,
      keepsResults: true,
      documentation: Documentation(
        id: "createPrivacyRequest", tag: tag, summary: "Export, correct, restrict or erase one customer",
        description: """
          Carried out as a job. `export` hands out the profile and every conversation as NDJSON; `rectification` puts \
          the profile that is sent in the place of the stored one; `restriction` keeps everything and uses nothing, \
          until `release`; `erasure` leaves no byte of it in any file, nor in backups that are restored with the \
          ledger; `hold` bars that for a `reason`, until `unhold`, and an erasure then says so. Only for keys that \
          reach all knowledge bases; all but `export` needs `erase_personal_data`.
          """,
        request: "PrivacyRequest", responses: [202: .json("PrivacyJob")],
        errors: ["invalid_json", "missing_field", "invalid_field", "storage_full"])
    ) { call in
      try call.requireAllKnowledgeBases()
      let request = try call.privacyRequest()
      try call.require(request.kind.permission)
      let pseudonym = try await call.services.customers.pseudonym(ofCustomer: request.customer)
      try await call.record("customer." + request.kind.rawValue, pseudonym)
      let job = try await call.services.jobs.addJob(
        kind: request.kind.jobKind, knowledgeBase: "", author: call.principal.actor,
        customer: request.customer, total: 1,
        parts: [JobPart(firstLine: 1, input: try JSONEncoder().encode(request))], at: Date())
      return .json(
        PrivacyJobView(job), status: .accepted, headers: [.location: "/v1/privacy/requests/" + job.id])
    },
    Route(
      .get, PathTemplate(stringLiteral: member), access: .keyed(.exportPersonalData), lane: .read,
      documentation: Documentation(
        id: "getPrivacyRequest", tag: tag, summary: "Read how far a request is",
        description:
          "`succeeded` means that it was looked at; the receipt in its results says what came of it.",
        responses: [200: .json("PrivacyJob")], errors: ["job_not_found"])
    ) { call in .json(PrivacyJobView(try await call.privacyJob())) },
    Route(
      .get, PathTemplate(stringLiteral: member + "/results"), access: .keyed(.exportPersonalData),
      lane: .read, cost: 8,
      documentation: Documentation(
        id: "getPrivacyResults", tag: tag, summary: "Read what was handed out, and the receipt",
        description: """
          NDJSON: `customer`, `conversation` and `message` lines of an export, and last `receipt`: `outcome` is `done`, \
          `held` (nothing was erased, for the `reason` there) or `unknown_customer`. Each reading is on record. Kept for \
          7 days, sealed; an erasure of the customer takes exports away.
          """,
        responses: [200: .lines("PrivacyLine")], errors: ["job_not_found"])
    ) { call in
      let job = try await call.privacyJob()
      try await call.record("customer.results", job.id)
      let results = try await call.services.jobs.jobResults(job.id, from: 0, limit: 16)
      var body = ByteBuffer()
      for result in results { body.writeBytes(result) }
      return Response(
        status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
        body: ResponseBody(byteBuffer: body))
    },
  ]
}

extension Call {
  /// - Throws: `forbidden`: customers are of no knowledge base.
  fileprivate func requireAllKnowledgeBases() throws(Problem) {
    guard principal.knowledgeBases.isEmpty else {
      throw Problem(
        "forbidden", "What is stored about customers is of all knowledge bases; use a key that reaches all.")
    }
  }

  /// - Throws: `job_not_found`, also for a job of another kind, or of what the key may not ask for.
  fileprivate func privacyJob() async throws -> Job {
    try requireAllKnowledgeBases()
    guard let id = PercentEncoding.decode(parameters["job"] ?? ""), id.utf8.count <= 64,
      let job = try await services.jobs.job(id),
      let kind = PrivacyRequest.Kind.allCases.first(where: { $0.jobKind == job.kind }),
      principal.may(kind.permission)
    else {
      throw Problem("job_not_found", "There is no request of that id here; they are kept for 7 days.")
    }
    return job
  }

  fileprivate func privacyRequest() throws -> PrivacyRequest {
    var fields = try fields()
    if !fields.has("kind") { fields.fail("kind", "it is missing.", code: "missing_field") }
    let kind: PrivacyRequest.Kind? = fields.choice("kind", code: "invalid_field")
    var request = PrivacyRequest(kind: kind ?? .export, customer: fields.requiredString("customer"))
    if fields.has("customer"), !(1...256).contains(request.customer.utf8.count) {
      fields.fail("customer", "it may have 1 to 256 bytes.")
    }
    request.locale = fields.string("locale", maxBytes: 64)
    request.timeZone = fields.string("time_zone", maxBytes: 64)
    request.reason = fields.string("reason", maxBytes: 1024).map(CardMask.masked)
    if kind == .hold, request.reason?.allSatisfy(\.isWhitespace) ?? true {
      fields.fail("reason", "a hold needs one: who asks for it, and until when.", code: "missing_field")
    }
    try fields.finish()
    return request
  }
}

/// A job about a customer, without a word about them.
private struct PrivacyJobView: Encodable {
  private let job: Job

  init(_ job: Job) { self.job = job }

  private enum CodingKeys: String, CodingKey {
    case id, kind, state, results, error
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(job.id, forKey: .id)
    let kind = PrivacyRequest.Kind.allCases.first { $0.jobKind == job.kind }
    try container.encode(kind?.rawValue, forKey: .kind)
    try container.encode(job.state, forKey: .state)
    try container.encode(
      job.errorCode.map { ["code": $0, "message": job.errorMessage ?? ""] }, forKey: .error)
    try container.encode("/v1/privacy/requests/\(job.id)/results", forKey: .results)
    try container.encode(Timestamp.text(job.createdAt), forKey: .createdAt)
    try container.encode(Timestamp.text(job.updatedAt), forKey: .updatedAt)
  }
}
