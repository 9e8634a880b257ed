import Foundation

/// A safetensors file, mapped: an eight-byte little-endian header length, a JSON header that names each
/// tensor's type, shape and byte range, then the tensors (https://huggingface.co/docs/safetensors).
struct SafetensorsFile: WeightFile {
  private struct Entry {
    let type: String
    let shape: [Int]
    let range: Range<Int>
  }

  static let maximalHeaderBytes = 16 << 20

  private let file: MappedFile
  private let dataStart: Int
  private let entries: [String: Entry]

  /// Reads and checks the header; every range it names lies inside the file.
  ///
  /// - Throws: `model_corrupt`.
  init(_ url: URL) throws(EmbeddingError) {
    do {
      file = try MappedFile(url)
    } catch {
      throw .modelCorrupt("\(url.lastPathComponent) cannot be read", cause: error)
    }
    let bytes = file.bytes
    guard bytes.count >= 8 else { throw .modelCorrupt("the weights have no header") }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(SafetensorsFile.maximalHeaderBytes), Int(length) <= bytes.count - 8 else {
      throw .modelCorrupt("the weights' header is longer than it can be")
    }
    dataStart = 8 + Int(length)
    let header = Data(bytes[8..<dataStart])
    guard let object = try? JSONSerialization.jsonObject(with: header) as? [String: Any] else {
      throw .modelCorrupt("the weights' header is not a JSON object")
    }
    var entries: [String: Entry] = [:]
    for (name, value) in object where name != "__metadata__" {
      guard let entry = SafetensorsFile.entry(value, dataCount: bytes.count - dataStart) else {
        throw .modelCorrupt("the weights' header describes a tensor that the file cannot hold")
      }
      entries[name] = entry
    }
    self.entries = entries
  }

  var names: [String] { entries.keys.sorted() }

  /// - Throws: `model_corrupt` where the tensor is absent, or of another type or shape.
  func tensor(_ name: String, shape: [Int]) throws(EmbeddingError) -> WeightTensor {
    guard let entry = entries[name] else { throw .modelCorrupt("the weights have no tensor '\(name)'") }
    let start = dataStart + entry.range.lowerBound
    guard entry.type == "F32", entry.shape == shape, start % MemoryLayout<Float>.alignment == 0 else {
      throw .modelCorrupt("the tensor '\(name)' is not of the type and shape that the model needs")
    }
    let slice = UnsafeRawBufferPointer(rebasing: file.bytes[start..<(dataStart + entry.range.upperBound)])
    return WeightTensor(shape: shape, values: slice.assumingMemoryBound(to: Float.self), owner: file)
  }

  /// - Throws: as `tensor(_:shape:)`.
  func table(_ name: String, shape: [Int]) throws(EmbeddingError) -> WeightTable {
    .single(try tensor(name, shape: shape))
  }

  private static func entry(_ value: Any, dataCount: Int) -> Entry? {
    guard let object = value as? [String: Any], let type = object["dtype"] as? String,
      let shape = object["shape"] as? [Int], let offsets = object["data_offsets"] as? [Int],
      offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= dataCount
    else { return nil }
    let widths = [
      "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
      "I8": 1, "U8": 1, "BOOL": 1,
    ]
    guard var byteCount = widths[type] else { return nil }
    for extent in shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      byteCount = product
    }
    guard byteCount == offsets[1] - offsets[0] else { return nil }
    return Entry(type: type, shape: shape, range: offsets[0]..<offsets[1])
  }
}
