import Foundation

/// Sections of one dictionary and its posting lists.
struct InvertedSections {
  let bytes, blocks, counts, offsets, postings: SectionID

  static let terms = InvertedSections(
    bytes: .termBytes, blocks: .termBlocks, counts: .termCounts, offsets: .termOffsets,
    postings: .termPostings)
  static let labels = InvertedSections(
    bytes: .labelBytes, blocks: .labelBlocks, counts: .labelCounts, offsets: .labelOffsets,
    postings: .labelPostings)
}

/// A dictionary and the posting list of each of its entries: the terms of a segment, or its labels.
struct InvertedList {
  let dictionary: TermDictionary
  let fields: Int
  private let chunks: Int
  private let counts: PackedArray<UInt32>
  private let offsets: PackedArray<UInt64>
  private let postings: ByteView

  init(
    _ file: SegmentFile, _ ids: InvertedSections, count: Int, fields: Int, chunks: Int
  ) throws(SearchIndexError) {
    dictionary = try TermDictionary(
      bytes: file.section(ids.bytes), blocks: file.section(ids.blocks), count: count)
    counts = try PackedArray(file.section(ids.counts), count: count, "posting counts")
    offsets = try PackedArray(file.section(ids.offsets), count: count, "posting offsets")
    postings = try file.section(ids.postings)
    self.fields = fields
    self.chunks = chunks
  }

  var count: Int { dictionary.count }

  /// Chunks that have an entry, removed ones included.
  func postingCount(_ id: Int) -> Int { Int(counts[id]) }

  /// Nil where the list's place in the file is damaged.
  func cursor(_ id: Int) -> PostingCursor? {
    let postingCount = postingCount(id)
    guard postingCount <= chunks, offsets[id] <= UInt64(postings.count),
      let list = postings.part(from: offsets[id], count: UInt64(postings.count) - offsets[id])
    else { return nil }
    return PostingCursor(list, postings: postingCount, fields: fields, chunks: chunks)
  }
}

/// Writes a dictionary and its posting lists: lists stream into their section, the rest follows.
struct InvertedListWriter {
  private let ids: InvertedSections
  private let file: SegmentFileWriter
  private var dictionary = TermDictionaryWriter()
  private var counts: [UInt32] = []
  private var offsets: [UInt64] = []
  private var list: PostingListWriter

  init(_ file: SegmentFileWriter, _ ids: InvertedSections, fields: Int) {
    self.file = file
    self.ids = ids
    list = PostingListWriter(fields: fields)
    file.begin(ids.postings)
  }

  var count: Int { dictionary.count }

  /// Adds an entry; they come in ascending byte order. For the arrays see `PostingListWriter`.
  mutating func add(
    _ term: UnsafeRawBufferPointer, ordinals: [UInt32], frequencies: [UInt16], lengths: [UInt16]
  ) {
    dictionary.add(term)
    counts.append(UInt32(ordinals.count))
    offsets.append(file.sectionBytes)
    list.encode(ordinals: ordinals, frequencies: frequencies, lengths: lengths)
    file.append(list.bytes)
  }

  func finish() {
    file.append([UInt8](repeating: 0, count: SegmentFormat.packedPadding))
    file.end()
    file.write(ids.bytes, dictionary.bytes)
    file.write(ids.blocks, dictionary.blocks)
    file.write(ids.counts, counts)
    file.write(ids.offsets, offsets)
  }
}
