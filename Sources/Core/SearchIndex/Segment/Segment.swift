import Foundation
import Synchronization

/// A file of the index as the manifest names it.
struct FileReference: Codable, Equatable, Sendable {
  let name: String
  let bytes: Int
  /// 16 hexadecimal digits; covers header and table of contents.
  let checksum: String

  init(name: String, bytes: Int, checksum: UInt64) {
    self.name = name
    self.bytes = bytes
    self.checksum = Self.hexadecimal(checksum)
  }

  static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// One immutable part of the index: encoded bytes, on disk or in the heap, behind one reader.
///
/// Unchecked Sendable: everything but the cache and the flag is immutable, those two synchronise
/// themselves, and the bytes behind the readers' pointers live as long as the readers.
final class Segment: @unchecked Sendable {
  let id: String
  let lexical: LexicalFile
  /// Nil where the index has no vectors.
  let vectors: VectorFile?
  /// Nil where comparing all vectors is fast enough.
  let graph: GraphFile?
  /// Its files; nil for a segment in the heap.
  let files: [SegmentFileKind: FileReference]?

  private let damaged = Atomic<Bool>(false)
  private let filters = Mutex<[LabelFilter: FilterResult]>([:])
  private static let maxCachedFilters = 32

  /// Opens a segment.
  ///
  /// - Throws: corrupt.
  init(
    id: String, identity: IndexIdentity, lexical: StoredBytes, vectors: StoredBytes?,
    graph: StoredBytes? = nil, files: [SegmentFileKind: FileReference]?
  ) throws(SearchIndexError) {
    self.id = id
    let opened = try LexicalFile(lexical, fields: identity.fields.count)
    self.lexical = opened
    if identity.dimension > 0 {
      guard let vectors else { throw .corrupt("segment \(id) without vectors") }
      let file = try VectorFile(
        vectors, model: identity.model, dimension: identity.dimension, chunks: opened.chunks)
      self.vectors = file
      if let graph { self.graph = try GraphFile(graph, of: file) } else { self.graph = nil }
    } else {
      self.vectors = nil
      self.graph = nil
    }
    self.files = files
  }

  var isHeap: Bool { files == nil }
  var chunks: Int { lexical.chunks }
  var bytes: Int {
    lexical.file.bytes.count + (vectors?.file.bytes.count ?? 0) + (graph?.file.bytes.count ?? 0)
  }

  /// Set once a reader met bytes that cannot be right.
  var isDamaged: Bool { damaged.load(ordering: .relaxed) }
  func markDamaged() { damaged.store(true, ordering: .relaxed) }

  /// The chunks that a filter lets through, removed ones included.
  func matching(_ filter: LabelFilter) -> FilterResult {
    if filter.all.isEmpty { return .everything }
    if let known = filters.withLock({ $0[filter] }) { return known }
    let result = evaluate(filter)
    filters.withLock {
      if $0.count >= Self.maxCachedFilters { $0.removeAll() }
      $0[filter] = result
    }
    return result
  }

  private func evaluate(_ filter: LabelFilter) -> FilterResult {
    var result = FilterResult.everything
    for alternatives in filter.all {
      result = result.intersection(union(of: alternatives))
      if case .nothing = result { break }
    }
    return result
  }

  private func union(of labels: [String]) -> FilterResult {
    var words = [UInt64](repeating: 0, count: (chunks + 63) / 64)
    var isEmpty = true
    for label in Set(labels) {
      guard let place = lexical.labels.find(label) else { continue }
      if place.postings == chunks { return .everything }
      isEmpty = false
      forEachChunk(withLabel: place) { words[$0 >> 6] |= 1 << UInt64($0 & 63) }
    }
    return isEmpty ? .nothing : .some(words)
  }

  /// Goes through the entries of a list that start with some bytes, in byte order, until told to stop.
  func forEachEntry(
    of list: InvertedList, startingWith prefix: [UInt8], _ body: ([UInt8], PostingsPlace) -> Bool
  ) {
    var iterator = prefix.withUnsafeBytes { list.dictionary.iterator(notBelow: $0) }
    while let place = iterator.next(), iterator.term.starts(with: prefix) {
      guard body(iterator.term, place) else { break }
    }
    if iterator.isDamaged { markDamaged() }
  }

  func forEachChunk(withLabel place: PostingsPlace, _ body: (Int) -> Void) {
    forEachChunk(place, of: lexical.labels, body)
  }

  func forEachChunk(_ place: PostingsPlace, of list: InvertedList, _ body: (Int) -> Void) {
    guard let cursor = list.cursor(place) else { return markDamaged() }
    while cursor.nextBlock() {
      for i in 0..<cursor.count { body(Int(cursor.ordinals[i])) }
    }
    if cursor.isDamaged { markDamaged() }
  }
}

/// Chunks of a segment by ordinal.
enum FilterResult: Sendable {
  case everything
  case nothing
  /// Bit per ordinal.
  case some([UInt64])

  /// How many chunks it lets through.
  func count(of chunks: Int) -> Int {
    switch self {
    case .everything: chunks
    case .nothing: 0
    case .some(let words): words.reduce(0) { $0 + $1.nonzeroBitCount }
    }
  }

  func contains(_ ordinal: Int) -> Bool {
    switch self {
    case .everything: true
    case .nothing: false
    case .some(let words): words[ordinal >> 6] & (1 << UInt64(ordinal & 63)) != 0
    }
  }

  /// Every so manieth of the chunks that it lets through, ascending.
  ///
  /// - Parameter first: how many of them come before the first one taken.
  func ordinals(from first: Int, every step: Int, of chunks: Int) -> [Int] {
    switch self {
    case .everything: return Array(stride(from: first, to: chunks, by: step))
    case .nothing: return []
    case .some(let words):
      var taken: [Int] = []
      var skipped = first
      for (index, word) in words.enumerated() {
        guard skipped < word.nonzeroBitCount else {
          skipped -= word.nonzeroBitCount
          continue
        }
        var rest = word
        while rest != 0 {
          if skipped == 0 {
            taken.append(64 * index + rest.trailingZeroBitCount)
            skipped = step
          }
          skipped -= 1
          rest &= rest - 1
        }
      }
      return taken
    }
  }

  func intersection(_ other: FilterResult) -> FilterResult {
    switch (self, other) {
    case (.nothing, _), (_, .nothing): return .nothing
    case (.everything, let rest), (let rest, .everything): return rest
    case (.some(let a), .some(let b)):
      let words = zip(a, b).map { $0 & $1 }
      return words.allSatisfy { $0 == 0 } ? .nothing : .some(words)
    }
  }

  func subtracting(_ removed: [UInt64], chunks: Int) -> FilterResult {
    guard !removed.isEmpty else { return self }
    switch self {
    case .nothing: return .nothing
    case .some(let words): return .some(zip(words, removed).map { $0 & ~$1 })
    case .everything:
      var words = removed.map { ~$0 }
      if chunks & 63 != 0, !words.isEmpty { words[words.count - 1] &= (1 << UInt64(chunks & 63)) - 1 }
      return .some(words)
    }
  }
}
