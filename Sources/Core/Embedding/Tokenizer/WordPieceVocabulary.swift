import Foundation

/// The pieces of a WordPiece vocabulary, for longest-match look-up.
///
/// Special tokens and unused places (`[CLS]`, `[unused7]`) are not among the pieces that can match.
struct WordPieceVocabulary: Sendable {
  let count: Int
  let unknown: Int32
  let classify: Int32
  let separator: Int32

  /// Bytes of all pieces, without `##`.
  private var bytes: [UInt8] = []
  private var offsets: [Int32] = [0]
  private var isContinuation: [Bool] = []
  private var longest = 0
  /// Open addressing; -1 is an empty place.
  private var table: [Int32]

  /// Reads a vocabulary with one token a line; the line number from 0 is the id.
  ///
  /// - Throws: `model_corrupt`.
  init(_ url: URL) throws(EmbeddingError) {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .modelCorrupt("the vocabulary cannot be read", cause: error)
    }
    var lines = [UInt8](data).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    lines = lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    func special(_ token: String) throws(EmbeddingError) -> Int32 {
      guard let index = lines.firstIndex(where: { $0.elementsEqual(token.utf8) }) else {
        throw .modelCorrupt("the vocabulary has no \(token)")
      }
      return Int32(index)
    }
    guard lines.count < 1 << 24 else { throw .modelCorrupt("the vocabulary has too many lines") }
    unknown = try special("[UNK]")
    classify = try special("[CLS]")
    separator = try special("[SEP]")
    count = lines.count
    var capacity = 16
    while capacity < 2 * lines.count { capacity *= 2 }
    table = Array(repeating: -1, count: capacity)
    bytes.reserveCapacity(data.count)
    for (id, line) in lines.enumerated() { add(line, Int32(id)) }
  }

  private mutating func add(_ line: ArraySlice<UInt8>, _ id: Int32) {
    let isSpecial = line.count > 2 && line.first == UInt8(ascii: "[") && line.last == UInt8(ascii: "]")
    let continues = line.starts(with: "##".utf8) && line.count > 2
    let piece = continues ? line.dropFirst(2) : line
    bytes.append(contentsOf: piece)
    offsets.append(Int32(bytes.count))
    isContinuation.append(continues)
    guard !isSpecial, !piece.isEmpty else { return }
    longest = max(longest, piece.count)
    var hash = WordPieceVocabulary.seed(continues)
    for byte in piece { hash = WordPieceVocabulary.mix(hash, byte) }
    var place = self.place(hash)
    while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
    table[place] = id
  }

  /// Splits a word into the longest pieces from the left (Wu et al. 2016, arXiv:1609.08144).
  ///
  /// - Parameters:
  ///   - word: normalised UTF-8.
  ///   - pieces: replaced by the word's, or by one unknown where some part of the word matches nothing.
  func split(_ word: [UInt8], into pieces: inout WordPieces) {
    pieces.removeAll()
    var start = 0
    while start < word.count {
      pieces.prefixes.removeAll(keepingCapacity: true)
      var hash = WordPieceVocabulary.seed(start > 0)
      for index in start..<min(word.count, start + longest) {
        hash = WordPieceVocabulary.mix(hash, word[index])
        // A piece ends where a character does.
        if index + 1 == word.count || word[index + 1] & 0xC0 != 0x80 {
          pieces.prefixes.append((index + 1, hash))
        }
      }
      guard let (end, id) = longestPiece(word, from: start, pieces.prefixes) else {
        pieces.removeAll()
        pieces.append(unknown, end: word.count)
        return
      }
      pieces.append(id, end: end)
      start = end
    }
  }

  private func longestPiece(
    _ word: [UInt8],
    from start: Int,
    _ prefixes: [(end: Int, hash: UInt64)]
  ) -> (end: Int, id: Int32)? {
    for (end, hash) in prefixes.reversed() {
      var place = self.place(hash)
      while table[place] >= 0 {
        let id = table[place]
        if isContinuation[Int(id)] == (start > 0), matches(word, start, end, id) { return (end, id) }
        place = (place + 1) & (table.count - 1)
      }
    }
    return nil
  }

  private func matches(_ word: [UInt8], _ start: Int, _ end: Int, _ id: Int32) -> Bool {
    let lower = Int(offsets[Int(id)])
    guard Int(offsets[Int(id) + 1]) - lower == end - start else { return false }
    for index in 0..<(end - start) where bytes[lower + index] != word[start + index] { return false }
    return true
  }

  /// FNV leaves the middle bits of a short piece's hash nearly constant; one more multiplication spreads it.
  private func place(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15 >> 32) & (table.count - 1)
  }

  // FNV-1a, with another basis for continuations.
  private static func seed(_ continues: Bool) -> UInt64 {
    continues ? 0x84222325_cbf29ce4 : 0xcbf29ce4_84222325
  }
  private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }
}

/// The pieces of one word; kept between words so that none allocates.
struct WordPieces {
  private(set) var ids: [Int32] = []
  /// Where each piece ends, in bytes of the word.
  private(set) var ends: [Int] = []
  /// Hashes of the beginnings of what is left of the word.
  fileprivate var prefixes: [(end: Int, hash: UInt64)] = []

  var count: Int { ids.count }

  mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  mutating func append(_ id: Int32, end: Int) {
    ids.append(id)
    ends.append(end)
  }
}
