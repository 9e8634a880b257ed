import CKernels

/// A file that holds an encoder's parameters, by BERT's usual names.
protocol WeightFile: Sendable {
  /// - Throws: `model_corrupt` where the tensor is absent, or of another type or shape.
  func tensor(_ name: String, shape: [Int]) throws(EmbeddingError) -> WeightTensor

  /// A tensor of which single rows are read, left in the form that the file has it in.
  ///
  /// - Parameter shape: rows x width.
  /// - Throws: as `tensor(_:shape:)`.
  func table(_ name: String, shape: [Int]) throws(EmbeddingError) -> WeightTable
}

/// Row-major single-precision values, in memory that the tensor keeps alive and that goes with it.
struct WeightTensor: @unchecked Sendable {  // the values are only ever read
  let shape: [Int]
  let values: UnsafeBufferPointer<Float>
  private let owner: AnyObject

  /// - Parameter owner: whose last reference frees the values.
  init(shape: [Int], values: UnsafeBufferPointer<Float>, owner: AnyObject) {
    self.shape = shape
    self.values = values
    self.owner = owner
  }

  /// - Parameter fill: writes every value.
  init(shape: [Int], filledBy fill: (UnsafeMutablePointer<Float>) -> Void) {
    let memory = FloatMemory(count: shape.reduce(1, *))
    fill(memory.values)
    self.init(
      shape: shape, values: UnsafeBufferPointer(start: memory.values, count: memory.count), owner: memory)
  }
}

private final class FloatMemory {
  let values: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    values = .allocate(capacity: max(count, 1))
    self.count = count
  }

  deinit { values.deallocate() }
}

/// Rows of single-precision values, or of 4-bit blocks that are decoded when they are read.
enum WeightTable: @unchecked Sendable {  // the bytes are only ever read
  case single(WeightTensor)
  /// Blocks as `fd_dequantise_four_bit` takes them, inside the mapped file.
  case fourBit(UnsafeRawBufferPointer, width: Int, file: MappedFile)

  /// A row, where it lies or decoded into `buffer`, which has room for it.
  func row(_ index: Int, _ buffer: UnsafeMutablePointer<Float>) -> UnsafePointer<Float> {
    switch self {
    case .single(let tensor):
      return tensor.values.baseAddress! + index * tensor.shape[1]
    case .fourBit(let blocks, let width, _):
      let rowBytes = width / Int(FD_FOUR_BIT_BLOCK) * Int(FD_FOUR_BIT_BYTES)
      let row = UnsafeRawBufferPointer(rebasing: blocks[(index * rowBytes)..<((index + 1) * rowBytes)])
      fd_dequantise_four_bit(row.baseAddress?.assumingMemoryBound(to: UInt8.self), width, buffer)
      return UnsafePointer(buffer)
    }
  }
}
