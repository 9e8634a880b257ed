import Foundation
import TestSupport

@testable import Embedding

/// A model of the 4-bit form with made-up weights and pieces, small enough to build in a test.
enum TinyFourBitModel {
  static let pieces: [(text: String, score: Float)] = [
    ("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0),
    ("▁", -2), ("▁a", -3), ("a", -4), ("b", -4.5), ("c", -5), ("ab", -6), ("bc", -6.5), ("abc", -14),
    ("▁ab", -7),
    ("▁hello", -8), ("hell", -9), ("o", -4), ("l", -4.2), ("he", -6), ("é", -5), ("▁caf", -6), ("中", -7),
    ("文", -7),
    ("中文", -10), ("한", -6), ("글", -6), ("が", -6), ("<", -8), (">", -8), ("mask", -9), ("s", -5), ("/", -6),
    ("1", -5), (".", -4), ("▁▁", -3), ("ộ", -6), ("<mask>", 0),
  ]

  static func id(_ piece: String) -> Int32 {
    Int32(pieces.firstIndex { $0.text.unicodeScalars.elementsEqual(piece.unicodeScalars) }!)
  }

  /// What the normaliser makes of single scalars.
  static let replacements: [(scalar: UInt32, by: [UInt32])] = [
    (0x01, []), (0x09, [0x20]), (0x0A, [0x20]), (0x0D, [0x20]), (0xA0, [0x20]), (0xA8, [0x20, 0x308]),
    (0x2460, [0x31]), (0x2581, [0x20]), (0x3000, [0x20]), (0xFF41, [0x61]), (0xFF76, [0x30AB]),
    (0xFF9E, [0x3099]),
  ]

  static let specification = ModelSpecification(
    name: "tiny-four-bit",
    dimension: 32,
    maxTokens: 64,
    layers: 2,
    heads: 2,
    intermediate: 64,
    vocabularySize: pieces.count + 2,
    positions: 64,
    layerNormEpsilon: 1e-12,
    pooling: .mean,
    queryPrefix: "query: ",
    passagePrefix: "passage: ",
    languages: nil,
    lexicalShare: 0.4,
    cosineRange: 0.7...1,
    license: "MIT",
    weightFormat: .fourBit,
    wheels: [],
    packagedWeightsSHA256: "",
    weights: PinnedFile(name: "model.bin", byteCount: 0, sha256: ""),
    vocabulary: nil
  )

  /// - Parameter headerCount: where the tensors begin.
  static func data(
    pieces: [(text: String, score: Float)] = pieces,
    replacements: [(scalar: UInt32, by: [UInt32])] = replacements
  ) -> (file: Data, headerCount: Int) {
    var head = Data("E5S1".utf8)
    let numbers: [Int32] = [1, 32, 2, 2, 64, Int32(Self.pieces.count + 2), 64, 2]
    for number in numbers { head.append(number) }
    head.append(Float(1e-12).bitPattern)
    head.append(Int32(32))
    for number in [Int32(pieces.count), 0, 2, 1, 3] { head.append(number) }
    let texts = pieces.map { Array($0.text.utf8) }
    head.append(UInt64(texts.joined().count))
    var offset: UInt32 = 0
    head.append(offset)
    for text in texts {
      offset += UInt32(text.count)
      head.append(offset)
    }
    for piece in pieces { head.append(piece.score.bitPattern) }
    head.append(contentsOf: texts.joined())
    var replaced = Data()
    for (scalar, by) in replacements {
      replaced.append(scalar)
      replaced.append(UInt8(by.count))
      for scalar in by { replaced.append(scalar) }
    }
    head.append(Int32(replacements.count))
    head.append(UInt32(replaced.count))
    head += replaced
    return append(tensors: EncoderWeights.tensors(of: specification), to: head)
  }

  private static func append(
    tensors: [(name: String, shape: [Int])], to start: Data
  ) -> (file: Data, headerCount: Int) {
    var random = SeededRandom(21)
    var (directory, body) = (Data(), Data())
    let names = tensors.map { FourBitFile.shortName($0.name) }
    let headerCount = start.count + 4 + names.reduce(0) { $0 + 23 + $1.utf8.count }
    let bodyStart = (headerCount + 63) / 64 * 64
    for (name, (long, shape)) in zip(names, tensors) {
      let count = shape.reduce(1, *)
      let inBlocks = shape.count == 2 && !["emb.pos", "emb.type"].contains(name)
      let bytes =
        inBlocks ? blocks(count, &random) : floats(count, long.hasSuffix("LayerNorm.weight"), &random)
      directory.append(UInt16(name.utf8.count))
      directory.append(contentsOf: name.utf8)
      directory.append(UInt8(inBlocks ? 1 : 0))
      directory.append(UInt32(count))
      directory.append(UInt64(bodyStart + body.count))
      directory.append(UInt64(bytes.count))
      body += bytes
      while body.count % 64 != 0 { body.append(UInt8(0)) }
    }
    var file = start
    file.append(Int32(tensors.count))
    file += directory
    while file.count < bodyStart { file.append(UInt8(0)) }
    return (file + body, headerCount)
  }

  /// Scales in half precision between 2^-6 and 2^-5, and any codes.
  private static func blocks(_ count: Int, _ random: inout SeededRandom) -> Data {
    var data = Data()
    for _ in 0..<(count / 32) {
      data.append(UInt16.random(in: 0x2400..<0x2800, using: &random))
      for _ in 0..<16 { data.append(UInt8.random(in: 0...255, using: &random)) }
    }
    return data
  }

  private static func floats(_ count: Int, _ aroundOne: Bool, _ random: inout SeededRandom) -> Data {
    var data = Data()
    for _ in 0..<count {
      data.append(((aroundOne ? 1 : 0) + Float.random(in: -0.3...0.3, using: &random)).bitPattern)
    }
    return data
  }

  static func write(_ data: Data, into folder: URL) throws -> InstalledModel {
    let model = InstalledModel(specification: specification, folder: folder)
    try data.write(to: model.weights)
    return model
  }

  static func tokenizer(
    pieces: [(text: String, score: Float)] = pieces,
    replacements: [(scalar: UInt32, by: [UInt32])] = replacements
  ) throws -> UnigramTokenizer {
    let folder = try TemporaryFolder()
    let model = try write(data(pieces: pieces, replacements: replacements).file, into: folder.url)
    let file = try FourBitFile(model.weights)
    return UnigramTokenizer(try UnigramVocabulary(file.pieces, of: file.file))
  }
}

extension Data {
  fileprivate mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}
