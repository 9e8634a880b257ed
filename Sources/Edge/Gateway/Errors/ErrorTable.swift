/// What each error code means over HTTP: the one place that maps codes to statuses.
///
/// A code that is not here answers 500 `internal`, and its message reaches logs only.
enum ErrorTable {
  struct Row: Sendable, Hashable {
    let status: Int
    /// Short, the same for every occurrence (RFC 9457, `title`).
    let title: String
    /// Seconds after which the very same request may succeed; nil where repeating it is of no use.
    let retryAfter: Int?
    /// Whether the message is ours alone: the client then reads the title.
    let isInternal: Bool

    init(_ status: Int, _ title: String, retryAfter: Int? = nil, isInternal: Bool = false) {
      self.status = status
      self.title = title
      self.retryAfter = retryAfter
      self.isInternal = isInternal
    }
  }

  static let unknown = Row(500, "Something went wrong here", isInternal: true)

  static func row(_ code: String) -> Row { rows[code] ?? unknown }

  static let rows: [String: Row] = [
    // The request cannot be understood.
    "incomplete_body": Row(400, "The body ended early"),
    "invalid_body": Row(400, "The body is not valid HTTP"),
    "invalid_cursor": Row(400, "Not a cursor of this list"),
    "invalid_document": Row(400, "Not a valid document"),
    "invalid_external_id": Row(400, "Not a valid external id"),
    "invalid_facets": Row(400, "Not valid facets"),
    "invalid_without": Row(400, "Not a valid list of documents"),
    "invalid_rules": Row(400, "Not valid search rules"),
    "invalid_field": Row(400, "A field has a wrong value"),
    "invalid_filter": Row(400, "Not a valid filter"),
    "invalid_group": Row(400, "Not a valid group"),
    "invalid_history": Row(400, "Not a valid history"),
    "invalid_publication": Row(400, "Not a valid publication"),
    "invalid_as_of": Row(400, "Not a valid moment"),
    "invalid_rerank_pairs": Row(400, "Not a valid number of pairs"),
    "invalid_idempotency_key": Row(400, "Not a valid Idempotency-Key"),
    "invalid_json": Row(400, "The body is not valid JSON"),
    "invalid_kb_name": Row(400, "Not a valid knowledge base name"),
    "invalid_limit": Row(400, "Not a valid limit"),
    "invalid_messages": Row(400, "Not a valid list of messages"),
    "invalid_min_generation": Row(400, "Not a valid generation"),
    "invalid_mode": Row(400, "Not a valid mode"),
    "invalid_parameter": Row(400, "A query parameter has a wrong value"),
    "invalid_request": Row(400, "Not a valid HTTP request"),
    "invalid_url": Row(400, "Not a URL that is fetched"),
    "invalid_event_type": Row(400, "Not a type of event"),
    "invalid_version": Row(400, "Not a valid version"),
    "invalid_visibility": Row(400, "Not a valid visibility"),
    "invalid_login": Row(400, "Not a sign-in of this browser"),
    "invalid_return_to": Row(400, "Not a path of this server"),
    "invalid_origin": Row(400, "Not a valid origin"),
    "invalid_role": Row(400, "Not a role"),
    "invalid_scope": Row(400, "Not a valid scope"),
    "input_too_long": Row(400, "Longer than the model reads"),
    "missing_field": Row(400, "A field is missing"),
    "model_unknown": Row(400, "No such model"),
    "model_unsuitable": Row(400, "A model for something else"),
    "query_empty": Row(400, "The query is empty"),
    "query_too_long": Row(400, "The query is too long"),
    "too_many_citations": Row(400, "Too many citations"),
    "unsupported_parameter": Row(400, "Not supported here"),
    "unknown_filter_key": Row(400, "No such filter"),
    "mode_unavailable": Row(400, "Not a mode of this knowledge base"),

    // Who asks.
    "unauthorized": Row(401, "A valid key is needed"),
    "forbidden": Row(403, "The key does not permit this"),
    "csrf_refused": Row(403, "Not sent by a page of this server"),
    "sign_in_off": Row(403, "Nobody signs in here"),
    "sign_in_refused": Row(403, "Signing in was refused"),
    "grant_refused": Row(403, "More than the key has itself"),
    "origin_mismatch": Row(403, "The token is for another origin"),
    "publish_needs_another": Row(403, "Another person publishes this"),
    "ingest_url_off": Row(403, "Nothing is fetched here"),
    "url_not_allowed": Row(403, "Not a place to fetch from"),
    "origin_not_allowed": Row(403, "Not for pages of this origin"),

    // What is asked for.
    "document_not_found": Row(404, "No such document"),
    "conversation_not_found": Row(404, "No such conversation"),
    "job_not_found": Row(404, "No such job"),
    "model_not_found": Row(404, "No such model"),
    "version_not_found": Row(404, "No such version"),
    "as_of_unavailable": Row(404, "No history of that moment"),
    "kb_not_found": Row(404, "No such knowledge base"),
    "session_not_found": Row(404, "No such session"),
    "key_not_found": Row(404, "No such key"),
    "webhook_not_found": Row(404, "No such webhook"),
    "delivery_not_found": Row(404, "No such delivery"),
    "path_not_found": Row(404, "No such file"),
    "route_not_found": Row(404, "No such route"),
    "method_not_allowed": Row(405, "Not a method of this route"),
    "body_timeout": Row(408, "The body came too slowly", retryAfter: 1),
    "conversation_closed": Row(409, "The conversation has ended"),
    "customer_restricted": Row(409, "The customer's data may not be used"),
    "message_conflict": Row(409, "The id was used for another message"),
    "duplicate_id": Row(409, "Two documents claim one id"),
    "webhook_limit": Row(409, "Too many webhooks"),
    "key_ended": Row(409, "The key has ended"),
    "idempotency_conflict": Row(409, "The key was used for another request"),
    "idempotency_in_progress": Row(409, "The request is in work"),
    "key_exists": Row(409, "The key is there already"),
    "kb_exists": Row(409, "The knowledge base is there already"),
    "kb_protected": Row(409, "This knowledge base stays"),
    "switch_in_progress": Row(409, "Its model is being switched"),
    "precondition_failed": Row(412, "The document is at another version"),
    "too_large": Row(413, "Too large"),
    "unsupported_encoding": Row(415, "Not a supported encoding"),
    "unsupported_type": Row(415, "Not a supported type"),
    "as_of_too_large": Row(422, "Too large to search in the past"),
    "fetch_refused": Row(422, "What was fetched is not taken"),
    "webhook_url_refused": Row(422, "Not a place to send to"),
    "no_text": Row(422, "No text in the document"),
    "unreadable_document": Row(422, "The document cannot be read"),
    "headers_too_large": Row(431, "The request head is too large"),
    "too_many_subscriptions": Row(409, "Too many conversations are followed"),
    "upgrade_required": Row(426, "This is a WebSocket"),
    "invalid_upgrade": Row(400, "Not a valid request for a WebSocket"),
    "too_many_connections": Row(429, "Too many connections", retryAfter: 10),
    "rate_limited": Row(429, "Too many requests"),

    // Not now.
    "fetch_failed": Row(502, "It could not be fetched", retryAfter: 30),
    "fetch_timeout": Row(504, "It did not come in time", retryAfter: 30),
    "destination_unavailable": Row(503, "The other server is left alone", retryAfter: 10),
    "generation_not_reached": Row(503, "Not searchable yet", retryAfter: 1),
    "issuer_unavailable": Row(503, "The issuer does not answer", retryAfter: 5),
    "index_unavailable": Row(503, "The index is not ready", retryAfter: 5),
    "missing_vectors": Row(503, "The embeddings are not ready", retryAfter: 5),
    "model_corrupt": Row(503, "The model is damaged", retryAfter: 60),
    "model_not_installed": Row(503, "The model is not installed", retryAfter: 60),
    "model_unavailable": Row(503, "The model is not ready", retryAfter: 30),
    "overloaded": Row(503, "Too busy", retryAfter: 1),
    "request_timeout": Row(503, "It took too long", retryAfter: 5),
    "shutting_down": Row(503, "Shutting down", retryAfter: 5),
    "shut_down": Row(503, "Shutting down", retryAfter: 5),
    "store_busy": Row(503, "The store is busy", retryAfter: 1),
    "store_closed": Row(503, "Shutting down", retryAfter: 5),
    "store_unavailable": Row(503, "The store is not ready", retryAfter: 5, isInternal: true),
    "storage_full": Row(507, "No space left", retryAfter: 60),

    // The index, where Retrieval let its own error through.
    "index_changed": Row(503, "The index is not ready", retryAfter: 5, isInternal: true),
    "index_closed": Row(503, "The index is not ready", retryAfter: 5, isInternal: true),
    "index_corrupt": Row(503, "The index is being rebuilt", retryAfter: 30, isInternal: true),
    "index_io": Row(503, "The index is not ready", retryAfter: 30, isInternal: true),
    "index_locked": Row(503, "The index is not ready", retryAfter: 5, isInternal: true),
    "index_invalid_update": unknown,
    "index_read_only": unknown,

    // Ours.
    "internal": unknown,
    "feed_trimmed": unknown,
    "audit_key_missing": Row(500, "The audit log's key is missing", isInternal: true),
    "audit_key_wrong": Row(500, "The audit log has another key", isInternal: true),
    "master_key_missing": Row(500, "The master key is missing", isInternal: true),
    "master_key_wrong": Row(500, "The master key is another", isInternal: true),
    "store_corrupt": Row(500, "The store is damaged", isInternal: true),
    "store_schema_newer": Row(500, "The store is of a newer version", isInternal: true),

    // Said by commands and at start, never by a route: here so that no code is without a row.
    "backup_refused": unknown,
    "restore_refused": unknown,
    "evaluation_set_invalid": unknown,
    "evaluation_set_not_found": unknown,
    "run_invalid": unknown,
    "insecure_listen": unknown,
    "invalid_issuer": unknown,
    "invalid_tls_files": unknown,
    "model_cache_unwritable": unknown,
    "model_download_failed": unknown,
    "model_source_invalid": unknown,
    "python_missing": unknown,
  ]
}
