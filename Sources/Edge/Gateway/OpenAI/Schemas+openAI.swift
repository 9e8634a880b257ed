extension Schemas {
  /// Bodies of the OpenAI-compatible routes.
  static let openAI: [String: JSONValue] = [
    "ChatCompletionRequest": object(
      [
        "model": string, "messages": list(of: "ChatMessage"), "stream": boolean,
        "stream_options": object(["include_usage": boolean], required: []),
      ], required: ["model", "messages"]),
    "ChatMessage": object(
      [
        "role": choice(["system", "developer", "user", "assistant"]),
        "content": [
          "anyOf": [
            string, ["type": "array", "items": object(["type": choice(["text"]), "text": string])],
          ]
        ],
      ]),
    "ChatCompletion": object(
      [
        "id": string, "object": string, "created": integer, "model": string,
        "choices": [
          "type": "array",
          "items": object([
            "index": integer, "message": object(["role": string, "content": string]),
            "finish_reason": string,
          ]),
        ], "usage": reference("TokenUsage"), "citations": list(of: "Citation"),
        "frontdesk": object([
          "kind": choice(["faq", "extract", "generated", "abstain"]), "confidence": number,
          "suggestions": list(of: "Suggestion"), "generation": generation,
        ]),
      ],
      required: ["id", "object", "created", "model", "choices", "citations", "frontdesk"]),
    "TokenUsage": object(
      ["prompt_tokens": integer, "completion_tokens": integer, "total_tokens": integer],
      required: ["prompt_tokens", "total_tokens"]),
    "EmbeddingRequest": object(
      [
        "model": string,
        "input": ["anyOf": [string, ["type": "array", "items": string, "minItems": 1, "maxItems": 2048]]],
        "encoding_format": choice(["float", "base64"]), "dimensions": integer,
        "input_type": choice(["passage", "query"]), "truncate": boolean,
      ], required: ["model", "input"]),
    "EmbeddingList": object([
      "object": string, "model": string, "usage": reference("TokenUsage"),
      "data": [
        "type": "array",
        "items": object([
          "object": string, "index": integer, "embedding": ["type": ["array", "string"], "items": number],
        ]),
      ],
    ]),
    "ModelList": object(["object": string, "data": list(of: "Model")]),
    "Model": object(
      [
        "id": string, "object": string, "created": integer, "owned_by": string,
        "kind": choice(["knowledge_base", "embedding"]), "dimensions": integer,
      ], required: ["id", "object", "created", "owned_by", "kind"]),
    "OpenAIError": object([
      "error": object([
        "message": string, "type": string, "code": string, "param": nullable("string"),
      ])
    ]),
  ]

  static let openAIExamples: [String: JSONValue] = [
    "ChatCompletionRequest": [
      "model": "frontdesk", "messages": [["role": "user", "content": "How do I reset my password?"]],
    ],
    "EmbeddingRequest": ["model": "all-MiniLM-L6-v2", "input": ["How do I reset my password?"]],
  ]
}
