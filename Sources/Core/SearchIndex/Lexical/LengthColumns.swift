import CKernels

/// Lengths of chunks by field, each field in as few bytes as its longest needs.
///
/// Layout: a byte a field, the bytes of one of its lengths (0 where all are 0, 1 or 2); then the lengths, field
/// by field.
///
/// Unchecked Sendable: what is behind the pointer never changes between init and deinit.
final class LengthColumns: @unchecked Sendable {
  private let fields: Int
  private let chunks: Int
  /// By field, for the kernels.
  let columns: UnsafeMutablePointer<fd_lengths>

  /// - Throws: corrupt where the view does not hold the lengths of exactly `chunks` chunks.
  init(_ view: ByteView, fields: Int, chunks: Int) throws(SearchIndexError) {
    self.fields = fields
    self.chunks = chunks
    let widths = view.buffer.prefix(fields).map(Int.init)
    guard widths.count == fields, widths.allSatisfy({ $0 <= 2 }),
      view.count == fields + widths.reduce(0, +) * chunks
    else { throw .corrupt("lengths of \(view.count) bytes for \(chunks) chunks") }
    columns = .allocate(capacity: max(1, fields))
    var start = view.start.assumingMemoryBound(to: UInt8.self) + fields
    for (field, width) in widths.enumerated() {
      (columns + field).initialize(to: fd_lengths(start: start, width: UInt32(width)))
      start += width * chunks
    }
  }

  deinit { columns.deallocate() }

  subscript(chunk: Int, field: Int) -> UInt16 {
    precondition(chunk >= 0 && chunk < chunks && field >= 0 && field < fields)
    return fd_length(columns + field, chunk)
  }

  /// The bytes of lengths given chunk by chunk.
  static func encoded(_ lengths: [UInt16], fields: Int) -> [UInt8] {
    var widths: [UInt8] = []
    var columns: [UInt8] = []
    for field in 0..<fields {
      let column = stride(from: field, to: lengths.count, by: fields).map { lengths[$0] }
      let longest = column.max() ?? 0
      widths.append(longest == 0 ? 0 : longest < 256 ? 1 : 2)
      switch widths[field] {
      case 0: break
      case 1: columns.append(contentsOf: column.map { UInt8($0) })
      default: for length in column { columns.appendLittleEndian(length) }
      }
    }
    return widths + columns
  }
}
