/// The binary files of an index, format 2.
///
/// A folder holds `manifest` (see `Manifest`), `writer.lock`, and per segment, all named `seg-` and 16
/// random hexadecimal digits: one lexical file (`.lex`), one vector file (`.vec`) where the index has
/// vectors, and a tombstone file (`.del`) under a further random name where chunks of it are removed. A file
/// never changes once the manifest names it. What no manifest names is litter.
///
/// Numbers are little-endian. A file is header, sections, table of contents, footer:
///
///     header    u64 magic "FDSKIDX1", u32 format, u32 kind (1 lexical, 2 vectors, 3 tombstones), zeros to 32
///     sections  each at a multiple of 64, zeros between
///     table     per section: u32 id, u32 0, u64 offset, u64 length, u64 XXH64 of the body
///     footer    u64 offset and u64 length of the table, u64 XXH64 of the table seeded with that of the
///               header, u64 length of the file, u64 magic "FDSKEND1"
///
/// Opening checks everything but the bodies, and of these the `info`, `model` and tombstone sections; the
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
/// Tombstone file: info (u64 count) and removed (a bit per chunk in u64).
enum SegmentFormat {
  /// Raised whenever an older program could misread a file.
  static let version: UInt32 = 2
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

  var suffix: String {
    switch self {
    case .lexical: ".lex"
    case .vectors: ".vec"
    case .tombstones: ".del"
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
}
