import Crypto
import Foundation
import TestSupport

@testable import Embedding

/// A model of the same architecture with made-up weights, small enough to build in a test.
enum TinyModel {
  static let tokens =
    ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[", "]", "cl", "##s", "a", "b", "c", "##a"]
    + [
      "##b", "##c", "un", "##want", "##ed", "runn", "##ing", "want", ",", ".", "!", "é", "e", "ß", "ж", "##ж",
    ]
    + ["中", "文", "unwantedly", "hello", "world", "sep", "mask", "pad", "##k", "1", "##2", "cafe", "σ", "##σ"]

  static var vocabulary: String { tokens.map { $0 + "\n" }.joined() }

  static func id(_ token: String) -> Int32 { Int32(tokens.firstIndex(of: token)!) }

  static func specification(
    layers: Int = 2,
    pooling: ModelSpecification.Pooling = .mean,
    queryPrefix: String = "",
    wheels: [WheelSource] = [],
    weights: PinnedFile? = nil
  ) -> ModelSpecification {
    ModelSpecification(
      name: "tiny",
      dimension: 32,
      maxTokens: 64,
      layers: layers,
      heads: 2,
      intermediate: 64,
      vocabularySize: tokens.count,
      positions: 64,
      layerNormEpsilon: 1e-12,
      pooling: pooling,
      queryPrefix: queryPrefix,
      passagePrefix: "",
      languages: nil,
      lexicalShare: 0.4,
      cosineRange: 0...1,
      license: "MIT",
      weightFormat: .safetensors,
      wheels: wheels,
      packagedWeightsSHA256: weights?.sha256 ?? "",
      weights: weights ?? PinnedFile(name: "model.safetensors", byteCount: 0, sha256: ""),
      vocabulary: PinnedFile(
        name: "vocab.txt",
        byteCount: vocabulary.utf8.count,
        sha256: sha256(Data(vocabulary.utf8))
      )
    )
  }

  /// Writes the files of a model into a folder; equal calls write equal bytes.
  static func write(_ specification: ModelSpecification, into folder: URL) throws -> InstalledModel {
    let model = InstalledModel(specification: specification, folder: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(vocabulary.utf8).write(to: model.vocabulary!)
    var random = SeededRandom(7)
    let tensors = EncoderWeights.tensors(of: specification)
    var writer = try SafetensorsWriter(model.weights, tensors: tensors)
    for (name, shape) in tensors {
      let middle: Float = name.hasSuffix("LayerNorm.weight") ? 1 : 0
      let count = shape.reduce(1, *)
      try writer.append((0..<count).map { _ in middle + Float.random(in: -0.3...0.3, using: &random) })
    }
    try writer.finish()
    return model
  }

  static func load(
    layers: Int = 2,
    pooling: ModelSpecification.Pooling = .mean,
    queryPrefix: String = "",
    precision: EncoderPrecision = .single
  ) throws -> EncoderModel {
    let folder = try TemporaryFolder()
    let specification = specification(layers: layers, pooling: pooling, queryPrefix: queryPrefix)
    // The mapping outlives the folder's name.
    return try EncoderModel(try write(specification, into: folder.url), precision: precision)
  }

  static func sha256(_ data: Data) -> String {
    SHA256.hash(data: data).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

/// Steele's SplitMix64, so that a failing case repeats.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

/// Texts of every script and of none: for properties that must hold of any.
func randomText(_ random: inout SeededRandom, maxParts: Int = 40) -> String {
  let parts = [
    "a", "b", "unwanted", "running", "ab12", " ", "  ", "\n", "\r\n", "\t", ",", "...", "[CLS]", "é",
    "e\u{301}",
    "中文", "ж", "Σ", "\u{200D}", "\u{FE0F}", "\u{20E3}", "👩‍👧", "🇵🇹", "\u{0}", "\u{FFFD}", "क्‍ष", "한글", "ﬁ", "İ",
    "x", "\u{1F1E6}", "\u{0301}\u{0302}", "#\u{FE0F}\u{20E3}", "\u{600}1", "\u{E000}", "\u{10FFFF}",
    String(repeating: "a", count: 99), String(repeating: "b", count: 101), "unwantedly",
  ]
  return (0..<Int.random(in: 0...maxParts, using: &random))
    .map { _ in parts.randomElement(using: &random)! }.joined()
}

func cosine(_ a: [Float], _ b: [Float]) -> Double {
  var (product, aa, bb) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    product += Double(x) * Double(y)
    aa += Double(x) * Double(x)
    bb += Double(y) * Double(y)
  }
  return product / (aa * bb).squareRoot()
}
