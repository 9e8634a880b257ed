import CKernels
import Foundation

/// Turns a quantised BERT in ONNX form into single-precision safetensors with BERT's usual tensor names.
struct ONNXConversion {
  private let graph: ONNXGraph
  private let specification: ModelSpecification
  /// The name of each linear layer's quantised weights in the file, by the layer's usual name.
  private let linearWeights: [String: String]
  /// The name of each tensor in the file, by its usual name.
  private let tensorNames: [String: String]

  /// - Throws: `model_corrupt`.
  init(_ url: URL, _ specification: ModelSpecification) throws(EmbeddingError) {
    graph = try ONNXGraph(url)
    self.specification = specification
    // Exported linear weights carry numbers for names; the node that multiplies by them says whose they are:
    // "/encoder/layer.0/attention/self/query/MatMul_quant".
    var linearWeights: [String: String] = [:]
    for node in graph.nodes where node.operation == "MatMulInteger" && node.inputs.count >= 2 {
      let path = node.name.split(separator: "/")
      guard let last = path.last, last.hasPrefix("MatMul") || last.hasPrefix("Gemm_MatMul") else { continue }
      linearWeights[Self.plain(path.dropLast().joined(separator: ".") + ".weight")] = node.inputs[1]
    }
    self.linearWeights = linearWeights
    tensorNames = Dictionary(graph.tensors.keys.map { (Self.plain($0), $0) }) { first, _ in first }
  }

  /// A model with something on top of it has its name before those of its parts.
  private static func plain(_ name: String) -> String {
    name.hasPrefix("bert.") ? String(name.dropFirst(5)) : name
  }

  private func tensor(_ name: String) -> ONNXGraph.Tensor? { graph.tensors[tensorNames[name] ?? name] }

  /// - Throws: `model_corrupt`, or what writing throws.
  func write(to url: URL) throws {
    let tensors = EncoderWeights.tensors(of: specification)
    var writer = try SafetensorsWriter(url, tensors: tensors)
    for (name, shape) in tensors { try writer.append(try values(name, shape)) }
    try writer.finish()
  }

  private func values(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> [Float] {
    if let quantised = linearWeights[name] { return try linear(quantised, shape) }
    if let plain = tensor(name) { return try floats(plain, name, shape) }
    return try table(name, shape)
  }

  /// Linear weights are stored in x out, with a scale and a zero point for each output or for all.
  private func linear(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> [Float] {
    guard shape.count == 2, name.hasSuffix(Suffix.codes) else { throw corrupt(name) }
    let (outputs, inputs) = (shape[0], shape[1])
    let (codes, isSigned) = try codes(name, [inputs, outputs])
    let base = String(name.dropLast(Suffix.codes.count))
    var (scales, zeros) = try quantisation(base, counts: [outputs, 1])
    if scales.count == 1 {
      scales = Array(repeating: scales[0], count: outputs)
      zeros = Array(repeating: zeros[0], count: outputs)
    }
    return [Float](unsafeUninitializedCapacity: outputs * inputs) { values, count in
      fd_dequantise_transposed(
        codes,
        isSigned ? 1 : 0,
        zeros,
        scales,
        inputs,
        outputs,
        values.baseAddress
      )
      count = outputs * inputs
    }
  }

  /// Embedding tables have one scale and zero point.
  private func table(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> [Float] {
    let (codes, isSigned) = try codes(name + Suffix.codes, shape)
    let (scales, zeros) = try quantisation(name, counts: [1])
    let total = shape.reduce(1, *)
    return [Float](unsafeUninitializedCapacity: total) { values, count in
      fd_dequantise(codes, isSigned ? 1 : 0, zeros[0], scales[0], total, values.baseAddress)
      count = total
    }
  }

  private func codes(
    _ name: String,
    _ shape: [Int]
  ) throws(EmbeddingError) -> (UnsafePointer<UInt8>, isSigned: Bool) {
    guard let tensor = tensor(name), tensor.shape == shape, let raw = tensor.raw,
      raw.count == tensor.count, tensor.type == .int8 || tensor.type == .uint8,
      let address = raw.assumingMemoryBound(to: UInt8.self).baseAddress
    else { throw corrupt(name) }
    return (address, tensor.type == .int8)
  }

  /// - Parameter counts: how many there may be; one is stored without a shape.
  private func quantisation(
    _ base: String,
    counts: [Int]
  ) throws(EmbeddingError) -> (scales: [Float], zeros: [Int32]) {
    guard let scale = tensor(base + "_scale"), let zero = tensor(base + "_zero_point"),
      counts.contains(zero.integers.count),
      zero.shape == (zero.integers.count == 1 ? [] : [zero.integers.count])
    else { throw corrupt(base) }
    return (try floats(scale, base, zero.shape), zero.integers)
  }

  private func floats(
    _ tensor: ONNXGraph.Tensor,
    _ name: String,
    _ shape: [Int]
  ) throws(EmbeddingError) -> [Float] {
    guard tensor.type == .float, tensor.shape == shape, let count = tensor.count else { throw corrupt(name) }
    if tensor.floats.count == count { return tensor.floats }
    guard let raw = tensor.raw, raw.count == count * 4 else { throw corrupt(name) }
    return (0..<count).map { index in
      Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
    }
  }

  private func corrupt(_ name: String) -> EmbeddingError {
    .modelCorrupt("the ONNX file lacks '\(name)', or has it in another form")
  }

  private enum Suffix {
    static let codes = "_quantized"
  }
}
