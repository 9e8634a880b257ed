import CKernels
import Foundation

/// Token ids of one text, or of two that are compared.
struct TokenSequence: Sendable {
  let ids: [Int32]
  /// Ids that belong to the first text.
  let firstCount: Int

  init(_ ids: [Int32], firstCount: Int = .max) {
    self.ids = ids
    self.firstCount = firstCount
  }
}

/// A BERT-like text encoder (Devlin et al. 2019, arXiv:1810.04805).
///
/// Immutable once loaded: any number of threads may embed at once, each call on its caller's thread. The
/// weights are mapped from the installed file; linear layers are packed for the kernels when it loads.
public final class EncoderModel: Sendable {
  /// Most tokens that go through the layers together.
  static let maxBatchTokens = 512

  public let specification: ModelSpecification
  public let precision: EncoderPrecision
  public let tokenizer: any Tokenizer
  private let weights: EncoderWeights

  /// - Throws: `model_corrupt`. Sizes and the weights' header are checked; `ModelCache.verify` hashes.
  public convenience init(
    _ installed: InstalledModel, precision: EncoderPrecision = .int8
  ) throws(EmbeddingError) {
    let specification = installed.specification
    if let vocabulary = installed.vocabulary {
      self.init(
        specification, precision, try WordPieceTokenizer(vocabulary: vocabulary),
        try EncoderWeights(try SafetensorsFile(installed.weights), specification, precision))
    } else {
      let file = try FourBitFile(installed.weights)
      try file.require(specification)
      self.init(
        specification, precision, UnigramTokenizer(try UnigramVocabulary(file.pieces, of: file.file)),
        try EncoderWeights(file, specification, precision))
    }
    guard tokenizer.vocabularySize <= specification.vocabularySize else {
      throw .modelCorrupt("the vocabulary has more tokens than the model")
    }
  }

  init(
    _ specification: ModelSpecification, _ precision: EncoderPrecision, _ tokenizer: any Tokenizer,
    _ weights: EncoderWeights
  ) {
    self.specification = specification
    self.precision = precision
    self.tokenizer = tokenizer
    self.weights = weights
  }

  /// Embeds sequences of token ids.
  ///
  /// A sequence gives the same bits whatever else is in the call.
  ///
  /// - Parameter tokens: ids as `tokenizer.encode` gives them. Sequences are cut at the model's length; an
  ///   id outside the vocabulary counts as unknown, an empty sequence as an empty text.
  /// - Returns: in input order, `specification.dimension` floats each, of Euclidean length 1.
  public func embed(tokens: [[Int32]]) -> [[Float]] {
    let workspace = EncoderWorkspace(specification)
    var vectors = [[Float]](repeating: [], count: tokens.count)
    let lengths = tokens.map { min($0.count, specification.maxTokens) }
    for batch in BatchPlan.batches(lengths: lengths, maxTokens: EncoderModel.maxBatchTokens) {
      let results = embed(batch: batch.map { TokenSequence(tokens[$0]) }, in: workspace) {}
      for (index, vector) in zip(batch, results) { vectors[index] = vector }
    }
    return vectors
  }

  /// Embeds sequences together, as one batch.
  ///
  /// - Parameter betweenLayers: called after every layer; what it throws ends the pass.
  /// - Returns: in input order, a vector each; where the model gives relevance, of one number.
  func embed<Failure: Error>(
    batch tokens: [TokenSequence],
    in workspace: EncoderWorkspace,
    betweenLayers: () throws(Failure) -> Void
  ) throws(Failure) -> [[Float]] {
    let sequences = tokens.map(prepared)
    let lengths = sequences.map(\.ids.count)
    let rows = lengths.reduce(0, +)
    guard rows > 0 else { return [] }
    workspace.reserve(
      rows: rows,
      longest: lengths.max() ?? 0,
      headWidth: specification.headWidth
    )
    sumEmbeddings(sequences, workspace)
    normalise(workspace.hidden, adding: nil, weights.embeddingNorm, rows)
    for (index, layer) in weights.layers.enumerated() {
      // Of the last layer nothing else is used.
      let takesFirst = specification.pooling != .mean && index == weights.layers.count - 1
      apply(layer, lengths, rows, takesFirst: takesFirst, workspace)
      try betweenLayers()
    }
    switch specification.pooling {
    case .mean: return pool(lengths, workspace)
    case .cls: return pool(lengths.map { _ in 1 }, workspace)
    case .relevance: return relevance(lengths.count, workspace)
    }
  }

  private func prepared(_ tokens: TokenSequence) -> TokenSequence {
    guard !tokens.ids.isEmpty else { return TokenSequence(tokenizer.encode("", maxTokens: 2)) }
    let known = 0..<Int32(specification.vocabularySize)
    let ids = tokens.ids.prefix(min(specification.maxTokens, specification.positions))
      .map { known.contains($0) ? $0 : tokenizer.unknownID }
    return TokenSequence(ids, firstCount: tokens.firstCount)
  }

  private func sumEmbeddings(_ sequences: [TokenSequence], _ workspace: EncoderWorkspace) {
    let width = specification.dimension
    guard let positions = weights.positions.values.baseAddress,
      let segments = weights.segments.values.baseAddress
    else { return }
    var row = workspace.hidden
    for sequence in sequences {
      for (position, token) in sequence.ids.enumerated() {
        let segment = segments + (position < sequence.firstCount ? 0 : width)
        let word = weights.words.row(Int(token), row)
        fd_sum3(word, positions + position * width, segment, row, width)
        row += width
      }
    }
  }

  /// Runs one layer.
  ///
  /// - Parameter takesFirst: only for the first position of each sequence, which then lie together.
  private func apply(
    _ layer: EncoderWeights.Layer,
    _ lengths: [Int],
    _ rows: Int,
    takesFirst: Bool,
    _ workspace: EncoderWorkspace
  ) {
    let width = specification.dimension
    multiply(workspace.hidden, layer.attentionInput, rows, workspace.wide, workspace)
    var row = 0
    for (index, length) in lengths.enumerated() {
      fd_attention(
        workspace.wide + row * 3 * width,
        length,
        takesFirst ? 1 : length,
        specification.heads,
        specification.headWidth,
        workspace.scratch,
        workspace.context + (takesFirst ? index : row) * width
      )
      if takesFirst, index < row {
        (workspace.hidden + index * width).update(from: workspace.hidden + row * width, count: width)
      }
      row += length
    }
    let rows = takesFirst ? lengths.count : rows
    multiply(workspace.context, layer.attentionOutput, rows, workspace.update, workspace)
    normalise(workspace.hidden, adding: workspace.update, layer.attentionNorm, rows)
    feedForward(layer, rows, workspace)
    normalise(workspace.hidden, adding: workspace.update, layer.feedForwardNorm, rows)
  }

  private func feedForward(_ layer: EncoderWeights.Layer, _ rows: Int, _ workspace: EncoderWorkspace) {
    let (first, second) = (layer.feedForwardInput, layer.feedForwardOutput)
    switch (first.form, second.form) {
    case (.int8(let packed), .int8(let secondPacked)):
      fd_quantise_rows_i8(workspace.hidden, rows, first.inputs, workspace.codes, workspace.rowCodes)
      fd_multiply_gelu_i8(
        workspace.codes, workspace.rowCodes, rows, first.inputs, weights.arena.pointer(packed),
        first.outputs, workspace.wide, workspace.wideCodes, workspace.wideRowCodes)
      fd_multiply_i8(
        workspace.wideCodes, workspace.wideRowCodes, rows, second.inputs,
        weights.arena.pointer(secondPacked), second.outputs, workspace.update, second.outputs)
    default:
      multiply(workspace.hidden, first, rows, workspace.wide, workspace)
      fd_gelu(workspace.wide, rows * specification.intermediate)
      multiply(workspace.wide, second, rows, workspace.update, workspace)
    }
  }

  private func multiply(
    _ input: UnsafePointer<Float>,
    _ linear: EncoderWeights.Linear,
    _ rows: Int,
    _ output: UnsafeMutablePointer<Float>,
    _ workspace: EncoderWorkspace
  ) {
    switch linear.form {
    case .single(let packed, let bias):
      fd_multiply_packed(
        input, linear.inputs, rows, linear.inputs, weights.arena.pointer(packed), linear.outputs,
        weights.arena.pointer(bias), output, linear.outputs)
    case .int8(let packed):
      fd_quantise_rows_i8(input, rows, linear.inputs, workspace.codes, workspace.rowCodes)
      fd_multiply_i8(
        workspace.codes, workspace.rowCodes, rows, linear.inputs, weights.arena.pointer(packed),
        linear.outputs, output, linear.outputs)
    }
  }

  private func normalise(
    _ values: UnsafeMutablePointer<Float>,
    adding residual: UnsafePointer<Float>?,
    _ norm: EncoderWeights.Norm,
    _ rows: Int
  ) {
    fd_layer_norm(
      values,
      residual,
      norm.scale.values.baseAddress,
      norm.shift.values.baseAddress,
      specification.layerNormEpsilon,
      rows,
      specification.dimension
    )
  }

  /// Means of runs of rows, scaled to length 1.
  private func pool(_ lengths: [Int], _ workspace: EncoderWorkspace) -> [[Float]] {
    let width = specification.dimension
    var row = 0
    return lengths.map { length in
      defer { row += length }
      return [Float](unsafeUninitializedCapacity: width) { vector, count in
        fd_mean_normalised(workspace.hidden + row * width, length, width, vector.baseAddress)
        count = width
      }
    }
  }

  /// The model's number for each of the first rows.
  private func relevance(_ rows: Int, _ workspace: EncoderWorkspace) -> [[Float]] {
    guard let head = weights.head else { return Array(repeating: [], count: rows) }
    let width = specification.dimension
    multiply(workspace.hidden, head.pooler, rows, workspace.update, workspace)
    return (0..<rows).map { row in
      let pooled = workspace.update + row * width
      return [
        (0..<width).reduce(head.bias.values[0]) { $0 + tanh(pooled[$1]) * head.classifier.values[$1] }
      ]
    }
  }
}
