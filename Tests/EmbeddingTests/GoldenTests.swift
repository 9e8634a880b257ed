import Foundation
import TestSupport
import Testing

@testable import Embedding

/// The real models against reference outputs; skipped where either is not on the machine.
@Suite struct GoldenTests {
  struct MiniLMReference: Decodable {
    struct Item: Decodable {
      let text: String
      let tokenIds: [Int32]
      let embedding: [Float]
    }
    let items: [Item]
  }

  struct BGEReference: Decodable {
    struct Item: Decodable {
      let text: String
      let tokenIds: [Int32]
      let embeddingDequantFp32: [Float]
    }
    let items: [Item]
  }

  struct RerankerReference: Decodable {
    struct Item: Decodable {
      let query: String
      let doc: String
      let tokenIds: [Int32]
      let typeIds: [Int]
      let logitDequantFp32: Float
    }
    let items: [Item]
  }

  /// As `tools/golden/multilingual-e5` writes it.
  struct E5Reference: Decodable {
    struct Item: Decodable {
      let role: String
      let text: String
      let tokenIds: [Int32]
      /// Signed bytes in proportion to the vector's numbers.
      let vector: Data

      var input: String { "\(role): \(text)" }
      var embedding: [Float] { vector.map { Float(Int8(bitPattern: $0)) } }
    }
    let items: [Item]
  }

  static func model(_ name: String, _ precision: EncoderPrecision = .single) -> EncoderModel? {
    let cache = ModelCache(folder: ModelCache.defaultFolder())
    return try? EncoderModel(cache.installed(name), precision: precision)
  }

  static let miniLM = model("all-MiniLM-L6-v2")
  static let miniLMInInt8 = model("all-MiniLM-L6-v2", .int8)
  static let bge = model("bge-small-en-v1.5")

  static let reranker = model("ms-marco-MiniLM-L-12-v2")
  static let rerankerInInt8 = model("ms-marco-MiniLM-L-12-v2", .int8)

  static func reference<Value: Decodable>(_ name: String, as type: Value.Type) -> Value? {
    guard let url = SharedData.url("golden/" + name), let data = try? Data(contentsOf: url) else {
      return nil
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try? decoder.decode(type, from: data)
  }

  static let miniLMReference = reference("minilm_ref.json", as: MiniLMReference.self)
  static let bgeReference = reference("bge_ref.json", as: BGEReference.self)

  static let rerankerReference = reference("reranker_ref.json", as: RerankerReference.self)

  static let e5 = model("multilingual-e5-small")
  static let e5InInt8 = model("multilingual-e5-small", .int8)

  static func e5Reference() throws -> E5Reference {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/golden/multilingual-e5-small.json")
    return try JSONDecoder().decode(E5Reference.self, from: Data(contentsOf: file))
  }

  /// In this text the reference tokenizer lets the user write special tokens; ours does not.
  static let textWithSpecials = "[CLS] special [SEP] tokens [MASK] inside [UNK] text [PAD]"

  @Test(.enabled(if: miniLM != nil && miniLMReference != nil))
  func miniLMGivesTheReferenceIDs() throws {
    let (model, reference) = (try #require(Self.miniLM), try #require(Self.miniLMReference))
    #expect(reference.items.count == 30)
    for item in reference.items where item.text != Self.textWithSpecials {
      #expect(model.tokenizer.encode(item.text, maxTokens: 256) == item.tokenIds, "\(item.text.prefix(60))")
    }
  }

  @Test(.enabled(if: miniLM != nil && miniLMReference != nil))
  func miniLMGivesTheReferenceVectors() throws {
    let (model, reference) = (try #require(Self.miniLM), try #require(Self.miniLMReference))
    // From the reference's own ids, so that the text with specials counts too.
    let vectors = model.embed(tokens: reference.items.map(\.tokenIds))
    for (item, vector) in zip(reference.items, vectors) {
      let worst = zip(item.embedding, vector).map { abs($0 - $1) }.max() ?? 1
      #expect(vector.count == 384)
      #expect(worst <= 1e-5, "\(item.text.prefix(60)): \(worst)")
    }
  }

  /// Short and strange texts lose most; passages have a cosine of about .998.
  @Test(.enabled(if: miniLM != nil && miniLMReference != nil))
  func int8StaysNearTheReference() throws {
    let (model, reference) = (try #require(Self.miniLMInInt8), try #require(Self.miniLMReference))
    let vectors = model.embed(tokens: reference.items.map(\.tokenIds))
    let agreements = zip(reference.items, vectors).map { cosine($0.embedding, $1) }
    #expect(agreements.min() ?? 0 >= 0.985)
    #expect(agreements.reduce(0, +) / Double(agreements.count) >= 0.995)
  }

  @Test(.enabled(if: bge != nil && bgeReference != nil))
  func bgeAgreesWithTheReference() throws {
    let (model, reference) = (try #require(Self.bge), try #require(Self.bgeReference))
    let vectors = model.embed(tokens: reference.items.map(\.tokenIds))
    for (item, vector) in zip(reference.items, vectors) {
      if item.text != Self.textWithSpecials {
        #expect(
          model.tokenizer.encode(item.text, maxTokens: 512) == item.tokenIds,
          "\(item.text.prefix(60))"
        )
      }
      let agreement = cosine(item.embeddingDequantFp32, vector)
      #expect(agreement >= 0.999, "\(item.text.prefix(60)): \(agreement)")
    }
  }

  @Test(.enabled(if: e5 != nil)) func multilingualE5AgreesWithTheReference() throws {
    let (model, reference) = (try #require(Self.e5), try Self.e5Reference())
    #expect(reference.items.count == 16)
    let vectors = model.embed(tokens: reference.items.map(\.tokenIds))
    for (item, vector) in zip(reference.items, vectors) {
      #expect(model.tokenizer.encode(item.input, maxTokens: 512) == item.tokenIds, "\(item.text.prefix(60))")
      let agreement = cosine(item.embedding, vector)
      #expect(agreement >= 0.999, "\(item.text.prefix(60)): \(agreement)")
    }
  }

  @Test(.enabled(if: e5InInt8 != nil)) func multilingualE5InInt8StaysNearTheReference() throws {
    let (model, reference) = (try #require(Self.e5InInt8), try Self.e5Reference())
    let vectors = model.embed(tokens: reference.items.map(\.tokenIds))
    let agreements = zip(reference.items, vectors).map { cosine($0.embedding, $1) }
    #expect(agreements.min() ?? 0 >= 0.995, "\(agreements)")
  }

  /// Where the reference program differs from the tokenizer that the model was trained with, ours does not.
  @Test(.enabled(if: e5 != nil)) func multilingualE5NormalisesAsItWasTrained() throws {
    let tokenizer = try #require(Self.e5).tokenizer
    func ids(_ text: String) -> [Int32] { tokenizer.encode(text, maxTokens: 512) }
    #expect(ids("e\u{301}te\u{301}") == ids("été") && ids("été").count == 3)
    #expect(ids("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}") == ids("한글"))
    #expect(ids("  word \n") == ids("word"))
    #expect(ids("\u{12000}\u{12001}").count { $0 == tokenizer.unknownID } == 1)
    for special in ["<s>", "<pad>", "</s>", "<mask>", "<unk>"] {
      let inner = ids("a \(special) b").dropFirst().dropLast()
      #expect(!inner.contains { [0, 1, 2, 3, 250_001].contains($0) }, "\(special)")
    }
  }

  @Test(.enabled(if: reranker != nil && rerankerInInt8 != nil && rerankerReference != nil))
  func rerankerAgreesWithTheReference() throws {
    let reference = try #require(Self.rerankerReference)
    for (model, tolerance) in [
      (try #require(Self.reranker), Float(0.01)), (try #require(Self.rerankerInInt8), 0.8),
    ] {
      let pairs = reference.items.map { model.tokenizer.encodePair($0.query, $0.doc, maxTokens: 512) }
      let scores = model.embed(batch: pairs, in: EncoderWorkspace(model.specification)) {}
      for (index, item) in reference.items.enumerated() {
        #expect(pairs[index].ids == item.tokenIds, "\(item.query)")
        #expect(pairs[index].firstCount == item.typeIds.count { $0 == 0 })
        #expect(
          abs(scores[index][0] - item.logitDequantFp32) <= tolerance, "\(item.query), \(model.precision)")
      }
    }
  }

  @Test(.enabled(if: miniLM != nil && miniLMReference != nil))
  func specialTokensInTextDifferFromTheReference() throws {
    let (model, reference) = (try #require(Self.miniLM), try #require(Self.miniLMReference))
    let item = try #require(reference.items.first { $0.text == Self.textWithSpecials })
    #expect(item.tokenIds.dropFirst().dropLast().contains { [0, 101, 102, 103].contains($0) })
    let ids = model.tokenizer.encode(item.text, maxTokens: 256)
    #expect(ids.first == 101 && ids.last == 102)
    // "[", "cl", "##s", "]": ordinary pieces.
    #expect(Array(ids[1...4]) == [1031, 18856, 2015, 1033])
    #expect(!ids.dropFirst().dropLast().contains { [0, 100, 101, 102, 103].contains($0) })
  }

  @Test(.enabled(if: miniLM != nil))
  func realBatchEqualsSingleBitForBit() throws {
    for model in [try #require(Self.miniLM), try #require(Self.miniLMInInt8)] {
      let texts = [
        "How do I reset my password?", "", "refund", "Where is my order? It has not moved for 5 days.",
      ]
      let tokens = texts.map { model.tokenizer.encode($0, maxTokens: 256) }
      #expect(model.embed(tokens: tokens) == tokens.map { model.embed(tokens: [$0])[0] })
    }
  }
}
