import CKernels
import Foundation

/// One binary file, opened: its frame is checked, its sections' bodies are not.
struct SegmentFile {
  struct Section {
    let id: UInt32
    let offset: UInt64
    let length: UInt64
    let checksum: UInt64
  }

  let bytes: StoredBytes
  let kind: SegmentFileKind
  /// Covers header and table of contents.
  let checksum: UInt64
  let sections: [Section]

  private var whole: ByteView { ByteView(start: bytes.start, count: bytes.count) }

  /// Checks length, header, footer and table of contents.
  ///
  /// - Throws: corrupt.
  init(_ bytes: StoredBytes, kind: SegmentFileKind) throws(SearchIndexError) {
    self.bytes = bytes
    self.kind = kind
    let start = bytes.start
    func word(_ offset: Int) -> UInt64 { start.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    func half(_ offset: Int) -> UInt32 { start.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
    let frame = SegmentFormat.headerBytes + SegmentFormat.footerBytes
    guard bytes.count >= frame else { throw .corrupt("\(bytes.count) bytes are no \(kind) file") }
    guard word(0) == SegmentFormat.headerMagic, half(12) == kind.rawValue else {
      throw .corrupt("not a \(kind) file")
    }
    guard half(8) == SegmentFormat.version else { throw .corrupt("\(kind) file of format \(half(8))") }
    let footer = bytes.count - SegmentFormat.footerBytes
    guard word(footer + 32) == SegmentFormat.footerMagic, word(footer + 24) == UInt64(bytes.count) else {
      throw .corrupt("\(kind) file without its end")
    }
    let tocStart = word(footer)
    let tocLength = word(footer + 8)
    let entryBytes = UInt64(SegmentFormat.tocEntryBytes)
    guard tocStart >= UInt64(SegmentFormat.headerBytes), tocStart <= UInt64(footer),
      tocLength == UInt64(footer) - tocStart, tocLength % entryBytes == 0,
      tocLength / entryBytes <= UInt64(SegmentFormat.maxSections)
    else { throw .corrupt("\(kind) file without table of contents") }
    checksum = fd_hash64(
      start + Int(tocStart), Int(tocLength), fd_hash64(start, SegmentFormat.headerBytes, 0))
    guard checksum == word(footer + 16) else { throw .corrupt("\(kind) file's table of contents") }

    var sections: [Section] = []
    for entry in stride(from: Int(tocStart), to: footer, by: SegmentFormat.tocEntryBytes) {
      let section = Section(
        id: half(entry), offset: word(entry + 8), length: word(entry + 16), checksum: word(entry + 24))
      guard section.offset <= tocStart, section.length <= tocStart - section.offset else {
        throw .corrupt("\(kind) file: section \(section.id) lies outside")
      }
      sections.append(section)
    }
    self.sections = sections
  }

  /// - Throws: corrupt where there is no such section.
  func section(_ id: SectionID) throws(SearchIndexError) -> ByteView {
    guard let section = sections.first(where: { $0.id == id.rawValue }),
      let view = whole.part(from: section.offset, count: section.length)
    else { throw .corrupt("\(kind) file without section \(id)") }
    return view
  }

  /// A small section, its body compared with its checksum.
  func checkedSection(_ id: SectionID) throws(SearchIndexError) -> ByteView {
    let view = try section(id)
    guard let section = sections.first(where: { $0.id == id.rawValue }),
      fd_hash64(view.start, view.count, 0) == section.checksum
    else { throw .corrupt("\(kind) file: section \(id)") }
    return view
  }

  /// Hashes every body, and looks for anything but zeros between them.
  ///
  /// - Returns: what is wrong, nothing for a sound file.
  func damage() -> [String] {
    var found: [String] = []
    var end = UInt64(SegmentFormat.headerBytes)
    for section in sections.sorted(by: { $0.offset < $1.offset }) {
      let name = SectionID(rawValue: section.id).map { "\($0)" } ?? "\(section.id)"
      if section.offset < end { found.append("section \(name) overlaps another") }
      if section.offset > end, !isZero(from: end, to: section.offset) {
        found.append("bytes before section \(name)")
      }
      if let view = whole.part(from: section.offset, count: section.length),
        fd_hash64(view.start, view.count, 0) != section.checksum
      {
        found.append("section \(name)")
      }
      end = max(end, section.offset + section.length)
    }
    let tocStart =
      UInt64(bytes.count - SegmentFormat.footerBytes)
      - UInt64(sections.count * SegmentFormat.tocEntryBytes)
    if !isZero(from: end, to: tocStart) { found.append("bytes before the table of contents") }
    return found
  }

  private func isZero(from start: UInt64, to end: UInt64) -> Bool {
    guard end >= start, let view = whole.part(from: start, count: end - start) else { return end < start }
    return view.buffer.allSatisfy { $0 == 0 }
  }
}
