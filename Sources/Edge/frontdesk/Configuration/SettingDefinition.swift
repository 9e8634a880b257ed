import Embedding

/// What can be set, by one name in three places: flag, environment variable and file key.
///
/// The table is what `frontdesk config`, the handbook and the flags agree on.
struct SettingDefinition: Sendable {
  enum Kind: Sendable, Equatable {
    case text
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// So many, separated by commas.
    case numbers(ClosedRange<Double>, count: Int)
    case choice([String])
  }
  /// The file key; the variable is FRONTDESK_ and its capitals, the flag its words joined by hyphens.
  let key: String
  let kind: Kind
  /// Empty means unset.
  let standard: String
  let unit: String
  let help: String
  var isSecret = false

  var variable: String { "FRONTDESK_" + key.uppercased() }
  var flag: String { "--" + key.replacing("_", with: "-") }

  static let all: [SettingDefinition] = [
    .init(key: "data", kind: .text, standard: "indexes/data", unit: "folder", help: "Store and index files."),
    .init(
      key: "models", kind: .text, standard: "", unit: "folder",
      help: "Installed models; unset: the user's cache folder."),
    .init(
      key: "model", kind: .text, standard: "all-MiniLM-L6-v2", unit: "",
      help: "Embedding model of new knowledge bases; none for lexical search only."),
    .init(
      key: "precision", kind: .choice(EncoderPrecision.allCases.map(\.rawValue)), standard: "int8", unit: "",
      help: "Arithmetic of the embedding model: int8 is about twice as fast as fp32."),
    .init(
      key: "rerank_model", kind: .text, standard: "ms-marco-MiniLM-L-12-v2", unit: "",
      help:
        "Cross-encoder, where it is installed: how sure an answer is, and the order of the best hits; none for none."
    ),
    .init(
      key: "rerank_budget", kind: .integer(0...10_000), standard: "30", unit: "milliseconds",
      help:
        "Time that a server gives to it where the first hits of a search are close; 0: only where a request asks for it."
    ),
    .init(
      key: "rerank_weight", kind: .number(0...1), standard: "", unit: "share",
      help:
        "Share of the cross-encoder in a hit's score; unset: 0.15, and 0.6 where a request asks for pairs and a question is answered by texts."
    ),
    .init(
      key: "threads", kind: .integer(1...256), standard: "", unit: "threads",
      help: "Inference and search threads; unset: one per core."),
    .init(
      key: "host", kind: .text, standard: "127.0.0.1", unit: "address", help: "Where the server listens."),
    .init(
      key: "port", kind: .integer(0...65535), standard: "8080", unit: "port",
      help: "Where the server listens; 0 picks a free one."),
    .init(
      key: "role", kind: .choice(["all", "gateway", "ingest"]), standard: "all", unit: "",
      help: "What this server does: everything, only serve, or only keep indexes."),
    .init(
      key: "api_key", kind: .text, standard: "", unit: "",
      help: "The owner's key; with one set, every request needs a key.", isSecret: true),
    .init(
      key: "behind_proxy", kind: .flag, standard: "false", unit: "",
      help: "A proxy in front ends TLS: allows a host that is not loopback."),
    .init(key: "tls_certificate", kind: .text, standard: "", unit: "PEM file", help: "Certificate chain."),
    .init(key: "tls_key", kind: .text, standard: "", unit: "PEM file", help: "Private key."),
    .init(
      key: "max_body_bytes", kind: .integer(1024...536_870_912), standard: "67108864", unit: "bytes",
      help: "Largest request body."),
    .init(
      key: "request_timeout", kind: .integer(1...600), standard: "30", unit: "seconds",
      help: "Longest time to work on one request."),
    .init(
      key: "idle_timeout", kind: .integer(1...3600), standard: "60", unit: "seconds",
      help: "How long a connection may be silent."),
    .init(
      key: "max_connections", kind: .integer(1...100_000), standard: "8000", unit: "connections",
      help: "Connections open at one time, WebSockets included; as far as the system gives open files."),
    .init(
      key: "max_connections_per_address", kind: .integer(1...100_000), standard: "", unit: "connections",
      help:
        "Of one address that is no trusted proxy; unset: no limit on a loopback host or behind a proxy, else 256."
    ),
    .init(
      key: "max_sockets", kind: .integer(0...100_000), standard: "6000", unit: "connections",
      help: "WebSockets open at one time."),
    .init(
      key: "socket_ping", kind: .integer(1...3600), standard: "25", unit: "seconds",
      help: "How often the client of a WebSocket is asked whether it is there."),
    .init(
      key: "socket_timeout", kind: .integer(2...7200), standard: "60", unit: "seconds",
      help: "How long it may say nothing at all before the WebSocket is closed."),
    .init(
      key: "socket_idle", kind: .integer(0...604_800), standard: "7200", unit: "seconds",
      help: "How long a WebSocket stays open without a message; 0: for ever."),
    .init(
      key: "max_concurrent_requests", kind: .integer(1...10_000), standard: "64", unit: "requests",
      help: "Requests in work at one time; a short queue, then 503."),
    .init(
      key: "rate_per_key", kind: .numbers(0.001...1e9, count: 2), standard: "",
      unit: "units a second,at once",
      help:
        "What one key may ask for: a read costs 1, a search 2, a write 4, an answer 8; unset: no limit on a loopback host without a proxy, else 200,4000."
    ),
    .init(
      key: "rate_per_customer", kind: .numbers(0.001...1e9, count: 2), standard: "",
      unit: "units a second,at once",
      help: "What one customer may ask for, whom a token names; unset: as rate_per_key, else 5,200."),
    .init(
      key: "rate_per_address", kind: .numbers(0.001...1e9, count: 2), standard: "",
      unit: "units a second,at once",
      help: "What may be asked for without a key, from one address; unset: as rate_per_key, else 20,400."),
    .init(
      key: "trusted_proxies", kind: .text, standard: "", unit: "addresses",
      help: "Proxies whose X-Forwarded-For is believed: 10.0.0.0/8,2001:db8::1."),
    .init(
      key: "allowed_origins", kind: .text, standard: "", unit: "origins",
      help:
        "Sites whose pages may call the API from a browser: https://www.example.com,https://help.example.com."
    ),
    .init(
      key: "ingest_hosts", kind: .text, standard: "", unit: "hosts",
      help:
        "Hosts that documents may be fetched from by URL: docs.example.com,wiki.example.com:8443; local:HOST:PORT for one in an inner network."
    ),
    .init(
      key: "webhook_hosts", kind: .text, standard: "", unit: "hosts",
      help:
        "Hosts that webhooks may send to: hooks.example.com; unset: any public one, over https; local:HOST:PORT allows one in an inner network besides."
    ),
    .init(
      key: "generation_url", kind: .text, standard: "", unit: "URL",
      help:
        "Chat endpoint of OpenAI's form that words answers of knowledge bases that allow it; https, http on this machine, local:URL for one in an inner network; unset: none."
    ),
    .init(
      key: "generation_model", kind: .text, standard: "", unit: "", help: "Its model, as its server names it."
    ),
    .init(
      key: "generation_key", kind: .text, standard: "", unit: "", help: "Its key; unset: none is sent.",
      isSecret: true),
    .init(
      key: "generation_timeout", kind: .numbers(0.1...300, count: 2), standard: "5,20",
      unit: "seconds to the first word,to the last",
      help: "From when on the quotes are given instead; the second must be below request_timeout."),
    .init(
      key: "generation_max_tokens", kind: .integer(16...8192), standard: "400", unit: "tokens",
      help: "Longest text that it is asked for."),
    .init(
      key: "generation_concurrency", kind: .integer(1...1000), standard: "8", unit: "calls",
      help: "Calls at one time; with more, the quotes are given at once."),
    .init(
      key: "slow_query", kind: .integer(0...600_000), standard: "1000", unit: "milliseconds",
      help:
        "From which time on a search or an answer is logged as slow, with a hash in place of its words; 0: never."
    ),
    .init(
      key: "audit_key", kind: .text, standard: "", unit: "file",
      help: "Secret of at least 32 bytes that links the audit log's entries; outside of the data folder."),
    .init(
      key: "audit_heads", kind: .text, standard: "", unit: "file",
      help: "Where a server appends the audit log's newest link every hour; best on another machine's disk."),
    .init(
      key: "master_key", kind: .text, standard: "", unit: "file",
      help:
        "Key that opens what is sealed in the store: 64 hexadecimal digits a line, the current one first; outside of the data folder. Unset: master.key in it."
    ),
    .init(
      key: "redact_transcripts", kind: .flag, standard: "false", unit: "",
      help:
        "Masks e-mail addresses, telephone numbers, accounts and the like in stored conversations; card numbers always are."
    ),
    .init(
      key: "transcript_retention", kind: .integer(0...36_500), standard: "365", unit: "days",
      help: "How long a conversation is kept after the last word in it; 0: for ever."),
    .init(
      key: "metrics_open", kind: .flag, standard: "false", unit: "",
      help: "Lets /metrics be read without a key."),
    .init(
      key: "publish_by_another", kind: .flag, standard: "false", unit: "",
      help: "What goes to readers over REST is published by another key than the one that wrote it."),
    .init(
      key: "oidc_issuer", kind: .text, standard: "", unit: "URL",
      help: "Issuer whose JWTs open what keys open, as their iss says it; unset: none."),
    .init(
      key: "oidc_audience", kind: .text, standard: "", unit: "",
      help: "What the aud of those JWTs must name."),
    .init(
      key: "oidc_groups_claim", kind: .text, standard: "groups", unit: "",
      help: "Their claim that lists groups; several with commas between, such as groups,scope."),
    .init(
      key: "oidc_roles", kind: .text, standard: "", unit: "",
      help: "Role of each group, the first that fits: group=role or group=role:kb+kb, with commas between."),
    .init(
      key: "oidc_sign_in", kind: .text, standard: "", unit: "",
      help: "Ways of signing in, with commas between, one of which their acr or amr must name; unset: any."),
    .init(
      key: "public_url", kind: .text, standard: "", unit: "origin",
      help: "Where browsers reach this server, such as https://desk.example.com; sign-in needs it."),
    .init(
      key: "oidc_client_id", kind: .text, standard: "", unit: "",
      help: "What this server is called at the issuer; with it the staff signs in at /v1/session/login."),
    .init(
      key: "oidc_client_secret", kind: .text, standard: "", unit: "",
      help: "What it proves that with; unset: a public client, by PKCE alone.", isSecret: true),
    .init(
      key: "oidc_scopes", kind: .text, standard: "openid", unit: "",
      help:
        "What a sign-in asks for, with spaces between; openid, and what makes the issuer give groups and a refresh token."
    ),
    .init(
      key: "session_idle", kind: .integer(10...86_400), standard: "900", unit: "seconds",
      help: "How long a session of the staff may go unused."),
    .init(
      key: "session_lifetime", kind: .integer(60...604_800), standard: "43200", unit: "seconds",
      help: "When a session ends whatever is done."),
    .init(
      key: "session_grace", kind: .integer(0...86_400), standard: "300", unit: "seconds",
      help: "How long sessions go on, from the issuer's last word, while it does not answer."),
    .init(
      key: "answer_target", kind: .number(0.01...0.5), standard: "0.1", unit: "share",
      help:
        "Share of wrong ones among given answers to aim at; below 0.04 and above 0.13 only in a knowledge base that was calibrated."
    ),
    .init(
      key: "answer_threshold", kind: .number(0...1), standard: "", unit: "probability",
      help: "Probability of being right below which no answer is given; unset: what suits answer_target."),
    .init(
      key: "lexical_weight", kind: .number(0...1), standard: "", unit: "share",
      help: "Share of the lexical half in hybrid search; unset: what suits the knowledge base's model."),
    .init(
      key: "lexical_scale", kind: .number(0.1...1000), standard: "45", unit: "BM25F score",
      help: "BM25F score that counts as 1 in hybrid search."),
    .init(
      key: "feedback_weight", kind: .number(0...2), standard: "0.4", unit: "length",
      help:
        "How far hybrid search moves a question towards its best passages before it orders all; 0: not at all."
    ),
    .init(
      key: "freshness_weight", kind: .number(0...1), standard: "0", unit: "score",
      help: "What a document that was changed today gains in its score; half of it after freshness_half_life."
    ),
    .init(
      key: "freshness_half_life", kind: .number(0.1...100_000), standard: "180", unit: "days",
      help: "Age at which half of what freshness adds is left."),
    .init(
      key: "authority_weight", kind: .number(0...1), standard: "0", unit: "score",
      help: "What a document whose attribute authority is 1 gains in its score; in proportion for less."),
    .init(
      key: "bm25_k1", kind: .number(0...10), standard: "1.2", unit: "",
      help: "Saturation of term frequency in the lexical half."),
    .init(
      key: "bm25_weights", kind: .numbers(0...100, count: 3), standard: "3,1,1", unit: "title,headings,body",
      help: "Weight of each field in the lexical half."),
    .init(
      key: "bm25_b", kind: .numbers(0...1, count: 3), standard: "0.75,0.75,0.75", unit: "title,headings,body",
      help: "Length normalisation of each field in the lexical half."),
    .init(
      key: "log_level", kind: .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
      standard: "notice", unit: "", help: "Least severe log line that is written."),
  ]
}
