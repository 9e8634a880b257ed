import CKernels
import Foundation

/// Where a segment file's bytes go.
enum SegmentSink {
  case heap(HeapBlock)
  case file(any StorageFile)
}

/// Writes one binary file: header, sections, table of contents, footer.
///
/// The first failure is kept and everything after it ignored; `check` and `finish` throw it.
final class SegmentFileWriter {
  private let sink: SegmentSink
  private let pending = HeapBlock()
  private var written: UInt64 = 0
  private var toc: [UInt8] = []
  private var sectionCount: UInt32 = 0
  private var section: (id: SectionID, start: UInt64)?
  private var hash = fd_hash64_state()
  private let headerHash: UInt64
  private var failure: SearchIndexError?

  private static let bufferBytes = 256 << 10

  init(_ kind: SegmentFileKind, to sink: SegmentSink) {
    self.sink = sink
    var header: [UInt8] = []
    header.appendLittleEndian(SegmentFormat.headerMagic)
    header.appendLittleEndian(SegmentFormat.version)
    header.appendLittleEndian(kind.rawValue)
    header.append(contentsOf: repeatElement(0, count: SegmentFormat.headerBytes - header.count))
    headerHash = fd_hash64(header, header.count, 0)
    emit(header)
  }

  /// Bytes in the current section so far.
  var sectionBytes: UInt64 { section.map { position - $0.start } ?? 0 }
  private var position: UInt64 { written + UInt64(pending.count) }

  func begin(_ id: SectionID) {
    precondition(section == nil)
    pad()
    section = (id, position)
    fd_hash64_begin(&hash, 0)
  }

  func append(_ bytes: UnsafeRawBufferPointer) {
    fd_hash64_update(&hash, bytes.baseAddress, bytes.count)
    emit(bytes)
  }

  func append<Number: FixedWidthInteger>(_ numbers: [Number]) { numbers.withUnsafeBytes { append($0) } }
  func append(_ numbers: [Float]) { numbers.withUnsafeBytes { append($0) } }

  func end() {
    guard let section else { preconditionFailure("no section") }
    toc.appendLittleEndian(section.id.rawValue)
    toc.appendLittleEndian(UInt32(0))
    toc.appendLittleEndian(section.start)
    toc.appendLittleEndian(position - section.start)
    toc.appendLittleEndian(fd_hash64_value(&hash))
    sectionCount += 1
    self.section = nil
  }

  func write<Number: FixedWidthInteger>(_ id: SectionID, _ numbers: [Number]) {
    begin(id)
    append(numbers)
    end()
  }

  func check() throws(SearchIndexError) { if let failure { throw failure } }

  /// Writes table of contents and footer, and makes a file durable.
  ///
  /// - Returns: the file's bytes and its checksum, which covers header and table of contents, and through
  ///   the latter every section.
  func finish() throws(SearchIndexError) -> (bytes: Int, checksum: UInt64) {
    precondition(section == nil)
    pad()
    let tocStart = position
    emit(toc)
    let checksum = fd_hash64(toc, toc.count, headerHash)
    var footer: [UInt8] = []
    footer.appendLittleEndian(tocStart)
    footer.appendLittleEndian(UInt64(toc.count))
    footer.appendLittleEndian(checksum)
    footer.appendLittleEndian(position + UInt64(SegmentFormat.footerBytes))
    footer.appendLittleEndian(SegmentFormat.footerMagic)
    emit(footer)
    drain()
    try check()
    if case .file(let file) = sink {
      try file.sync()
      try file.close()
    }
    return (Int(position), checksum)
  }

  private func pad() {
    let alignment = UInt64(SegmentFormat.sectionAlignment)
    let rest = Int(position % alignment)
    if rest > 0 { emit([UInt8](repeating: 0, count: Int(alignment) - rest)) }
  }

  private func emit(_ bytes: [UInt8]) { bytes.withUnsafeBytes { emit($0) } }

  private func emit(_ bytes: UnsafeRawBufferPointer) {
    if bytes.count >= Self.bufferBytes {
      drain()
      send(bytes)
    } else {
      pending.append(bytes)
      if pending.count >= Self.bufferBytes { drain() }
    }
  }

  private func drain() {
    send(pending.bytes)
    pending.removeAll()
  }

  private func send(_ bytes: UnsafeRawBufferPointer) {
    written += UInt64(bytes.count)
    guard failure == nil, bytes.count > 0 else { return }
    switch sink {
    case .heap(let block): block.append(bytes)
    case .file(let file): do { try file.write(bytes) } catch { failure = error }
    }
  }
}

extension Array where Element == UInt8 {
  mutating func appendLittleEndian<Number: FixedWidthInteger>(_ number: Number) {
    var number = number.littleEndian
    Swift.withUnsafeBytes(of: &number) { append(contentsOf: $0) }
  }
}
