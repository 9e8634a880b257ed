/// What the description of the API says of a route.
struct Documentation: Sendable {
  enum Response: Sendable {
    /// The name of a schema.
    case json(String)
    case jsonOrText(String)
    case jsonOrEvents(String)
    case text(String)
    /// NDJSON: one of the schema a line.
    case lines(String)
    case html(String)
    case empty(String)
  }

  struct Query: Sendable {
    enum Kind: String, Sendable { case string, integer, boolean }
    let name: String
    let kind: Kind
    let description: String
    init(_ name: String, _ kind: Kind, _ description: String) {
      self.name = name
      self.kind = kind
      self.description = description
    }
  }

  static let ifMatch = Query(
    "If-Match", .string, "The ETag that was read: any other version is left as it is.")

  /// Unique, camelCase: generators name functions by it.
  let id: String
  let tag: String
  let summary: String
  let description: String
  let query: [Query]
  /// Headers that change what the route does; `Idempotency-Key` is told of where a route keeps its results.
  let headers: [Query]
  /// The name of the body's schema, or nil where there is no body.
  let request: String?
  /// Media types of the body.
  let requestTypes: [String]
  let isRequestOptional: Bool
  let acceptsFiles: Bool
  /// By status.
  let responses: [Int: Response]
  /// Codes a client should expect, beyond those every route may answer.
  let errors: [String]

  init(
    id: String, tag: String, summary: String, description: String = "", query: [Query] = [],
    headers: [Query] = [],
    request: String? = nil, requestTypes: [String] = ["application/json"], isRequestOptional: Bool = false,
    acceptsFiles: Bool = false, responses: [Int: Response], errors: [String]
  ) {
    self.id = id
    self.tag = tag
    self.summary = summary
    self.description = description
    self.query = query
    self.headers = headers
    self.request = request
    self.requestTypes = requestTypes
    self.isRequestOptional = isRequestOptional
    self.acceptsFiles = acceptsFiles
    self.responses = responses
    self.errors = errors
  }
}
