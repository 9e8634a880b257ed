import Domain

extension Schemas {
  static let responses: [String: JSONValue] = [
    "SearchResponse": object(
      [
        "hits": list(of: "Hit"), "generation": generation, "took_ms": number, "degraded": strings,
        "facets": [
          "type": "object",
          "additionalProperties": [
            "type": "array", "items": object(["value": string, "count": integer]),
          ],
        ],
        "explanation": [
          "type": "object", "description": "How the query was understood, where `explain` asked.",
        ],
        "why_not": object(
          [
            "external_id": string,
            "reason": choice([
              "found", "unknown", "not_searchable_yet", "filtered_out", "hidden", "same_as_another",
              "below_limit", "not_candidate",
            ]), "detail": string, "rank": integer, "scores": reference("Scores"),
          ], required: ["external_id", "reason", "detail"]),
      ], required: ["hits", "generation", "took_ms"]),
    "Hit": object(
      [
        "document_id": string, "external_id": string, "chunk_id": string, "title": string,
        "heading_path": strings, "text": string,
        "highlights": ["type": "array", "items": ["type": "array", "items": integer]], "score": number,
        "scores": reference("Scores"), "citation": reference("Citation"),
        "explanation": ["type": "object", "description": "Why it stands here, where `explain` asked."],
        "pinned": boolean,
        "also_in": [
          "type": "array", "items": object(["document_id": string, "external_id": string, "title": string]),
        ],
      ],
      required: [
        "document_id", "external_id", "chunk_id", "title", "heading_path", "text", "highlights", "score",
        "scores", "citation",
      ]),
    "Scores": object([
      "lexical": nullable("number"), "dense": nullable("number"), "fused": nullable("number"),
      "rerank": nullable("number"),
    ]),
    "Citation": object(
      [
        "document_id": string, "external_id": string, "title": nullable("string"),
        "url": nullable("string"), "version": integer, "start_byte": integer, "end_byte": integer,
        "quote": string, "sha256": string,
      ],
      required: ["document_id", "external_id", "version", "start_byte", "end_byte", "quote", "sha256"]),
    "AnswerResponse": object([
      "answer": reference("Answer"), "citations": list(of: "Citation"), "suggestions": list(of: "Suggestion"),
      "generation": generation, "took_ms": number,
    ]),
    "Answer": object([
      "kind": choice(["faq", "extract", "generated", "abstain"]), "text": string,
      "confidence": number, "calibration": choice(["prior", "own"]),
    ]),
    "Suggestion": object(
      ["document_id": string, "external_id": string, "title": string, "url": nullable("string")],
      required: ["document_id", "external_id", "title"]),
    "VerifyResponse": object(["citations": list(of: "CitationStatus")]),
    "CitationStatus": object([
      "status": choice(["valid", "changed", "purged", "forged"]), "document_id": string,
      "external_id": string,
      "version": integer, "start_byte": integer, "end_byte": integer,
    ]),
    "Document": object([
      "id": string, "external_id": string, "version": integer, "kind": choice(["article", "faq"]),
      "title": string, "url": nullable("string"), "language": nullable("string"), "tags": strings,
      "attributes": ["type": "object", "additionalProperties": string],
      "visibility": ["type": ["string", "array"], "items": string], "source": string, "bytes": integer,
      "chunks": integer, "status": status, "publish_at": nullable("string"),
      "expires_at": nullable("string"),
      "live_version": [
        "type": ["integer", "null"], "description": "What readers find now; null where they find nothing.",
      ], "created_at": string, "updated_at": string,
    ]),
    "DocumentVersion": object([
      "id": string, "external_id": string, "version": integer, "title": string, "is_current": boolean,
      "bytes": integer, "created_at": string,
    ]),
    "Version": object([
      "version": integer, "title": string, "kind": nullable("string"), "questions": strings,
      "url": nullable("string"), "language": nullable("string"), "tags": strings,
      "attributes": ["type": "object", "additionalProperties": string],
      "visibility": ["type": ["string", "array", "null"], "items": string],
      "metadata_kept": [
        "type": "boolean", "description": "False where an early version left nothing but title and text.",
      ],
      "status": status, "publish_at": nullable("string"), "expires_at": nullable("string"),
      "is_live": boolean, "live_at": nullable("string"), "bytes": integer, "created_at": string,
      "author": nullable("string"),
    ]),
    "VersionList": object(["versions": list(of: "Version"), "has_more": boolean]),
    "VersionDiff": object([
      "from": reference("Version"), "to": reference("Version"),
      "changes": [
        "type": "array",
        "items": object([
          "field": string, "from": ["type": ["string", "array", "null"], "items": string],
          "to": ["type": ["string", "array", "null"], "items": string],
        ]),
      ],
      "diff": [
        "type": "string", "description": "The text, as `diff -u` writes it; empty where it is the same.",
      ],
      "lines_added": integer, "lines_removed": integer,
    ]),
    "PublicationResponse": object(["document": reference("Document"), "generation": generation]),
    "GetDocumentResponse": object(
      [
        "document": ["anyOf": [reference("Document"), reference("DocumentVersion")]],
        "generation": generation,
      ], required: ["document"]),
    "PutDocumentResponse": object([
      "document": reference("Document"), "effect": choice(["added", "changed", "unchanged"]),
      "generation": generation,
      "chunks": object(["added": integer, "kept": integer, "removed": integer]),
      "diagnostics": list(of: "Diagnostic"),
    ]),
    "Diagnostic": object(
      [
        "path": string, "line": integer, "code": string, "message": string, "remedy": string,
        "severity": choice(["failure", "warning"]),
      ], required: ["path", "code", "message", "remedy", "severity"]),
    "DocumentList": object([
      "documents": list(of: "Document"), "has_more": boolean, "after_cursor": nullable("string"),
    ]),
    "SearchRulesResponse": object([
      "synonyms": strings,
      "curations": [
        "type": "array", "items": object(["queries": strings, "pinned": strings, "hidden": strings]),
      ],
    ]),
    "Job": object([
      "id": string, "kind": choice(["bulk"]), "kb": string,
      "state": choice(Job.State.allCases.map(\.rawValue)),
      "cancelling": boolean, "progress": object(["done": integer, "failed": integer, "total": integer]),
      "error": ["anyOf": [object(["code": string, "message": string]), ["type": "null"]]],
      "author": nullable("string"), "results": string, "created_at": string, "updated_at": string,
    ]),
    "JobList": object(["jobs": list(of: "Job")]),
    "GenerationResponse": object(["generation": generation]),
    "KnowledgeBase": object([
      "name": string, "model": string, "documents": nullable("integer"), "chunks": nullable("integer"),
      "created_at": string, "generated_answers": choice(GenerationPolicy.allCases.map(\.rawValue)),
      "switch": ["anyOf": [reference("ModelSwitch"), ["type": "null"]]],
    ]),
    "ModelSwitch": object([
      "model": string, "previous": string, "state": choice(ModelSwitch.State.allCases.map(\.rawValue)),
      "texts_done": integer, "texts_total": integer, "started_at": string,
      "error": ["anyOf": [object(["code": string, "message": string]), ["type": "null"]]],
    ]),
    "KnowledgeBaseList": object(["kbs": list(of: "KnowledgeBase")]),
    "Liveness": object(["status": string]),
    "Readiness": object([
      "ready": boolean,
      "checks": [
        "type": "object",
        "additionalProperties": object(["ready": boolean, "detail": string], required: ["ready"]),
      ],
    ]),
    "Anything": ["type": "object"],
    "Problem": object(
      [
        "type": string, "title": string, "status": integer, "detail": string,
        "code": choice(ErrorTable.rows.keys.sorted()), "request_id": string, "retry_after": integer,
        "errors": [
          "type": "array",
          "items": object(
            ["field": string, "code": string, "message": string, "line": integer],
            required: ["code", "message"]),
        ],
      ], required: ["type", "title", "status", "detail", "code", "request_id", "errors"]),
  ]
}
