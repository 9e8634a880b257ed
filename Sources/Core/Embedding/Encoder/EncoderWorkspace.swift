import CKernels

/// Memory for the intermediate values of one forward pass; grows to the largest batch it has seen.
///
/// Belongs to one thread at a time.
final class EncoderWorkspace {
  private(set) var hidden: UnsafeMutablePointer<Float>
  private(set) var wide: UnsafeMutablePointer<Float>
  private(set) var update: UnsafeMutablePointer<Float>
  private(set) var context: UnsafeMutablePointer<Float>
  private(set) var scratch: UnsafeMutablePointer<Float>
  /// Eight-bit activations as wide as the hidden states, and as the feed-forward part.
  private(set) var codes: UnsafeMutablePointer<UInt8>
  private(set) var wideCodes: UnsafeMutablePointer<UInt8>
  private(set) var rowCodes: UnsafeMutablePointer<fd_i8_row>
  private(set) var wideRowCodes: UnsafeMutablePointer<fd_i8_row>
  private var rows = 0
  private var scratchCount = 0
  private let width: Int
  private let wideWidth: Int
  private let intermediate: Int

  init(_ specification: ModelSpecification) {
    width = specification.dimension
    wideWidth = max(3 * specification.dimension, specification.intermediate)
    hidden = .allocate(capacity: 1)
    wide = .allocate(capacity: 1)
    update = .allocate(capacity: 1)
    context = .allocate(capacity: 1)
    scratch = .allocate(capacity: 1)
    intermediate = specification.intermediate
    codes = .allocate(capacity: 1)
    wideCodes = .allocate(capacity: 1)
    rowCodes = .allocate(capacity: 1)
    wideRowCodes = .allocate(capacity: 1)
  }

  deinit {
    for buffer in [hidden, wide, update, context, scratch] { buffer.deallocate() }
    for buffer in [codes, wideCodes] { buffer.deallocate() }
    for buffer in [rowCodes, wideRowCodes] { buffer.deallocate() }
  }

  /// Makes room; what was there is lost.
  func reserve(rows newRows: Int, longest length: Int, headWidth: Int) {
    if newRows > rows {
      rows = newRows
      resize(&hidden, rows * width)
      resize(&wide, rows * wideWidth)
      resize(&update, rows * width)
      resize(&context, rows * width)
      resize(&codes, rows * width)
      resize(&wideCodes, rows * intermediate)
      resize(&rowCodes, rows)
      resize(&wideRowCodes, rows)
    }
    let count = fd_attention_scratch_count(length, headWidth)
    if count > scratchCount {
      scratchCount = count
      resize(&scratch, count)
    }
  }

  private func resize<Element>(_ buffer: inout UnsafeMutablePointer<Element>, _ count: Int) {
    buffer.deallocate()
    buffer = .allocate(capacity: count)
  }
}
