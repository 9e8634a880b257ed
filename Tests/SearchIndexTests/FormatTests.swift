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

  struct Block {
    var ordinals: [Int] = []
    /// By field, by posting.
    var frequencies: [[Int]] = []
    /// By field: largest frequency, smallest length.
    var bounds: [(Int, Int)] = []
  }

  /// The blocks of a term's list.
  func blocks(_ term: Int, fields: Int) -> [Block] {
    let count = Int(numbers(18, 4)[term])
    let list = (sections[20]?.lowerBound ?? 0) + Int(numbers(19, 8)[term])
    let entryBytes = 8 + 4 * fields
    let blockCount = (count + 127) / 128
    var next = 0
    return (0..<blockCount).map { index in
      var block = Block()
      let entry = list + index * entryBytes
      block.bounds = (0..<fields).map {
        (Int(number(entry + 8 + 4 * $0, 2)), Int(number(entry + 10 + 4 * $0, 2)))
      }
      let size = min(128, count - index * 128)
      var bit = (list + blockCount * entryBytes + Int(number(entry + 4, 4))) * 8
      func take(_ bits: Int) -> Int {
        defer { bit += bits }
        return (0..<bits).reduce(0) { $0 | Int(bytes[(bit + $1) / 8] >> UInt8((bit + $1) % 8) & 1) << $1 }
      }
      let widths = (0...fields).map { _ in take(8) }
      for _ in 0..<size {
        block.ordinals.append(next + take(widths[0]))
        next = block.ordinals[block.ordinals.count - 1] + 1
      }
      for field in 0..<fields {
        bit = (bit + 7) / 8 * 8
        block.frequencies.append((0..<size).map { _ in take(widths[1 + field]) })
      }
      #expect(Int(number(entry, 4)) == next - 1)
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

  /// What a later skipping of blocks will rely on.
  @Test func everyBlockHasTheBoundsOfItsPostings() throws {
    let (entries, files) = try files()
    let file = PlainLexicalFile(try #require(files[".lex"]))
    let info = file.numbers(1, 8).map(Int.init)
    #expect(info[0] == 400 && info[1] == 58 && info[4] == 3)
    let lengths = file.numbers(5, 2).map(Int.init)
    #expect(lengths == entries.flatMap { $0.fields.map(\.length) })
    var longLists = 0
    var postings = 0
    for term in 0..<info[2] {
      let blocks = file.blocks(term, fields: 3)
      longLists += blocks.count > 1 ? 1 : 0
      for block in blocks {
        postings += block.ordinals.count
        for field in 0..<3 {
          let present = block.ordinals.indices.filter { block.frequencies[field][$0] > 0 }
          #expect(block.bounds[field].0 == block.frequencies[field].max())
          #expect(
            block.bounds[field].1 == present.map { lengths[block.ordinals[$0] * 3 + field] }.min() ?? 65_535)
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
  @Test func formatOneStaysAsItIs() throws {
    let files = try files().files
    #expect(
      files.mapValues { String(checksum($0), radix: 16) } == [
        ".lex": "812489a5ef5046a4", ".vec": "90df7347f8649956",
      ])
  }
}
