import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One block of memory for all packed weights, so that large pages can back it.
///
/// Filled while a model loads, read-only afterwards.
final class ParameterArena: @unchecked Sendable {  // only `EncoderWeights.init` writes, before it is shared
  /// Where a parameter lies.
  struct Slice {
    fileprivate let offset: Int
  }

  private static let alignment = 2 << 20
  private let memory: UnsafeMutableRawPointer
  private let floats: UnsafeMutablePointer<Float>
  private let capacity: Int
  private var used = 0

  /// - Parameter capacity: in floats; all that will ever be packed and copied.
  init(capacity: Int) {
    let byteCount = max(capacity, 1) * MemoryLayout<Float>.stride
    memory = .allocate(byteCount: byteCount, alignment: ParameterArena.alignment)
    #if os(Linux)
      // Every query walks through all of it: with large pages address translation costs less. Only advice.
      _ = madvise(memory, byteCount, MADV_HUGEPAGE)
    #endif
    floats = memory.bindMemory(to: Float.self, capacity: max(capacity, 1))
    self.capacity = capacity
  }

  deinit { memory.deallocate() }

  func pointer(_ slice: Slice) -> UnsafePointer<Float> { UnsafePointer(floats + slice.offset) }

  /// Packs matrices of equal shape (out x in) as if their rows followed each other.
  func pack(_ matrices: [WeightTensor]) -> Slice {
    let start = used
    for matrix in matrices {
      let (outputs, inputs) = (matrix.shape[0], matrix.shape[1])
      precondition(outputs % FD_PANEL_WIDTH == 0, "matrices are whole panels")
      let target = take(fd_packed_count(outputs, inputs))
      fd_pack_weights(matrix.values.baseAddress, outputs, inputs, target)
    }
    return Slice(offset: start)
  }

  /// Quantises and packs linear layers of equal shape (out x in) as if their outputs followed each other.
  func quantise(_ matrices: [WeightTensor], _ biases: [WeightTensor]) -> Slice {
    let start = used
    for (matrix, bias) in zip(matrices, biases) {
      let (outputs, inputs) = (matrix.shape[0], matrix.shape[1])
      precondition(outputs % Int(FD_I8_PANEL) == 0, "matrices are whole panels")
      let target = take(fd_packed_bytes_i8(outputs, inputs) / MemoryLayout<Float>.stride)
      fd_pack_weights_i8(matrix.values.baseAddress, bias.values.baseAddress, outputs, inputs, target)
    }
    return Slice(offset: start)
  }

  /// Copies vectors one after the other.
  func copy(_ vectors: [WeightTensor]) -> Slice {
    let start = used
    for vector in vectors {
      guard let source = vector.values.baseAddress else { continue }
      take(vector.values.count).update(from: source, count: vector.values.count)
    }
    return Slice(offset: start)
  }

  private func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    precondition(count <= capacity - used, "the arena holds what the model needs")
    defer { used += count }
    return floats + used
  }
}
