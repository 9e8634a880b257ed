import Foundation
import SearchIndex
import TestSupport
import Testing

/// Reads a lexical file as its description says, without the index's own reader.
private struct PlainLexicalFile {
  let bytes: [UInt8]
  private var sections: [UInt32: Range<Int>] = [:]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let footer = bytes.count - 40
    for entry in stride(from: Int(number(footer, 8)), to: footer, by: 32) {
      let start = Int(number(entry + 8, 8))
      sections[UInt32(number(entry, 4))] = start..<start + Int(number(entry + 16, 8))
    }
  }

  func number(_ offset: Int, _ width: Int) -> UInt64 {
    (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }

  func numbers(_ section: UInt32, _ width: Int) -> [UInt64] {
    let range = sections[section] ?? 0..<0
    return stride(from: range.lowerBound, to: range.upperBound, by: width).map { number($0, width) }
  }

  /// Numbers of the width that a section names, counted from the smallest.
  func packedNumbers(_ section: UInt32, _ count: Int) -> [UInt64] {
    let start = sections[section]?.lowerBound ?? 0
    let (smallest, width) = (number(start, 8), Int(number(start + 8, 8)))
    return (0..<count).map { smallest + bits((start + 16) * 8 + $0 * width, width) }
  }

  private func bits(_ first: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) {
      $0 | UInt64(bytes[(first + $1) / 8] >> UInt8((first + $1) % 8) & 1) << UInt64($1)
    }
  }

  /// Lengths chunk by chunk.
  func lengths(_ section: UInt32, chunks: Int, fields: Int) -> [Int] {
    let start = sections[section]?.lowerBound ?? 0
    var column = start + fields
    var columns: [[Int]] = []
    for field in 0..<fields {
      let width = Int(bytes[start + field])
      columns.append((0..<chunks).map { Int(number(column + $0 * width, width)) })
      column += chunks * width
    }
    return (0..<chunks).flatMap { chunk in columns.map { $0[chunk] } }
  }

  struct Block {
    var ordinals: [Int] = []
    /// By field, by posting.
    var frequencies: [[Int]] = []
    /// By field: largest frequency, smallest length; none in a list of one block.
    var bounds: [(Int, Int)] = []
  }

  /// Every term's number of postings and where its list starts in the file.
  func terms(_ count: Int) -> [(postings: Int, list: Int)] {
    var place = sections[16]?.lowerBound ?? 0
    var list = sections[20]?.lowerBound ?? 0
    func varint() -> Int {
      var value = 0
      var shift = 0
      repeat {
        value |= Int(bytes[place] & 0x7f) << shift
        shift += 7
        place += 1
      } while bytes[place - 1] >= 0x80
      return value
    }
    return (0..<count).map { term in
      if term % 16 == 0 {
        let blocks = numbers(17, 8)
        #expect(Int(blocks[term / 8]) == place - (sections[16]?.lowerBound ?? 0))
        #expect(Int(blocks[term / 8 + 1]) == list - (sections[20]?.lowerBound ?? 0))
      }
      _ = varint()
      place += varint()
      let postings = varint()
      defer { list += varint() }
      return (postings, list)
    }
  }

  /// The blocks of a list.
  func blocks(_ postings: Int, at list: Int, fields: Int) -> [Block] {
    let entryBytes = 8 + 4 * fields
    let blockCount = (postings + 127) / 128
    let tableBytes = blockCount > 1 ? blockCount * entryBytes : 0
    var next = 0
    return (0..<blockCount).map { index in
      var block = Block()
      let entry = list + index * entryBytes
      if tableBytes > 0 {
        block.bounds = (0..<fields).map {
          (Int(number(entry + 8 + 4 * $0, 2)), Int(number(entry + 10 + 4 * $0, 2)))
        }
      }
      let size = min(128, postings - index * 128)
      var place = list + tableBytes + (tableBytes > 0 ? Int(number(entry + 4, 4)) : 0)
      let header = bytes[place..<place + 1 + fields]
      place += header.count
      /// Whole blocks in four lanes of 32 numbers, others in one run.
      func take(_ width: Int) -> [Int] {
        defer { place += size == 128 ? 16 * width : (size * width + 7) / 8 }
        return (0..<size).map { i in
          guard size == 128 else { return Int(bits(place * 8 + i * width, width)) }
          return (0..<width).reduce(0) { number, bit in
            let own = i / 4 * width + bit
            return number | Int(bits((place + own / 32 * 16 + i % 4 * 4) * 8 + own % 32, 1)) << bit
          }
        }
      }
      for gap in take(Int(header[header.startIndex])) {
        block.ordinals.append(next + gap)
        next += gap + 1
      }
      for byte in header.dropFirst() {
        block.frequencies.append(take(Int(byte & 0x7f)).map { $0 + (byte >= 0x80 ? 1 : 0) })
      }
      if tableBytes > 0 { #expect(Int(number(entry, 4)) == next - 1) }
      return block
    }
  }
}

@Suite struct FormatTests {
  /// A compacted index of 400 chunks; its files by suffix.
  private func files() throws -> (entries: [ChunkEntry], files: [String: [UInt8]]) {
    let folder = try TemporaryFolder()
    let index = try SearchIndex.open(at: folder.url, identity: Sampler.identity, access: .readWrite).0
    var sampler = Sampler(seed: 61)
    let entries = (0..<400).map { sampler.entry(key: UInt64($0), group: UInt64($0 / 7)) }
    try index.apply(IndexUpdate(removedGroups: [], added: entries))
    index.publish(generation: 1)
    try index.compact()
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    where name.hasPrefix("seg-") {
      files[String(name.suffix(4))] = [UInt8](try Data(contentsOf: folder.url.appendingPathComponent(name)))
    }
    return (entries, files)
  }

  /// What skipping relies on.
  @Test func everyBlockHasTheBoundsOfItsPostings() throws {
    let (entries, files) = try files()
    let file = PlainLexicalFile(try #require(files[".lex"]))
    let info = file.numbers(1, 8).map(Int.init)
    #expect(info[0] == 400 && info[1] == 58 && info[4] == 3)
    #expect(file.packedNumbers(2, 400) == entries.map(\.key))
    #expect(file.packedNumbers(3, 400) == entries.map(\.group))
    #expect(file.packedNumbers(4, 400) == (0..<400).map { UInt64($0) })
    let lengths = file.lengths(5, chunks: 400, fields: 3)
    #expect(lengths == entries.flatMap { $0.fields.map(\.length) })
    var longLists = 0
    var postings = 0
    for term in file.terms(info[2]) {
      let blocks = file.blocks(term.postings, at: term.list, fields: 3)
      longLists += blocks.count > 1 ? 1 : 0
      for block in blocks {
        postings += block.ordinals.count
        for (field, bounds) in block.bounds.enumerated() {
          let present = block.ordinals.indices.filter { block.frequencies[field][$0] > 0 }
          #expect(bounds.0 == block.frequencies[field].max())
          #expect(bounds.1 == present.map { lengths[block.ordinals[$0] * 3 + field] }.min() ?? 65_535)
        }
      }
    }
    #expect(longLists >= 3)
    let expected = entries.reduce(0) { sum, entry in
      sum + Set(entry.fields.flatMap { $0.terms.map { Array($0.term.utf8) } }).count
    }
    #expect(postings == expected)
  }

  /// The bytes are a function of the chunks: where this fails, the format has changed, and its version
  /// must change with it, or older files would be misread.
  @Test func formatThreeStaysAsItIs() throws {
    let files = try files().files
    #expect(
      files.mapValues { String(checksum($0), radix: 16) } == [
        ".lex": "eab6f44015f62070", ".vec": "1eccffa7f1715098",
      ])
  }
}
