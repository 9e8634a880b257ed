/// The binary files of an index, format 3.
///
/// A folder holds `manifest` (see `Manifest`), `writer.lock`, and per segment, all named `seg-` and 16
/// random hexadecimal digits: one lexical file (`.lex`), one vector file (`.vec`) where the index has
/// vectors, a graph over them (`.nsw`) where they are many, and a tombstone file (`.del`) under a further random
/// name where chunks of it are removed. A file never changes once the manifest names it. What no manifest names
/// is litter.
///
/// Numbers are little-endian. A file is header, sections, table of contents, footer:
///
///     header    u64 magic "FDSKIDX1", u32 format, u32 kind (see `SegmentFileKind`), zeros to 32
///     sections  each at a multiple of 64, zeros between
///     table     per section: u32 id, u32 0, u64 offset, u64 length, u64 XXH64 of the body
///     footer    u64 offset and u64 length of the table, u64 XXH64 of the table seeded with that of the
///               header, u64 length of the file, u64 magic "FDSKEND1"
///
/// Opening checks everything but the bodies, and of these the small ones that everything hangs on; the
/// manifest repeats length and checksum. `SearchIndex.verify` hashes all bodies. A decoder checks each
/// offset and number before it uses it.
///
/// Lexical file. Chunks are numbered by ascending key: the ordinal.
///
///     info            u64: chunks, groups, terms, labels, fields, then the sum of lengths by field
///     keys, groups    per chunk (see `BitPackedArray`)
///     groupOrder      ordinals by ascending (group, ordinal), likewise
///     lengths         per field and chunk (see `LengthColumns`)
///     termBytes       front-coded dictionary (see `TermDictionary`)
///     termBlocks      two u64 per 16 terms: where the block starts, and its first posting list
///     termPostings    lists of blocks of 128 with bounds (see `PostingFormat`), 8 zeros at the end
///     label...        the same for labels, with postings without fields
///
/// Vector file, of one model.
///
///     model           its name, UTF-8
///     info            u64: chunks, dimension, vectors
///     vectorOffsets   u32 per chunk and one more: its first vector
///     codes           int8, each vector padded with zeros to a multiple of 64
///     scales          f32 per vector: the value of one step of its codes
///     halves          binary16, without padding
///
/// Graph file, of one vector file.
///
///     info            u64: checksum of the vector file, vectors, entry, neighbours M, layers, then the rows of
///                     each layer from the ground
///     graphLinks      u32: rows of 2 M neighbours for the ground, of M for the layers above, filled up with
///                     2^32 - 1; a neighbour is a row of the same layer
///     graphNodes      u32 per row above the ground: its vector, ascending in each layer
///     coarseLowest    f32 per dimension: the value of level 0
///     coarseSteps     f32 per dimension: the distance of two levels
///     coarseCodes     4 bits a number (see `fd_quantise_u4`)
///     vectorChunks    u32 per vector: its chunk; missing where each chunk has one vector
///
/// Tombstone file: info (u64 count) and removed (a bit per chunk in u64).
enum SegmentFormat {
  /// Raised whenever an older program could misread a file.
  static let version: UInt32 = 3
  static let headerMagic: UInt64 = 0x3158_4449_4B53_4446  // "FDSKIDX1"
  static let footerMagic: UInt64 = 0x3144_4E45_4B53_4446  // "FDSKEND1"
  static let headerBytes = 32
  static let footerBytes = 40
  static let tocEntryBytes = 32
  static let sectionAlignment = 64
  static let maxSections = 64
  /// Zeros after packed numbers, so that a reader may load 8 bytes at any of them.
  static let packedPadding = 8
}

enum SegmentFileKind: UInt32 {
  case lexical = 1
  case vectors = 2
  case tombstones = 3
  case graph = 4

  var suffix: String {
    switch self {
    case .lexical: ".lex"
    case .vectors: ".vec"
    case .tombstones: ".del"
    case .graph: ".nsw"
    }
  }
}

enum SectionID: UInt32 {
  case info = 1
  case keys = 2
  case groups = 3
  case groupOrder = 4
  case lengths = 5

  case termBytes = 16
  case termBlocks = 17
  case termPostings = 20

  case labelBytes = 32
  case labelBlocks = 33
  case labelPostings = 36

  case model = 48
  case vectorOffsets = 49
  case scales = 50
  case codes = 51
  case halves = 52

  case removed = 64

  case graphLinks = 80
  case graphNodes = 81
  case coarseLowest = 82
  case coarseSteps = 83
  case coarseCodes = 84
  case vectorChunks = 85
}
