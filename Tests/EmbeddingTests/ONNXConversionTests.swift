import Foundation
import TestSupport
import Testing

@testable import Embedding

/// Protobuf, written by hand: enough of an ONNX file to convert.
private enum Wire {
  static func varint(_ value: UInt64) -> Data {
    var (data, rest) = (Data(), value)
    while rest >= 0x80 {
      data.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return data + [UInt8(rest)]
  }
  static func field(_ number: UInt64, _ value: UInt64) -> Data { varint(number << 3) + varint(value) }
  static func field(_ number: UInt64, _ bytes: Data) -> Data {
    varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
  }
  static func field(_ number: UInt64, _ text: String) -> Data { field(number, Data(text.utf8)) }
  static func floats(_ values: [Float]) -> Data {
    values.reduce(into: Data()) { data, value in
      withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
  }

  static func tensor(_ name: String, _ type: UInt64, _ shape: [Int], _ body: Data) -> Data {
    field(5, shape.map { field(1, UInt64($0)) }.reduce(Data(), +) + field(2, type) + body + field(8, name))
  }
  static func node(_ name: String, _ weights: String) -> Data {
    field(1, field(1, "x") + field(1, weights) + field(3, name) + field(4, "MatMulInteger"))
  }
}

@Suite struct ONNXConversionTests {
  private static let specification = TinyModel.specification(layers: 1)

  /// A file for the tiny model whose code for element i of a tensor is i modulo 200, less its zero point.
  private static func onnx() -> Data {
    var graph = Data()
    var number: UInt64 = 100
    for (name, shape) in EncoderWeights.tensors(of: specification) {
      let count = shape.reduce(1, *)
      let codes = Data((0..<count).map { UInt8($0 % 200) })
      if name.hasPrefix("embeddings."), name.contains("embeddings.weight") {
        graph += Wire.tensor(name + "_quantized", 2, shape, Wire.field(9, codes))
        graph += Wire.tensor(name + "_scale", 1, [], Wire.field(4, Wire.floats([0.5])))
        graph += Wire.tensor(name + "_zero_point", 2, [], Wire.field(5, Wire.varint(100)))
      } else if shape.count == 2 {
        number += 1
        let base = "onnx::MatMul_\(number)"
        let path =
          "/"
          + name.dropLast(".weight".count).replacingOccurrences(of: ".", with: "/")
          .replacingOccurrences(of: "layer/0", with: "layer.0") + "/MatMul_quant"
        graph += Wire.node(path, base + "_quantized")
        graph += Wire.tensor(base + "_quantized", 3, shape.reversed(), Wire.field(9, codes))
        let scales = (0..<shape[0]).map { Float($0) / 4 }
        graph += Wire.tensor(base + "_scale", 1, [shape[0]], Wire.field(4, Wire.floats(scales)))
        let zeros = (0..<shape[0]).map { Wire.varint(UInt64($0 % 3)) }.reduce(Data(), +)
        graph += Wire.tensor(base + "_zero_point", 3, [shape[0]], Wire.field(5, zeros))
      } else {
        graph += Wire.tensor(name, 1, shape, Wire.field(9, Wire.floats((0..<count).map { Float($0) })))
      }
    }
    return Wire.field(1, 8) + Wire.field(7, graph)
  }

  @Test func dequantisesAndTransposes() throws {
    let folder = try TemporaryFolder()
    let target = folder.url.appendingPathComponent("model.safetensors")
    try ONNXConversion(folder.file("model.onnx", Self.onnx()), Self.specification).write(to: target)
    let file = try SafetensorsFile(target)
    let words = try file.tensor("embeddings.word_embeddings.weight", shape: [44, 32]).values
    #expect(words[0] == -50 && words[150] == 25)
    let weights = try file.tensor("encoder.layer.0.intermediate.dense.weight", shape: [64, 32]).values
    for (output, input) in [(0, 0), (5, 3), (63, 31)] {
      let code = Int(Int8(truncatingIfNeeded: (input * 64 + output) % 200))
      #expect(weights[output * 32 + input] == Float(code - output % 3) * Float(output) / 4)
    }
    let shift = try file.tensor("encoder.layer.0.output.LayerNorm.bias", shape: [32]).values
    #expect(shift[31] == 31)
    #expect(file.names == EncoderWeights.tensors(of: Self.specification).map(\.name).sorted())
  }

  @Test func damagedFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    let good = Self.onnx()
    let target = folder.url.appendingPathComponent("model.safetensors")
    var random = SeededRandom(14)
    var refused = 0
    for round in 0..<200 {
      var data = good
      if round < 60 {
        data = data.prefix(Int.random(in: 0..<good.count, using: &random))
      } else {
        for _ in 0..<3 {
          data[Int.random(in: 0..<good.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
      }
      do {
        try ONNXConversion(folder.file("model.onnx", data), Self.specification).write(to: target)
      } catch let error as EmbeddingError {
        #expect(error.code == "model_corrupt")
        refused += 1
      }
    }
    #expect(refused >= 60)
  }
}
