import CKernels
import Foundation
import TestSupport
import Testing

@testable import Embedding

@Suite struct FourBitFileTests {
  @Test func blocksAreDecoded() {
    // Half precision: 0.5, -2, the least subnormal, the largest.
    let scales: [(half: UInt16, scale: Float)] = [
      (0x3800, 0.5), (0xC000, -2), (0x0001, 0x1p-24), (0x7BFF, 65504),
    ]
    for (half, scale) in scales {
      var block = [UInt8(half & 0xFF), UInt8(half >> 8)]
      for code: UInt8 in 0..<16 { block.append(code | (15 - code) << 4) }
      var expected: [Float] = []
      for code in 0..<16 { expected.append(Float(code - 8) * scale) }
      for code in 0..<16 { expected.append(Float(7 - code) * scale) }
      var values = [Float](repeating: 0, count: 32)
      fd_dequantise_four_bit(block, 32, &values)
      #expect(values == expected)
    }
  }

  @Test func rowsOfATableAreThoseOfTheTensor() throws {
    let folder = try TemporaryFolder()
    let file = try FourBitFile(TinyFourBitModel.write(TinyFourBitModel.data().file, into: folder.url).weights)
    let shape = [TinyFourBitModel.specification.vocabularySize, 32]
    let name = "embeddings.word_embeddings.weight"
    let (table, tensor) = (try file.table(name, shape: shape), try file.tensor(name, shape: shape))
    let values = tensor.array
    var buffer = [Float](repeating: 0, count: 32)
    for index in 0..<shape[0] {
      let row = buffer.withUnsafeMutableBufferPointer { buffer in
        Array(UnsafeBufferPointer(start: table.row(index, buffer.baseAddress!), count: 32))
      }
      #expect(row == Array(values[(32 * index)..<(32 * index + 32)]))
    }
    #expect(Set(values).count > 100)
  }

  /// The same numbers from a file of the other kind give the same vectors.
  @Test(arguments: [EncoderPrecision.single, .int8])
  func theFormOfTheFileDoesNotShow(_ precision: EncoderPrecision) throws {
    let folder = try TemporaryFolder()
    let installed = try TinyFourBitModel.write(TinyFourBitModel.data().file, into: folder.url)
    let file = try FourBitFile(installed.weights)
    let specification = TinyFourBitModel.specification
    let other = folder.url.appendingPathComponent("model.safetensors")
    let tensors = EncoderWeights.tensors(of: specification)
    var writer = try SafetensorsWriter(other, tensors: tensors)
    for (name, shape) in tensors { try writer.append(file.tensor(name, shape: shape).array) }
    try writer.finish()
    let model = try EncoderModel(installed, precision: precision)
    let twin = EncoderModel(
      specification, precision, model.tokenizer,
      try EncoderWeights(try SafetensorsFile(other), specification, precision))
    let tokens = ["hello abc", "", "中文 a", "zzz"].map {
      model.tokenizer.encode("query: " + $0, maxTokens: 64)
    }
    let vectors = model.embed(tokens: tokens)
    #expect(vectors == twin.embed(tokens: tokens))
    #expect(Set(vectors).count == 4)
  }

  @Test func damagedFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    let (good, headerCount) = TinyFourBitModel.data()
    func expectCorrupt(_ data: Data, _ comment: Comment) throws {
      let model = try TinyFourBitModel.write(data, into: folder.url)
      let error = #expect(throws: EmbeddingError.self, comment) { try EncoderModel(model) }
      #expect(error?.code == "model_corrupt", comment)
    }
    for count in stride(from: 0, to: headerCount, by: 7) {
      try expectCorrupt(good.prefix(count), "cut at \(count)")
    }
    try expectCorrupt(good.prefix(headerCount + 100), "cut in the tensors")
    try expectCorrupt(Data("E5S2".utf8) + good.dropFirst(4), "another magic")
    for place in stride(from: 4, to: 68, by: 4) {
      var data = good
      data[place + 3] = 0x7F
      try expectCorrupt(data, "a large number at \(place)")
      data[place + 3] = 0x80
      try expectCorrupt(data, "a negative number at \(place)")
    }
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("model.bin"))
    let missing = InstalledModel(specification: TinyFourBitModel.specification, folder: folder.url)
    #expect(throws: EmbeddingError.self) { try EncoderModel(missing) }
  }

  @Test func noByteOfAHeaderCrashesTheReader() throws {
    let folder = try TemporaryFolder()
    let (good, headerCount) = TinyFourBitModel.data()
    var random = SeededRandom(22)
    for _ in 0..<400 {
      var data = good
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        data[Int.random(in: 0..<headerCount, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      // Either it still reads, or it says what is wrong.
      do {
        let model = try EncoderModel(TinyFourBitModel.write(data, into: folder.url))
        let tokens = model.tokenizer.encode("hello abc zz 中文", maxTokens: 64)
        #expect(model.embed(tokens: [tokens])[0].count == 32)
      } catch let error as EmbeddingError {
        #expect(error.code == "model_corrupt")
      }
    }
  }

  @Test func namesAreShortened() {
    #expect(FourBitFile.shortName("encoder.layer.11.attention.output.LayerNorm.bias") == "l11.aln.b")
    #expect(FourBitFile.shortName("encoder.layer.3.intermediate.dense.weight") == "l3.fi.w")
    #expect(FourBitFile.shortName("embeddings.LayerNorm.weight") == "emb.ln.w")
    #expect(FourBitFile.shortName("embeddings.token_type_embeddings.weight") == "emb.type")
    #expect(FourBitFile.shortName("") == "." && FourBitFile.shortName("encoder.layer") == "encoder.b")
  }
}

extension WeightTensor {
  /// A copy that outlives the tensor.
  fileprivate var array: [Float] { withExtendedLifetime(self) { Array(values) } }
}
