import Domain
import Embedding
import Foundation

/// Texts whose vectors were asked for.
struct EmbeddingRequest: Sendable {
  enum Encoding: String, CaseIterable, Sendable { case float, base64 }
  enum InputType: String, CaseIterable, Sendable { case passage, query }

  var model = ""
  var texts: [String] = []
  var encoding = Encoding.float
  var dimensions: Int?
  /// Models may prefix the two differently.
  var inputType = InputType.passage
  /// Whether a text that is too long for the model is cut, not refused.
  var truncates = false

  static let maxTexts = 2048
  /// Of all texts together: what two cores embed within a read's time.
  static let maxTokens = 32_768
}

extension FieldReader {
  mutating func embeddingRequest() -> EmbeddingRequest {
    var request = EmbeddingRequest()
    request.model = requiredString("model")
    request.texts = embeddingInput()
    request.encoding = choice("encoding_format", code: "invalid_field") ?? .float
    request.dimensions = integer("dimensions", in: 1...65_536, code: "invalid_field").map { Int($0) }
    request.inputType = choice("input_type", code: "invalid_field") ?? .passage
    request.truncates = bool("truncate") ?? false
    return request
  }

  private mutating func embeddingInput() -> [String] {
    let texts: [String]
    switch value("input") {
    case nil:
      fail("input", "it is missing; send a string or a list of strings.", code: "missing_field")
      return []
    case .string(let text): texts = [text]
    case .array(let elements):
      guard (1...EmbeddingRequest.maxTexts).contains(elements.count) else {
        fail("input", "it must hold 1 to \(EmbeddingRequest.maxTexts) strings.")
        return []
      }
      texts = elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
      guard texts.count == elements.count else {
        fail("input", "it must hold strings; token ids mean something else to every model.")
        return []
      }
    default:
      fail("input", "it must be a string or a list of strings.")
      return []
    }
    for (index, text) in texts.enumerated() where text.isEmpty {
      fail("input[\(index)]", "it must not be empty.")
    }
    return texts
  }
}

extension EmbeddingRequest {
  /// - Returns: a vector a text, and the tokens of all of them as the model's tokenizer counts, special tokens
  ///   included.
  /// - Throws: `invalid_field`, `input_too_long`, `overloaded`.
  func vectors(by service: EmbeddingService) async throws -> (vectors: [[Float]], tokens: Int) {
    let specification = service.model.specification
    if let dimensions, dimensions != specification.dimension {
      throw Problem.invalidParameter(
        "dimensions", "\(specification.name) has \(specification.dimension); leave it out.",
        code: "invalid_field")
    }
    let prefix = inputType == .query ? specification.queryPrefix : specification.passagePrefix
    let counts = await TokenCount.counts(
      of: texts.map { prefix + $0 }, by: service.model, limit: specification.maxTokens)
    if !truncates, let index = counts.firstIndex(where: { $0 > specification.maxTokens }) {
      throw Problem.invalidParameter(
        "input[\(index)]",
        "It is longer than the \(specification.maxTokens) tokens that \(specification.name) reads; send it in "
          + "parts, or \"truncate\": true to have its end left out.", code: "input_too_long")
    }
    let tokens = counts.reduce(0) { $0 + min($1, specification.maxTokens) }
    guard tokens <= Self.maxTokens else {
      throw Problem.invalidParameter(
        "input", "All texts together have \(tokens) tokens; send at most \(Self.maxTokens) at a time.",
        code: "input_too_long")
    }
    switch inputType {
    case .passage: return (try await service.embedPassages(texts), tokens)
    case .query:
      var vectors: [[Float]] = []
      // Few enough to leave room for the questions of others.
      for start in stride(from: 0, to: texts.count, by: 16) {
        vectors += try await service.embedForQuestion(
          Array(texts[start..<min(start + 16, texts.count)]), as: .query)
      }
      return (vectors, tokens)
    }
  }
}

/// Vectors as OpenAI's clients read them.
struct EmbeddingList: Encodable {
  enum Vector: Encodable {
    case floats([Float])
    /// Of four bytes a number, the least significant first.
    case base64(String)

    init(_ vector: [Float], as encoding: EmbeddingRequest.Encoding) {
      switch encoding {
      case .float: self = .floats(vector)
      case .base64:
        let bytes = vector.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
        self = .base64(bytes.base64EncodedString())
      }
    }

    func encode(to encoder: any Encoder) throws {
      switch self {
      case .floats(let numbers): try numbers.encode(to: encoder)
      case .base64(let text): try text.encode(to: encoder)
      }
    }
  }
  struct Entry: Encodable {
    let object = "embedding"
    let index: Int
    let embedding: Vector
    enum CodingKeys: CodingKey { case object, index, embedding }
  }
  let object = "list"
  let data: [Entry]
  let model: String
  let usage: TokenUsage
  enum CodingKeys: CodingKey { case object, data, model, usage }
}
