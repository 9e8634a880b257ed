/// The pieces of a Unigram vocabulary with their scores, and what its normaliser replaces.
///
/// Special pieces are those with the score 0: none of them matches a text.
struct UnigramVocabulary: Sendable {
  /// How much less likely than the least likely piece an unknown character is, as in SentencePiece.
  private static let unknownPenalty = 10.0
  private static let maxCount = 1 << 24

  let count: Int
  let start: Int32
  let end: Int32
  let unknown: Int32
  let unknownScore: Double
  let normaliser: UnigramNormaliser

  private let pieces: FourBitFile.Pieces
  /// Keeps the pieces' bytes mapped.
  private let file: MappedFile
  private var longest = 0
  /// Ids by hash; open addressing, -1 is an empty place.
  private var table: [Int32]
  /// A bit for the hash of every beginning of a piece: a search stops where no piece goes on.
  private var beginnings: [UInt64]

  /// - Parameter file: holds the pieces' bytes.
  /// - Throws: `model_corrupt`.
  init(_ pieces: FourBitFile.Pieces, of file: MappedFile) throws(EmbeddingError) {
    self.pieces = pieces
    self.file = file
    count = pieces.count
    guard (1...Self.maxCount).contains(count),
      [pieces.start, pieces.end, pieces.padding, pieces.unknown].allSatisfy({ $0 < pieces.count })
    else { throw .modelCorrupt("the vocabulary has no such special tokens") }
    (start, end, unknown) = (Int32(pieces.start), Int32(pieces.end), Int32(pieces.unknown))
    normaliser = try UnigramNormaliser(pieces)
    var capacity = 16
    while capacity < 2 * count { capacity *= 2 }
    table = Array(repeating: -1, count: capacity)
    beginnings = Array(repeating: 0, count: capacity / 4)
    var least: Float = 0
    for id in 0..<count {
      let score = Self.score(id, pieces)
      let range = Self.range(id, pieces)
      guard score.isFinite, score <= 0, range.lowerBound <= range.upperBound,
        range.upperBound <= pieces.bytes.count
      else { throw .modelCorrupt("the vocabulary's piece \(id) lies outside it or has no score") }
      least = min(least, score)
    }
    unknownScore = Double(least) - Self.unknownPenalty
    for id in 0..<count where Self.score(id, pieces) < 0 { add(id) }
  }

  private mutating func add(_ id: Int) {
    let piece = bytes(of: id)
    guard !piece.isEmpty else { return }
    longest = max(longest, piece.count)
    var hash = Self.seed
    for (index, byte) in piece.enumerated() {
      hash = Self.mix(hash, byte)
      if index + 1 == piece.count || Self.startsCharacter(piece[index + 1]) {
        let bit = bit(hash)
        beginnings[bit >> 6] |= 1 << UInt64(bit & 63)
      }
    }
    var place = place(hash)
    while table[place] >= 0 { place = (place + 1) & (table.count - 1) }
    table[place] = Int32(id)
  }

  /// Calls `body` with every piece that stands in a word at a place, the shortest first: its id, its score, and where
  /// it ends.
  func forEachPiece(
    at start: Int, of word: UnsafeBufferPointer<UInt8>, _ body: (Int32, Double, Int) -> Void
  ) {
    var hash = Self.seed
    for index in start..<min(word.count, start + longest) {
      hash = Self.mix(hash, word[index])
      let end = index + 1
      guard end == word.count || Self.startsCharacter(word[end]) else { continue }
      let bit = bit(hash)
      guard beginnings[bit >> 6] & 1 << UInt64(bit & 63) != 0 else { return }
      var place = place(hash)
      while table[place] >= 0 {
        let id = Int(table[place])
        if bytes(of: id).elementsEqual(word[start..<end]) {
          body(Int32(id), Double(Self.score(id, pieces)), end)
          break
        }
        place = (place + 1) & (table.count - 1)
      }
    }
  }

  /// How many bytes of UTF-8 a character has that begins with a byte.
  static func length(ofCharacterFrom byte: UInt8) -> Int {
    switch byte {
    case 0xF0...: 4
    case 0xE0...: 3
    case 0xC0...: 2
    default: 1
    }
  }

  private static func startsCharacter(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

  private func bytes(of id: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: pieces.bytes[Self.range(id, pieces)])
  }

  private static func range(_ id: Int, _ pieces: FourBitFile.Pieces) -> Range<Int> {
    func offset(_ index: Int) -> Int {
      Int(
        UInt32(littleEndian: pieces.offsets.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
    }
    return Range(uncheckedBounds: (offset(id), offset(id + 1)))
  }

  private static func score(_ id: Int, _ pieces: FourBitFile.Pieces) -> Float {
    Float(
      bitPattern: UInt32(
        littleEndian: pieces.scores.loadUnaligned(fromByteOffset: 4 * id, as: UInt32.self)))
  }

  private func place(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: spread(hash) >> 32) & (table.count - 1)
  }

  private func bit(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: spread(hash) >> 20) & (64 * beginnings.count - 1)
  }

  private func spread(_ hash: UInt64) -> UInt64 { (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15 }

  // FNV-1a.
  private static let seed: UInt64 = 0xcbf29ce4_84222325
  private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
  }
}
