import Foundation

/// Terms in byte order, front-coded in blocks of 16: each shares a prefix with the one before it.
///
/// A block starts with a whole term. An entry is varint(shared bytes), varint(further bytes), those bytes.
struct TermDictionary {
  static let blockTerms = 16

  let count: Int
  private let bytes: ByteView
  private let blocks: PackedArray<UInt64>

  init(bytes: ByteView, blocks: ByteView, count: Int) throws(SearchIndexError) {
    self.count = count
    self.bytes = bytes
    let blockCount = (count + Self.blockTerms - 1) / Self.blockTerms
    self.blocks = try PackedArray(blocks, count: blockCount, "term blocks")
  }

  /// The number of a term; nil where it is absent, or the dictionary damaged.
  func find(_ term: UnsafeRawBufferPointer) -> Int? {
    var iterator = iterator(from: lastBlock(notAbove: term))
    while let id = iterator.next() {
      let order = iterator.term.withUnsafeBytes { $0.compare(term) }
      if order == 0 { return id }
      if order > 0 { return nil }
    }
    return nil
  }

  /// Iterates from the first term not below `term`.
  func iterator(notBelow term: UnsafeRawBufferPointer) -> Iterator {
    var iterator = iterator(from: lastBlock(notAbove: term))
    while true {
      let before = iterator
      guard iterator.next() != nil else { return iterator }
      if iterator.term.withUnsafeBytes({ $0.compare(term) }) >= 0 { return before }
    }
  }

  func iterator() -> Iterator { iterator(from: 0) }

  private func iterator(from block: Int) -> Iterator {
    let id = block * Self.blockTerms
    let offset = block < blocks.count ? blocks[block] : 0
    let isSound = offset <= UInt64(bytes.count)
    return Iterator(
      reader: VarintReader(bytes, at: isSound ? Int(offset) : bytes.count), next: id, count: count)
  }

  /// The last block whose first term is not above `term`; 0 where there is none.
  private func lastBlock(notAbove term: UnsafeRawBufferPointer) -> Int {
    var low = 0
    var high = blocks.count
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
    let offset = blocks[block]
    guard offset <= UInt64(bytes.count) else { return nil }
    var reader = VarintReader(bytes, at: Int(offset))
    guard reader.next() == 0, let length = reader.next() else { return nil }
    return reader.bytes(length)
  }

  struct Iterator {
    private var reader: VarintReader
    private var nextID: Int
    private let count: Int
    /// The bytes of the term that `next` returned last.
    private(set) var term: [UInt8] = []
    /// Set where the bytes are no dictionary; iteration ends there.
    private(set) var isDamaged = false

    fileprivate init(reader: VarintReader, next: Int, count: Int) {
      self.reader = reader
      nextID = next
      self.count = count
    }

    mutating func next() -> Int? {
      guard nextID < count, !isDamaged else { return nil }
      guard let shared = reader.next(), let length = reader.next(), shared <= UInt64(term.count),
        length <= UInt64(FieldTerms.maxTermBytes), let rest = reader.bytes(length)
      else {
        isDamaged = true
        return nil
      }
      term.removeSubrange(Int(shared)...)
      term.append(contentsOf: rest)
      nextID += 1
      return nextID - 1
    }
  }
}

/// Builds the dictionary's bytes; terms come in ascending order.
struct TermDictionaryWriter {
  private(set) var bytes: [UInt8] = []
  private(set) var blocks: [UInt64] = []
  private(set) var count = 0
  private var previous: [UInt8] = []

  mutating func add(_ term: UnsafeRawBufferPointer) {
    var shared = 0
    if count % TermDictionary.blockTerms == 0 {
      blocks.append(UInt64(bytes.count))
    } else {
      let limit = min(previous.count, term.count)
      while shared < limit, previous[shared] == term[shared] { shared += 1 }
    }
    bytes.appendVarint(UInt64(shared))
    bytes.appendVarint(UInt64(term.count - shared))
    bytes.append(contentsOf: term[shared...])
    previous.removeSubrange(min(shared, previous.count)...)
    previous.append(contentsOf: term[shared...])
    count += 1
  }
}
