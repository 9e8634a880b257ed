/// Names in the binary files of an index; `FORMAT.md` describes them.
enum SegmentFormat {
  /// Raised whenever an older program could misread a file.
  static let version: UInt32 = 1
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
  case forwardOffsets = 6
  case forwardTerms = 7

  case termBytes = 16
  case termBlocks = 17
  case termCounts = 18
  case termOffsets = 19
  case termPostings = 20

  case labelBytes = 32
  case labelBlocks = 33
  case labelCounts = 34
  case labelOffsets = 35
  case labelPostings = 36

  case model = 48
  case vectorOffsets = 49
  case scales = 50
  case codes = 51
  case halves = 52

  case removed = 64
}
