/// Where a new segment goes.
enum SegmentDestination: Sendable {
  case heap
  case storage(any IndexStorage)
}

/// Writes the files of one segment and opens them; on failure none of them stays.
struct SegmentOutput {
  typealias Body = (SegmentFileWriter) throws(SearchIndexError) -> Void

  let destination: SegmentDestination
  let identity: IndexIdentity

  /// - Parameters:
  ///   - vectors: not called for an index without vectors.
  ///   - graph: makes the writer of a graph where the segment that was written is to have one.
  /// - Returns: the segment, its files durable but for their names in the folder.
  func write(
    lexical: Body, vectors: Body, graph: (Segment) -> GraphFileWriter? = { _ in nil }
  ) throws(SearchIndexError) -> Segment {
    guard case .storage(let storage) = destination else {
      let bytes = try Self.heapBytes(.lexical, lexical)
      let vectorBytes = identity.dimension > 0 ? try Self.heapBytes(.vectors, vectors) : nil
      return try Segment(
        id: Self.newID(), identity: identity, lexical: bytes, vectors: vectorBytes, files: nil)
    }
    return try store(in: storage) { (names, id) throws(SearchIndexError) in
      func write(_ kind: SegmentFileKind, _ body: Body) throws(SearchIndexError) -> FileReference {
        try Self.write(kind, names.add(kind), to: storage, body)
      }
      var files = [SegmentFileKind.lexical: try write(.lexical, lexical)]
      if identity.dimension > 0 { files[.vectors] = try write(.vectors, vectors) }
      let segment = try Segment.open(id: id, files: files, identity: identity, storage: storage)
      guard let file = segment.vectors, let writer = graph(segment) else { return segment }
      files[.graph] = try write(.graph) { (output) throws(SearchIndexError) in
        try writer.write(file, to: output)
      }
      return try Segment.open(id: id, files: files, identity: identity, storage: storage)
    }
  }

  /// Writes the bytes of a segment as they are; of one in memory, which has no graph.
  func copy(_ segment: Segment, to storage: any IndexStorage) throws(SearchIndexError) -> Segment {
    try store(in: storage) { (names, id) throws(SearchIndexError) in
      var files: [SegmentFileKind: FileReference] = [:]
      for (kind, file) in [
        (SegmentFileKind.lexical, segment.lexical.file), (.vectors, segment.vectors?.file),
      ] {
        guard let file else { continue }
        let name = names.add(kind)
        let target = try storage.create(name)
        try target.write(file.bytes.buffer)
        try target.sync()
        try target.close()
        files[kind] = FileReference(name: name, bytes: file.bytes.count, checksum: file.checksum)
      }
      return try Segment.open(id: id, files: files, identity: identity, storage: storage)
    }
  }

  /// Names of the files of one segment.
  private struct FileNames {
    let prefix: String
    private(set) var all: [String] = []

    mutating func add(_ kind: SegmentFileKind) -> String {
      all.append(prefix + kind.suffix)
      return all[all.count - 1]
    }
  }

  /// Random, so that a name is never given twice and no reader mistakes one file for another.
  private static func newID() -> String { FileReference.hexadecimal(.random(in: 0...UInt64.max)) }

  private func store(
    in storage: any IndexStorage,
    _ body: (inout FileNames, String) throws(SearchIndexError) -> Segment
  ) throws(SearchIndexError) -> Segment {
    let id = Self.newID()
    var names = FileNames(prefix: Manifest.segmentPrefix + id)
    do {
      return try body(&names, id)
    } catch {
      for name in names.all { try? storage.remove(name) }
      throw error
    }
  }

  private static func heapBytes(
    _ kind: SegmentFileKind, _ body: Body
  ) throws(SearchIndexError) -> StoredBytes {
    let block = HeapBlock()
    let file = SegmentFileWriter(kind, to: .heap(block))
    try body(file)
    _ = try file.finish()
    return StoredBytes(block)
  }

  /// Writes one file and makes its bytes durable; the caller removes it where this throws.
  static func write(
    _ kind: SegmentFileKind, _ name: String, to storage: any IndexStorage, _ body: Body
  ) throws(SearchIndexError) -> FileReference {
    let file = SegmentFileWriter(kind, to: .file(try storage.create(name)))
    try body(file)
    let (bytes, checksum) = try file.finish()
    return FileReference(name: name, bytes: bytes, checksum: checksum)
  }
}

extension Segment {
  /// Opens a segment's files, which must be the very ones that are named.
  ///
  /// - Throws: corrupt, also where a file is missing.
  static func open(
    id: String, files: [SegmentFileKind: FileReference], identity: IndexIdentity, storage: any IndexStorage
  ) throws(SearchIndexError) -> Segment {
    func bytes(_ kind: SegmentFileKind) throws(SearchIndexError) -> StoredBytes? {
      guard let reference = files[kind] else { return nil }
      return try storage.bytes(of: reference)
    }
    guard let lexical = try bytes(.lexical) else { throw .corrupt("segment \(id) without lexical file") }
    let segment = try Segment(
      id: id, identity: identity, lexical: lexical, vectors: try bytes(.vectors), graph: try bytes(.graph),
      files: files)
    let checksums: [SegmentFileKind: UInt64?] = [
      .lexical: segment.lexical.file.checksum, .vectors: segment.vectors?.file.checksum,
      .graph: segment.graph?.file.checksum,
    ]
    for (kind, reference) in files {
      guard let checksum = checksums[kind] ?? nil,
        FileReference.hexadecimal(checksum) == reference.checksum
      else { throw .corrupt("\(reference.name) is not the file that the manifest names") }
    }
    return segment
  }
}

extension IndexStorage {
  /// The bytes of a file that must be there, in the length that was written.
  func bytes(of reference: FileReference) throws(SearchIndexError) -> StoredBytes {
    guard let bytes = try map(reference.name) else { throw .corrupt("\(reference.name) is missing") }
    guard bytes.count == reference.bytes else {
      throw .corrupt("\(reference.name) has \(bytes.count) bytes instead of \(reference.bytes)")
    }
    return bytes
  }
}
