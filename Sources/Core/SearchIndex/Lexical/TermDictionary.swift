import Foundation

/// Where the postings of a term or label are.
struct PostingsPlace: Hashable {
  /// Chunks that have it, removed ones included.
  let postings: Int
  /// From the start of the section of postings; no two lists share it.
  let offset: UInt64
  let bytes: UInt64
}

/// Terms in byte order, front-coded in blocks of 16: each shares a prefix with the one before it.
///
/// A block starts with a whole term. An entry is varint(shared bytes), varint(further bytes), those bytes,
/// varint(postings), varint(bytes of the list); lists follow one another in the order of their terms. Of each
/// block, two u64 say where it and its first list start.
struct TermDictionary {
  static let blockTerms = 16

  let count: Int
  private let bytes: ByteView
  private let blocks: PackedArray<UInt64>
  private let blockCount: Int

  init(bytes: ByteView, blocks: ByteView, count: Int) throws(SearchIndexError) {
    self.count = count
    self.bytes = bytes
    blockCount = (count + Self.blockTerms - 1) / Self.blockTerms
    self.blocks = try PackedArray(blocks, count: 2 * blockCount, "term blocks")
  }

  /// Where a term's postings are; nil where it is absent, or the dictionary damaged.
  func find(_ term: UnsafeRawBufferPointer) -> PostingsPlace? {
    var iterator = iterator(from: lastBlock(notAbove: term))
    while let place = iterator.next() {
      let order = iterator.term.withUnsafeBytes { $0.compare(term) }
      if order == 0 { return place }
      if order > 0 { return nil }
    }
    return nil
  }

  /// Iterates from the first term not below `term`.
  func iterator(notBelow term: UnsafeRawBufferPointer) -> Iterator {
    var iterator = iterator(from: lastBlock(notAbove: term))
    _ = iterator.skip(below: term, atMost: count)
    return iterator
  }

  func iterator() -> Iterator { iterator(from: 0) }

  private func iterator(from block: Int) -> Iterator {
    let offset = block < blockCount ? blocks[2 * block] : 0
    let isSound = offset <= UInt64(bytes.count)
    return Iterator(
      reader: VarintReader(bytes, at: isSound ? Int(offset) : bytes.count), next: block * Self.blockTerms,
      count: count, offset: block < blockCount ? blocks[2 * block + 1] : 0)
  }

  /// The last block whose first term is not above `term`; 0 where there is none.
  private func lastBlock(notAbove term: UnsafeRawBufferPointer) -> Int {
    var low = 0
    var high = blockCount
    while low < high {
      let middle = (low + high) / 2
      if let first = firstTerm(of: middle), first.compare(term) <= 0 {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return max(0, low - 1)
  }

  private func firstTerm(of block: Int) -> UnsafeRawBufferPointer? {
    let offset = blocks[2 * block]
    guard offset <= UInt64(bytes.count) else { return nil }
    var reader = VarintReader(bytes, at: Int(offset))
    guard reader.next() == 0, let length = reader.next() else { return nil }
    return reader.bytes(length)
  }

  struct Iterator {
    private var reader: VarintReader
    private var nextNumber: Int
    private let count: Int
    private var offset: UInt64
    /// The place of `term`, where that was reached but not yet returned.
    private var held: PostingsPlace?
    /// The bytes of the term whose place `next` returned last.
    private(set) var term: [UInt8] = []
    /// Set where the bytes are no dictionary; iteration ends there.
    private(set) var isDamaged = false

    fileprivate init(reader: VarintReader, next: Int, count: Int, offset: UInt64) {
      self.reader = reader
      nextNumber = next
      self.count = count
      self.offset = offset
    }

    /// Goes on to the first term that is not below another one.
    ///
    /// - Parameter limit: how many terms are passed over at most.
    /// - Returns: whether it was reached, or the end.
    mutating func skip(below bound: UnsafeRawBufferPointer, atMost limit: Int) -> Bool {
      for _ in 0...limit {
        guard let place = next() else { return true }
        if term.withUnsafeBytes({ $0.compare(bound) }) >= 0 {
          held = place
          return true
        }
      }
      return false
    }

    mutating func next() -> PostingsPlace? {
      if let held {
        self.held = nil
        return held
      }
      guard nextNumber < count, !isDamaged else { return nil }
      guard let shared = reader.next(), let length = reader.next(), shared <= UInt64(term.count),
        length <= UInt64(FieldTerms.maxTermBytes), let rest = reader.bytes(length),
        let postings = reader.next(), postings <= UInt64(UInt32.max), let bytes = reader.next(),
        bytes < UInt64(1) << 48, offset < UInt64(1) << 60
      else {
        isDamaged = true
        return nil
      }
      term.removeSubrange(Int(shared)...)
      term.append(contentsOf: rest)
      nextNumber += 1
      defer { offset += bytes }
      return PostingsPlace(postings: Int(postings), offset: offset, bytes: bytes)
    }
  }
}

/// Builds the dictionary's bytes; terms come in ascending order.
struct TermDictionaryWriter {
  private(set) var bytes: [UInt8] = []
  private(set) var blocks: [UInt64] = []
  private(set) var count = 0
  private var previous: [UInt8] = []

  mutating func add(_ term: UnsafeRawBufferPointer, _ place: PostingsPlace) {
    var shared = 0
    if count % TermDictionary.blockTerms == 0 {
      blocks.append(UInt64(bytes.count))
      blocks.append(place.offset)
    } else {
      let limit = min(previous.count, term.count)
      while shared < limit, previous[shared] == term[shared] { shared += 1 }
    }
    bytes.appendVarint(UInt64(shared))
    bytes.appendVarint(UInt64(term.count - shared))
    bytes.append(contentsOf: term[shared...])
    bytes.appendVarint(UInt64(place.postings))
    bytes.appendVarint(place.bytes)
    previous.removeSubrange(min(shared, previous.count)...)
    previous.append(contentsOf: term[shared...])
    count += 1
  }
}
