import Foundation

/// Writes single-precision tensors as a safetensors file, one at a time, in the order announced.
///
/// The same tensors always give the same bytes.
struct SafetensorsWriter {
  private let handle: FileHandle
  private var remaining: ArraySlice<Int>

  /// Creates the file and writes the header.
  init(_ url: URL, tensors: [(name: String, shape: [Int])]) throws {
    var offset = 0
    var entries: [String] = []
    var sizes: [Int] = []
    for (name, shape) in tensors {
      let size = shape.reduce(MemoryLayout<Float>.size, *)
      let extents = shape.map(String.init).joined(separator: ",")
      entries.append(
        #""\#(name)":{"dtype":"F32","shape":[\#(extents)],"data_offsets":[\#(offset),\#(offset + size)]}"#
      )
      offset += size
      sizes.append(size)
    }
    var header = Array(("{" + entries.joined(separator: ",") + "}").utf8)
    // Spaces up to a multiple of eight keep the tensors aligned.
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    try Data().write(to: url)
    handle = try FileHandle(forWritingTo: url)
    remaining = sizes[...]
    var length = UInt64(header.count).littleEndian
    try handle.write(contentsOf: Data(bytes: &length, count: 8) + header)
  }

  /// Appends the next tensor's values.
  mutating func append(_ values: [Float]) throws {
    let size = values.count * MemoryLayout<Float>.size
    precondition(remaining.popFirst() == size, "tensors are written as announced")
    try values.withUnsafeBytes { bytes in try handle.write(contentsOf: Data(bytes)) }
  }

  /// Flushes to the disk and closes the file.
  func finish() throws {
    precondition(remaining.isEmpty, "every announced tensor is written")
    try handle.synchronize()
    try handle.close()
  }
}
