import Domain
import Foundation
import Security

/// A chunk of a version as it is kept beside the version's text: places in it, and what is not in it.
struct StoredChunk: Codable {
  /// A text that was embedded: `head`, then a range of the version's text.
  struct Embedded: Codable {
    let head: String
    /// First byte and the one behind the last; nil where `head` is all.
    let span: [Int]?
    /// Of the text that was embedded, where this only comes near it.
    var hash: Data?
  }

  let headings: [String]
  /// First byte and the one behind the last.
  let span: [Int]
  /// Nil where it is what stands at `span`.
  let text: String?
  let hash: Data
  let embedded: [Embedded]

  init(_ chunk: ChunkWrite, in text: VersionText) {
    let draft = chunk.draft
    headings = draft.headingPath
    span = [draft.span.start, draft.span.end]
    self.text = text.holds(draft.text, at: draft.span) ? nil : draft.text
    hash = chunk.contentHash
    embedded = draft.embeddedTexts.map { text.split($0, body: draft) }
  }

  init(headings: [String], span: ByteSpan, text: String?, hash: Data, embedded: [Embedded]) {
    self.headings = headings
    self.span = [span.start, span.end]
    self.text = text
    self.hash = hash
    self.embedded = embedded
  }

  /// - Throws: `store_corrupt` where a place lies outside of the text.
  func chunk(ordinal: Int, in version: VersionText) throws -> ChunkWrite {
    guard span.count == 2, 0 <= span[0], span[0] <= span[1] else {
      throw StoreError.corrupt("a chunk of a version has no place")
    }
    let texts = try embedded.map { $0.head + (try $0.span.map { try version.slice($0) } ?? "") }
    let body = try text ?? version.slice(span)
    let draft = ChunkDraft(
      ordinal: ordinal, headingPath: headings, span: ByteSpan(start: span[0], end: span[1]), text: body,
      embeddedTexts: texts)
    return ChunkWrite(
      draft: draft, contentHash: hash, textHashes: zip(embedded, texts).map { $0.hash ?? Digest.sha256($1) })
  }

  static func encode(_ chunks: [StoredChunk]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(chunks)
  }

  static func decode(_ column: Data, in text: VersionText) throws -> [ChunkWrite] {
    let stored: [StoredChunk]
    do {
      stored = try JSONDecoder().decode([StoredChunk].self, from: column)
    } catch {
      throw StoreError.corrupt("the chunks of a version cannot be read", cause: error)
    }
    return try stored.enumerated().map { try $1.chunk(ordinal: $0, in: text) }
  }
}

/// The bytes of a version's text, to cut from and to look in.
struct VersionText {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  func holds(_ text: String, at span: ByteSpan) -> Bool {
    guard 0 <= span.start, span.start <= span.end, span.end <= bytes.count else { return false }
    return bytes[span.start..<span.end].elementsEqual(text.utf8)
  }

  func slice(_ span: [Int]) throws -> String {
    guard span.count == 2, 0 <= span[0], span[0] <= span[1], span[1] <= bytes.count else {
      throw StoreError.corrupt("a chunk lies outside of its version's text")
    }
    return String(decoding: bytes[span[0]..<span[1]], as: UTF8.self)
  }

  /// Finds the end of an embedded text in the version's text: the body of its chunk, else what follows its first
  /// line break (a window of a FAQ's answer).
  func split(_ embedded: String, body: ChunkDraft) -> StoredChunk.Embedded {
    let all = Array(embedded.utf8)
    let end = Array(body.text.utf8)
    if !end.isEmpty, all.count >= end.count, all.suffix(end.count).elementsEqual(end),
      holds(body.text, at: body.span)
    {
      return .init(
        head: String(decoding: all.dropLast(end.count), as: UTF8.self),
        span: [body.span.start, body.span.end])
    }
    if let lineBreak = all.firstIndex(of: UInt8(ascii: "\n")), lineBreak + 1 < all.count,
      let place = place(of: all[(lineBreak + 1)...])
    {
      return .init(
        head: String(decoding: all[...lineBreak], as: UTF8.self),
        span: [place, place + all.count - lineBreak - 1])
    }
    return .init(head: embedded, span: nil)
  }

  /// Where bytes first stand in the text.
  private func place(of part: ArraySlice<UInt8>) -> Int? {
    guard let first = part.first, part.count <= bytes.count else { return nil }
    var start = 0
    let last = bytes.count - part.count
    while start <= last, let next = bytes[start...last].firstIndex(of: first) {
      if bytes[next..<(next + part.count)].elementsEqual(part) { return next }
      start = next + 1
    }
    return nil
  }
}
