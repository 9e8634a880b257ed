import Foundation

/// Immutable bytes in memory: a mapped file, or a block of the heap.
///
/// Unchecked Sendable: the bytes never change between init and deinit, and nothing else frees them.
package final class StoredBytes: @unchecked Sendable {
  package let start: UnsafeRawPointer
  package let count: Int
  private let isMapped: Bool

  /// Owns a mapping of `count` bytes, at least 1.
  init(mapping start: UnsafeMutableRawPointer, count: Int) {
    self.start = UnsafeRawPointer(start)
    self.count = count
    isMapped = true
  }

  /// Owns a block from `malloc`.
  init(heap start: UnsafeMutableRawPointer, count: Int) {
    self.start = UnsafeRawPointer(start)
    self.count = count
    isMapped = false
  }

  package convenience init(copying bytes: [UInt8]) {
    let block = HeapBlock()
    bytes.withUnsafeBytes { block.append($0) }
    self.init(block)
  }

  convenience init(_ block: HeapBlock) {
    let (start, count) = block.take()
    self.init(heap: start, count: count)
  }

  deinit {
    let mutable = UnsafeMutableRawPointer(mutating: start)
    if isMapped { munmap(mutable, count) } else { free(mutable) }
  }

  package var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
}

/// A growing block of the heap.
final class HeapBlock {
  private var start: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  init() {
    capacity = 256
    start = Self.resized(nil, to: capacity)
  }

  deinit { free(start) }

  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, bytes.count > 0 else { return }
    if count + bytes.count > capacity {
      capacity = max(capacity * 2, count + bytes.count)
      start = Self.resized(start, to: capacity)
    }
    (start + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  /// Forgets the bytes and keeps the space.
  func removeAll() { count = 0 }

  /// Hands over the bytes, cut to size, and starts again.
  func take() -> (UnsafeMutableRawPointer, Int) {
    let taken = (Self.resized(start, to: max(count, 1)), count)
    capacity = 256
    count = 0
    start = Self.resized(nil, to: capacity)
    return taken
  }

  private static func resized(_ block: UnsafeMutableRawPointer?, to bytes: Int) -> UnsafeMutableRawPointer {
    guard let resized = realloc(block, bytes) else { fatalError("out of memory (\(bytes) bytes)") }
    return resized
  }
}
