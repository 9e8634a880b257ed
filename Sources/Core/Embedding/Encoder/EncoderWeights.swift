import CKernels

/// A model's weights, ready for the kernels: tables as the mapped file has them, linear layers packed.
final class EncoderWeights: Sendable {
  /// A linear layer.
  struct Linear {
    enum Form {
      case single(packed: ParameterArena.Slice, bias: ParameterArena.Slice)
      case int8(ParameterArena.Slice)
    }
    let form: Form
    let inputs: Int
    let outputs: Int
  }

  /// Scale and shift of a layer normalisation.
  struct Norm {
    let scale: WeightTensor
    let shift: WeightTensor
  }

  struct Layer {
    /// Query, key and value in one product.
    let attentionInput: Linear
    let attentionOutput: Linear
    let attentionNorm: Norm
    let feedForwardInput: Linear
    let feedForwardOutput: Linear
    let feedForwardNorm: Norm
  }

  /// What turns the first position into a number.
  struct RelevanceHead {
    let pooler: Linear
    let classifier: WeightTensor
    let bias: WeightTensor
  }

  let words: WeightTable
  let positions: WeightTensor
  let segments: WeightTensor
  let embeddingNorm: Norm
  let layers: [Layer]
  /// Only where the model gives relevance.
  let head: RelevanceHead?
  let arena: ParameterArena

  /// - Throws: `model_corrupt`.
  init(
    _ file: some WeightFile, _ specification: ModelSpecification, _ precision: EncoderPrecision
  ) throws(EmbeddingError) {
    let hidden = specification.dimension
    let intermediate = specification.intermediate
    func norm(_ name: String) throws(EmbeddingError) -> Norm {
      Norm(
        scale: try file.tensor(name + ".weight", shape: [hidden]),
        shift: try file.tensor(name + ".bias", shape: [hidden])
      )
    }
    words = try file.table(Name.words, shape: [specification.vocabularySize, hidden])
    positions = try file.tensor(Name.positions, shape: [specification.positions, hidden])
    segments = try file.tensor(Name.segments, shape: [2, hidden])
    embeddingNorm = try norm(Name.embeddingNorm)
    func floats(_ outputs: Int, _ inputs: Int, _ precision: EncoderPrecision) -> Int {
      switch precision {
      case .single: outputs * inputs + outputs
      case .int8: fd_packed_bytes_i8(outputs, inputs) / MemoryLayout<Float>.stride
      }
    }
    let perLayer =
      4 * floats(hidden, hidden, precision) + floats(intermediate, hidden, precision)
      + floats(hidden, intermediate, precision)
    let arena = ParameterArena(
      capacity: specification.layers * perLayer + floats(hidden, hidden, .single))
    func linear(
      _ names: [String], _ outputs: Int, _ inputs: Int, _ precision: EncoderPrecision
    ) throws(EmbeddingError) -> Linear {
      var matrices: [WeightTensor] = []
      var biases: [WeightTensor] = []
      for name in names {
        matrices.append(try file.tensor(name + ".weight", shape: [outputs, inputs]))
        biases.append(try file.tensor(name + ".bias", shape: [outputs]))
      }
      let form: Linear.Form =
        switch precision {
        case .single: .single(packed: arena.pack(matrices), bias: arena.copy(biases))
        case .int8: .int8(arena.quantise(matrices, biases))
        }
      return Linear(form: form, inputs: inputs, outputs: outputs * names.count)
    }
    var layers: [Layer] = []
    for index in 0..<specification.layers {
      let name = Name.layer(index)
      layers.append(
        Layer(
          attentionInput: try linear(Name.attentionInputs.map { name + $0 }, hidden, hidden, precision),
          attentionOutput: try linear([name + Name.attentionOutput], hidden, hidden, precision),
          attentionNorm: try norm(name + Name.attentionNorm),
          feedForwardInput: try linear(
            [name + Name.feedForwardInput], intermediate, hidden, precision),
          feedForwardOutput: try linear(
            [name + Name.feedForwardOutput], hidden, intermediate, precision),
          feedForwardNorm: try norm(name + Name.feedForwardNorm)
        )
      )
    }
    self.layers = layers
    if specification.pooling == .relevance {
      head = RelevanceHead(
        pooler: try linear([Name.pooler], hidden, hidden, .single),
        classifier: try file.tensor(Name.classifier + ".weight", shape: [1, hidden]),
        bias: try file.tensor(Name.classifier + ".bias", shape: [1]))
    } else {
      head = nil
    }
    self.arena = arena
  }

  /// The tensors that a model of this shape consists of, by BERT's usual names, in a fixed order.
  static func tensors(of specification: ModelSpecification) -> [(name: String, shape: [Int])] {
    let hidden = specification.dimension
    let intermediate = specification.intermediate
    func norm(_ name: String) -> [(name: String, shape: [Int])] {
      [(name + ".weight", [hidden]), (name + ".bias", [hidden])]
    }
    func linear(_ name: String, _ outputs: Int, _ inputs: Int) -> [(name: String, shape: [Int])] {
      [(name + ".weight", [outputs, inputs]), (name + ".bias", [outputs])]
    }
    var tensors = [
      (name: Name.words, shape: [specification.vocabularySize, hidden]),
      (name: Name.positions, shape: [specification.positions, hidden]),
      (name: Name.segments, shape: [2, hidden]),
    ]
    tensors += norm(Name.embeddingNorm)
    for index in 0..<specification.layers {
      let layer = Name.layer(index)
      for name in Name.attentionInputs { tensors += linear(layer + name, hidden, hidden) }
      tensors += linear(layer + Name.attentionOutput, hidden, hidden)
      tensors += norm(layer + Name.attentionNorm)
      tensors += linear(layer + Name.feedForwardInput, intermediate, hidden)
      tensors += linear(layer + Name.feedForwardOutput, hidden, intermediate)
      tensors += norm(layer + Name.feedForwardNorm)
    }
    if specification.pooling == .relevance {
      tensors += linear(Name.pooler, hidden, hidden)
      tensors += linear(Name.classifier, 1, hidden)
    }
    return tensors
  }

  private enum Name {
    static let words = "embeddings.word_embeddings.weight"
    static let positions = "embeddings.position_embeddings.weight"
    static let segments = "embeddings.token_type_embeddings.weight"
    static let embeddingNorm = "embeddings.LayerNorm"
    static let attentionInputs = ["query", "key", "value"].map { "attention.self." + $0 }
    static let attentionOutput = "attention.output.dense"
    static let attentionNorm = "attention.output.LayerNorm"
    static let feedForwardInput = "intermediate.dense"
    static let feedForwardOutput = "output.dense"
    static let feedForwardNorm = "output.LayerNorm"
    static let pooler = "pooler.dense"
    static let classifier = "classifier"
    static func layer(_ index: Int) -> String { "encoder.layer.\(index)." }
  }
}
