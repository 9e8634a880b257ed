import Foundation

/// Sections of one dictionary and its posting lists.
struct InvertedSections {
  let bytes, blocks, postings: SectionID

  static let terms = InvertedSections(bytes: .termBytes, blocks: .termBlocks, postings: .termPostings)
  static let labels = InvertedSections(bytes: .labelBytes, blocks: .labelBlocks, postings: .labelPostings)
}

/// A dictionary and the posting list of each of its entries: the terms of a segment, or its labels.
struct InvertedList {
  let dictionary: TermDictionary
  let fields: Int
  private let chunks: Int
  private let postings: ByteView

  init(
    _ file: SegmentFile, _ ids: InvertedSections, count: Int, fields: Int, chunks: Int
  ) throws(SearchIndexError) {
    dictionary = try TermDictionary(
      bytes: file.section(ids.bytes), blocks: file.section(ids.blocks), count: count)
    postings = try file.section(ids.postings)
    self.fields = fields
    self.chunks = chunks
  }

  func find(_ term: String) -> PostingsPlace? {
    var term = term
    return term.withUTF8 { dictionary.find(UnsafeRawBufferPointer($0)) }
  }

  /// Nil where the list's place in the file is damaged.
  func cursor(_ place: PostingsPlace) -> PostingCursor? {
    guard place.postings <= chunks,
      let list = postings.part(from: place.offset, count: place.bytes + UInt64(SegmentFormat.packedPadding))
    else { return nil }
    return PostingCursor(list, postings: place.postings, fields: fields, chunks: chunks)
  }
}

/// Writes a dictionary and its posting lists: lists stream into their section, the rest follows.
struct InvertedListWriter {
  private let ids: InvertedSections
  private let file: SegmentFileWriter
  private var dictionary = TermDictionaryWriter()
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
    list.encode(ordinals: ordinals, frequencies: frequencies, lengths: lengths)
    dictionary.add(
      term,
      PostingsPlace(
        postings: ordinals.count, offset: file.sectionBytes, bytes: UInt64(list.bytes.count)))
    file.append(list.bytes)
  }

  func finish() {
    file.append([UInt8](repeating: 0, count: SegmentFormat.packedPadding))
    file.end()
    file.write(ids.bytes, dictionary.bytes)
    file.write(ids.blocks, dictionary.blocks)
  }
}
