/// What a folder holds.
enum StoredIndex {
  case none
  case usable(Manifest, IndexState)
  case unusable(RebuildReason)

  /// Reads the manifest and opens the files that it names.
  ///
  /// - Parameter known: open segments, taken over where the manifest still names them.
  /// - Throws: `index_io` where the disk refuses; whatever is wrong with the bytes is a result.
  static func read(
    from storage: any IndexStorage, identity: IndexIdentity, known: [SegmentView] = []
  ) throws(SearchIndexError) -> StoredIndex {
    var attempts = 0
    while true {
      let manifest: Manifest
      switch try readManifest(from: storage) {
      case .none: return .none
      case .failure(.otherFormat(let found)): return .unusable(.otherFormat(found: found))
      case .failure(.damaged): return .unusable(.damaged("the manifest is damaged"))
      case .success(let read): manifest = read
      }
      guard manifest.identity == identity else {
        return .unusable(.otherIdentity(found: manifest.identity))
      }
      do {
        return .usable(manifest, try open(manifest, storage: storage, known: known))
      } catch  where error.code == .corrupt {
        // A writer may have replaced the manifest and removed files between the two reads.
        attempts += 1
        if attempts < 5, case .success(let now) = try readManifest(from: storage),
          now.commit != manifest.commit
        {
          continue
        }
        return .unusable(.damaged(error.message))
      }
    }
  }

  static func readManifest(
    from storage: any IndexStorage
  ) throws(SearchIndexError) -> Result<Manifest, Manifest.Refusal>? {
    guard let bytes = try storage.map(Manifest.fileName) else { return nil }
    do {
      return .success(try Manifest.decoded(bytes.buffer))
    } catch {
      return .failure(error)
    }
  }

  private static func open(
    _ manifest: Manifest, storage: any IndexStorage, known: [SegmentView]
  ) throws(SearchIndexError) -> IndexState {
    var state = IndexState()
    state.generation = manifest.generation
    for entry in manifest.segments {
      let before = known.first { $0.segment.id == entry.id && !$0.segment.isHeap }
      let segment: Segment
      if let before {
        segment = before.segment
      } else {
        segment = try open(entry, manifest.identity, storage)
      }
      guard segment.chunks == entry.chunks else { throw .corrupt("segment \(entry.id)") }
      var view = SegmentView(segment)
      if let tombstones = entry.tombstones {
        if let before, before.tombstoneFile?.file == tombstones.file,
          before.tombstones.count == tombstones.count
        {
          view = before
        } else {
          let bytes = try storage.bytes(of: tombstones.file)
          view.tombstones = try TombstoneFile.read(bytes, of: segment)
          guard view.tombstones.count == tombstones.count else { throw .corrupt(tombstones.file.name) }
          view.tombstoneFile = (tombstones.file, tombstones.count)
        }
      }
      state.views.append(view)
    }
    return state
  }

  private static func open(
    _ entry: Manifest.SegmentEntry, _ identity: IndexIdentity, _ storage: any IndexStorage
  ) throws(SearchIndexError) -> Segment {
    var files: [SegmentFileKind: FileReference] = [.lexical: entry.lexical]
    if identity.dimension > 0 {
      guard let vectors = entry.vectors.first(where: { $0.model == identity.model }) else {
        throw .corrupt("segment \(entry.id) without vectors of \(identity.model)")
      }
      files[.vectors] = vectors.file
      files[.graph] = vectors.graph
    }
    return try Segment.open(id: entry.id, files: files, identity: identity, storage: storage)
  }
}
