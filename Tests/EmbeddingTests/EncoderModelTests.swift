import Foundation
import TestSupport
import Testing

@testable import Embedding

@Suite struct EncoderModelTests {
  private func randomSequences(_ count: Int) -> [[Int32]] {
    var random = SeededRandom(11)
    return (0..<count).map { _ in
      (0..<Int.random(in: 0...70, using: &random)).map { _ in
        Int32.random(in: 0..<Int32(TinyModel.tokens.count), using: &random)
      }
    }
  }

  @Test(arguments: [ModelSpecification.Pooling.mean, .cls])
  func batchEqualsSingleBitForBit(_ pooling: ModelSpecification.Pooling) throws {
    let model = try TinyModel.load(pooling: pooling)
    let sequences = randomSequences(60)
    let together = model.embed(tokens: sequences)
    #expect(together == sequences.map { model.embed(tokens: [$0])[0] })
    #expect(together == model.embed(tokens: sequences.reversed()).reversed())
    #expect(Set(together.map { $0.map(\.bitPattern) }).count > 50)
  }

  /// Token types and the head: a pair is one number, which depends on which text is the first.
  @Test(arguments: [EncoderPrecision.single, .int8])
  func relevanceOfAPair(precision: EncoderPrecision) throws {
    let model = try TinyModel.load(pooling: .relevance, precision: precision)
    let workspace = EncoderWorkspace(model.specification)
    let pairs = [
      ("hello", "world"), ("world", "hello"), ("", ""), ("unwanted running", "a b c. cafe, want!"),
    ]
    .map { model.tokenizer.encodePair($0.0, $0.1, maxTokens: 64) }
    #expect(pairs[0].ids == [3, TinyModel.id("hello"), 4, TinyModel.id("world"), 4])
    #expect(pairs[0].firstCount == 3)
    let together = model.embed(batch: pairs, in: workspace) {}
    #expect(together.allSatisfy { $0.count == 1 && $0[0].isFinite })
    #expect(
      together == pairs.map { model.embed(batch: [$0], in: EncoderWorkspace(model.specification)) {}[0] })
    #expect(Set(together.map { $0[0] }).count == pairs.count)
    let untyped = model.embed(batch: pairs.map { TokenSequence($0.ids) }, in: workspace) {}
    #expect(zip(together, untyped).allSatisfy { $0 != $1 })
  }

  @Test func longPairsKeepBothTexts() throws {
    let model = try TinyModel.load(pooling: .relevance)
    let long = String(repeating: "a b ", count: 100)
    let pair = model.tokenizer.encodePair(long, long, maxTokens: 20)
    #expect(pair.ids.count == 20 && pair.firstCount == 10)
    #expect(pair.ids.last == 4 && pair.ids[9] == 4 && pair.ids[0] == 3)
    let short = model.tokenizer.encodePair("a", long, maxTokens: 20)
    #expect(short.ids.count == 20 && short.firstCount == 3)
  }

  @Test func aServiceScoresPairs() async throws {
    let service = RelevanceService(model: try TinyModel.load(pooling: .relevance), threads: 2)
    let scores = try await service.scores(of: ["world", "a b c", ""], for: "hello")
    #expect(scores.count == 3 && Set(scores).count == 3)
    #expect(try await service.scores(of: ["a b c"], for: "hello") == [scores[1]])
    #expect(try await service.scores(of: [], for: "hello").isEmpty)
    #expect(try await service.pairs(within: .milliseconds(50)) >= 1)
    #expect(try await service.pairs(within: .nanoseconds(1)) == 1)
    service.shutdown()
    await #expect(throws: EmbeddingError.self) { try await service.scores(of: ["a"], for: "b") }
  }

  @Test func vectorsHaveLengthOne() throws {
    let model = try TinyModel.load()
    for vector in model.embed(tokens: randomSequences(20)) {
      #expect(vector.count == 32)
      #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    }
    #expect(model.embed(tokens: []).isEmpty)
  }

  @Test func anyIDsAndLengthsAreSafe() throws {
    let model = try TinyModel.load()
    let unknown = TinyModel.id("[UNK]")
    let strange = model.embed(tokens: [[3, -1, .max, .min, 4], Array(repeating: 10, count: 5_000), []])
    let plain = model.embed(
      tokens: [[3, unknown, unknown, unknown, 4], Array(repeating: 10, count: 64), [3, 4]])
    #expect(strange == plain)
  }

  @Test func poolingsDiffer() throws {
    let tokens: [[Int32]] = [[3, 10, 11, 12, 4]]
    #expect(
      try TinyModel.load(pooling: .mean).embed(tokens: tokens)
        != TinyModel.load(pooling: .cls).embed(tokens: tokens)
    )
  }

  @Test func damagedWeightsAreRefused() throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.write(TinyModel.specification(), into: folder.url)
    let good = try Data(contentsOf: model.weights)
    let headerEnd = 8 + good[0..<8].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    func expectCorrupt(_ data: Data, _ comment: Comment) throws {
      try data.write(to: model.weights)
      let error = #expect(throws: EmbeddingError.self, comment) { try EncoderModel(model) }
      #expect(error?.code == "model_corrupt", comment)
    }
    try expectCorrupt(Data(), "empty")
    try expectCorrupt(good.prefix(5), "no header length")
    try expectCorrupt(good.prefix(headerEnd - 3), "cut in the header")
    try expectCorrupt(good.dropLast(), "one byte short")
    try expectCorrupt(Data(repeating: 0xFF, count: 8) + good.dropFirst(8), "header length beyond all")
    try expectCorrupt(Data([0x10, 0, 0, 0, 0, 0, 0, 0x80]) + good.dropFirst(8), "negative header length")
    let header = String(decoding: good[8..<headerEnd], as: UTF8.self)
    for (old, new) in [
      ("\"data_offsets\":[0,", "\"data_offsets\":[9,"), ("\"F32\"", "\"F16\""), ("[44,32]", "[32,44]"),
      ("[44,32]", "[99999999999,9999999999]"), ("[44,32]", "[-4,3]"), ("[44,32]", "[1.5]"),
      ("word_embeddings", "ward_embeddings"), ("{", "["),
      ("\"data_offsets\":[0,", "\"data_offsets\":[-9223372036854775808,"),
      ("\"data_offsets\":[0,", "\"data_offsets\":[1e300,"),
    ] {
      var changed = Data(header.replacingFirst(old, with: new).utf8)
      #expect(changed != Data(header.utf8))
      while changed.count % 8 != 0 { changed.append(0x20) }
      var length = UInt64(changed.count).littleEndian
      try expectCorrupt(Data(bytes: &length, count: 8) + changed + good[headerEnd...], "\(old) -> \(new)")
    }
  }

  @Test func noByteOfAHeaderCrashesTheReader() throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.write(TinyModel.specification(layers: 1), into: folder.url)
    let good = try Data(contentsOf: model.weights)
    var random = SeededRandom(12)
    for _ in 0..<300 {
      var data = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        data[Int.random(in: 0..<1_500, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      try data.write(to: model.weights)
      // Either it still reads, or it says what is wrong.
      do {
        _ = try EncoderModel(model).embed(tokens: [[3, 10, 4]])
      } catch {
        #expect(error.code == "model_corrupt")
      }
    }
  }

  @Test func batchesAreFullSortedAndComplete() {
    var random = SeededRandom(13)
    for _ in 0..<100 {
      let lengths = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        Int.random(in: 0...300, using: &random)
      }
      let batches = BatchPlan.batches(lengths: lengths, maxTokens: 256)
      let order = batches.flatMap { $0 }
      #expect(order.sorted() == Array(lengths.indices))
      #expect(order.map { lengths[$0] } == lengths.sorted(by: >))
      for batch in batches {
        #expect(!batch.isEmpty)
        #expect(batch.count == 1 || batch.map { lengths[$0] }.reduce(0, +) <= 256)
      }
    }
  }
}

extension String {
  fileprivate func replacingFirst(_ old: String, with new: String) -> String {
    guard let range = range(of: old) else { return self }
    return replacingCharacters(in: range, with: new)
  }
}
