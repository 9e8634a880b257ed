import Foundation

/// What installing a model needs of an ONNX file: constant tensors and the nodes that use them
/// (field numbers from onnx/onnx.proto, https://github.com/onnx/onnx).
struct ONNXGraph {
  struct Tensor {
    enum ElementType: UInt64 {
      case float = 1
      case uint8 = 2
      case int8 = 3
    }
    var type: ElementType?
    var shape: [Int] = []
    /// Elements as raw bytes, where the file stores them so.
    var raw: UnsafeRawBufferPointer?
    var floats: [Float] = []
    var integers: [Int32] = []

    var count: Int? {
      var product = 1
      for extent in shape {
        let (next, overflow) = product.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflow else { return nil }
        product = next
      }
      return product
    }
  }

  struct Node {
    var name = ""
    var operation = ""
    var inputs: [String] = []
  }

  private let file: MappedFile
  let tensors: [String: Tensor]
  let nodes: [Node]

  /// - Throws: `model_corrupt`.
  init(_ url: URL) throws(EmbeddingError) {
    do {
      file = try MappedFile(url)
      var graph: UnsafeRawBufferPointer?
      var model = ProtobufReader(file.bytes)
      while let (field, value) = try model.next() {
        if field == 7, case .bytes(let bytes) = value { graph = bytes }
      }
      guard let graph else { throw ProtobufReader.Malformed() }
      var tensors: [String: Tensor] = [:]
      var nodes: [Node] = []
      var reader = ProtobufReader(graph)
      while let (field, value) = try reader.next() {
        guard case .bytes(let bytes) = value else { continue }
        if field == 1 { nodes.append(try ONNXGraph.node(bytes)) }
        if field == 5 {
          let (name, tensor) = try ONNXGraph.tensor(bytes)
          tensors[name] = tensor
        }
      }
      self.tensors = tensors
      self.nodes = nodes
    } catch {
      throw .modelCorrupt("\(url.lastPathComponent) is not an ONNX file", cause: error)
    }
  }

  private static func node(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Malformed) -> Node {
    var node = Node()
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      guard case .bytes(let bytes) = value else { continue }
      switch field {
      case 1: node.inputs.append(String(decoding: bytes, as: UTF8.self))
      case 3: node.name = String(decoding: bytes, as: UTF8.self)
      case 4: node.operation = String(decoding: bytes, as: UTF8.self)
      default: break
      }
    }
    return node
  }

  private static func tensor(
    _ bytes: UnsafeRawBufferPointer
  ) throws(ProtobufReader.Malformed) -> (String, Tensor) {
    var name = ""
    var tensor = Tensor()
    var reader = ProtobufReader(bytes)
    while let (field, value) = try reader.next() {
      switch (field, value) {
      case (1, .varint(let extent)): tensor.shape.append(Int(clamping: extent))
      case (1, .bytes(let packed)):
        var extents = ProtobufReader(packed)
        tensor.shape += try extents.remainingVarints().map { Int(clamping: $0) }
      case (2, .varint(let type)): tensor.type = Tensor.ElementType(rawValue: type)
      case (4, .fixed32(let bits)): tensor.floats.append(Float(bitPattern: bits))
      case (4, .bytes(let packed)):
        guard packed.count % 4 == 0 else { throw ProtobufReader.Malformed() }
        tensor.floats += stride(from: 0, to: packed.count, by: 4).map { offset in
          Float(
            bitPattern: UInt32(littleEndian: packed.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
          )
        }
      case (5, .varint(let integer)): tensor.integers.append(Int32(truncatingIfNeeded: integer))
      case (5, .bytes(let packed)):
        var integers = ProtobufReader(packed)
        tensor.integers += try integers.remainingVarints().map { Int32(truncatingIfNeeded: $0) }
      case (8, .bytes(let text)): name = String(decoding: text, as: UTF8.self)
      case (9, .bytes(let raw)): tensor.raw = raw
      default: break
      }
    }
    return (name, tensor)
  }
}
