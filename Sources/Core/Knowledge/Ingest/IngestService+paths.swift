import Domain
import Foundation
import Retrieval
import Security

/// What to bring in, and how.
public struct PathIngest: Sendable {
  public var paths: [String]
  public var knowledgeBase: String
  /// Remove documents of these paths whose files or rows are gone.
  public var prune = false
  /// Read and compare, write nothing.
  public var dryRun = false
  /// Ignore patterns besides those of `.frontdeskignore`.
  public var ignoring: [String] = []
  public var visibility: Visibility?
  /// For all that is brought in; nil for what each says of itself.
  public var status: DocumentStatus?

  public init(paths: [String], knowledgeBase: String = KnowledgeBase.defaultName) {
    self.paths = paths
    self.knowledgeBase = knowledgeBase
  }
}

/// A file read and cut, ready to be written.
private struct PreparedFile: Sendable {
  let file: FoundFile
  let writes: [DocumentWrite]
  let diagnostics: [Diagnostic]
  let fingerprint: Data
}

extension IngestService {
  /// Chunks prepared ahead while the ones before are embedded: bounds memory, keeps the threads busy.
  private static let windowChunks = 192
  private static let windowFiles = 64

  /// Brings files and folders in; files that have not changed since the last time are not read.
  ///
  /// Each transaction stands by itself: a cancelled or killed run is gone on with by the same call.
  /// A file that cannot be read is a diagnostic, and the others go in.
  ///
  /// - Throws: `kb_not_found`, `path_not_found`, `duplicate_id` (before anything is written),
  ///   `model_unavailable`, and what the store throws.
  public func ingest(
    _ request: PathIngest, onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
  ) async throws -> IngestReport {
    do { return try await run(request, onProgress: onProgress) } catch is CancellationError {
      // Cancelled before anything was begun.
      var report = IngestReport()
      report.isInterrupted = true
      return report
    }
  }

  private func run(
    _ request: PathIngest, onProgress: @escaping @Sendable (IngestProgress) -> Void
  ) async throws -> IngestReport {
    let start = ContinuousClock.now
    let knowledgeBase = try await knowledgeBase(request.knowledgeBase)
    let walk = try await Blocking.run {
      Result { try SourceWalk(request.paths, ignoring: request.ignoring) }
    }.get()
    var run = PathRun(request: request, knowledgeBase: knowledgeBase, start: start, onProgress: onProgress)
    run.report.diagnostics = walk.diagnostics
    run.report.documents.failed = walk.diagnostics.count { $0.severity == .failure }
    try await perform(&run, files: walk.files)
    run.report.seconds = start.duration(to: .now).milliseconds / 1000
    // An interrupted run still reports what it wrote; the store refuses the reads of a cancelled task.
    if run.report.generation == .zero, !run.report.isInterrupted {
      run.report.generation = try await store.head()
    }
    return run.report
  }

  private func perform(_ run: inout PathRun, files: [FoundFile]) async throws {
    run.tick {
      $0.filesTotal = files.count
      $0.bytesTotal = files.reduce(0) { $0 + $1.bytes }
    }
    var remaining = files[...]
    do {
      var known: [String: KnownRoot] = [:]
      for root in Set(files.map(\.root) + run.request.paths.map(SourceWalk.absolute)) {
        known[root] = try await knownRoot(root, in: run.knowledgeBase)
      }
      var window = try await nextWindow(&remaining, known: known, run: &run)
      while !window.isEmpty {
        try Task.checkCancellation()
        // Reading and cutting go on while this window is embedded.
        let rest = remaining
        let (request, ready) = (run.request, window)
        async let ahead = prepareWindow(rest, known: known, request: request)
        try await write(ready, run: &run)
        let next = try await ahead
        remaining = next.remaining
        account(next.skipped, run: &run)
        window = next.prepared
      }
      if run.request.prune { try await prune(&run, known: known) }
    } catch is CancellationError {
      run.report.isInterrupted = true
    }
  }

  private func knownRoot(_ root: String, in knowledgeBase: KnowledgeBase) async throws -> KnownRoot {
    let documents = try await store.documents(fromRoot: root, in: knowledgeBase.id)
    return KnownRoot(
      files: try await store.sourceFiles(root: root, in: knowledgeBase.id), documents: documents,
      byPath: Dictionary(grouping: documents) { ExactString($0.path) })
  }

  // MARK: Reading ahead

  private struct Window: Sendable {
    var prepared: [PreparedFile] = []
    /// Unchanged files, with the documents that they made.
    var skipped: [(file: FoundFile, documents: [OriginatedDocument])] = []
    var remaining: ArraySlice<FoundFile>
  }

  private func nextWindow(
    _ remaining: inout ArraySlice<FoundFile>, known: [String: KnownRoot], run: inout PathRun
  ) async throws -> [PreparedFile] {
    let window = try await prepareWindow(remaining, known: known, request: run.request)
    remaining = window.remaining
    account(window.skipped, run: &run)
    return window.prepared
  }

  private func prepareWindow(
    _ files: ArraySlice<FoundFile>, known: [String: KnownRoot], request: PathIngest
  ) async throws -> Window {
    var window = Window(remaining: files)
    var chunks = 0
    while let file = window.remaining.first, chunks < Self.windowChunks,
      window.prepared.count < Self.windowFiles
    {
      try Task.checkCancellation()
      window.remaining.removeFirst()
      let root = known[file.root]
      let path = ExactString(file.path)
      let documents = root?.byPath[path] ?? []
      let (data, fingerprint) = await fingerprint(file, request)
      if let old = root?.files[path], old.fingerprint == fingerprint, old.documentCount > 0,
        // Fewer documents: some were deleted since. More: rows left the file, which only pruning minds.
        documents.count == old.documentCount || (documents.count > old.documentCount && !request.prune)
      {
        window.skipped.append((file, documents))
        continue
      }
      let prepared = await prepare(file, data: data, fingerprint: fingerprint, request)
      chunks += prepared.writes.reduce(0) { $0 + $1.chunks.count }
      window.prepared.append(prepared)
    }
    return window
  }

  private func fingerprint(_ file: FoundFile, _ request: PathIngest) async -> (Data?, Data) {
    let limit = ReaderLimits.standard.maxBytes
    return await Blocking.run { [version] in
      guard file.bytes <= limit,
        let data = try? Data(contentsOf: URL(fileURLWithPath: file.absolutePath))
      else { return (nil, Data()) }
      var hash = FieldHash()
      hash.add(version)
      hash.add(request.visibility?.description ?? "")
      if let status = request.status { hash.add(status.rawValue) }
      hash.add(Digest.hex(Digest.sha256(data)))
      return (data, hash.finish())
    }
  }

  private func prepare(
    _ file: FoundFile, data: Data?, fingerprint: Data, _ request: PathIngest
  ) async -> PreparedFile {
    guard let data else {
      let tooLarge = file.bytes > ReaderLimits.standard.maxBytes
      let diagnostic = Diagnostic(
        path: file.path, code: tooLarge ? "too_large" : "unreadable_file",
        message: tooLarge
          ? "The file has \(file.bytes) bytes, more than \(ReaderLimits.standard.maxBytes)."
          : "The file cannot be read.",
        remedy: tooLarge ? "Split it into smaller files." : "Check that this user may read it.")
      return PreparedFile(file: file, writes: [], diagnostics: [diagnostic], fingerprint: fingerprint)
    }
    let result = await reader.read(FileInput(path: file.path, data: data, declaredType: nil))
    let origin = DocumentOrigin(root: file.root, path: file.path)
    return await Blocking.run { [preparer] in
      var diagnostics = result.diagnostics
      var writes: [DocumentWrite] = []
      for document in result.documents {
        let id = file.path + (document.idSuffix ?? "")
        guard (try? ExternalID.validate(id)) != nil else {
          diagnostics.append(
            Diagnostic(
              path: file.path, line: document.line, code: "invalid_external_id",
              message: "The id '\(id.prefix(80))...' is longer than 1,024 bytes or holds NUL.",
              remedy: "Shorten the path or the id column."))
          continue
        }
        var content = document.content
        if let visibility = request.visibility { content.visibility = visibility }
        let publication = document.publication.changed(by: PublicationChange(status: request.status))
        writes.append(
          preparer.write(
            content, blocks: document.blocks, links: document.links, externalID: id, origin: origin,
            publication: publication))
      }
      return PreparedFile(file: file, writes: writes, diagnostics: diagnostics, fingerprint: fingerprint)
    }
  }

  // MARK: Writing

  private func account(
    _ skipped: [(file: FoundFile, documents: [OriginatedDocument])], run: inout PathRun
  ) {
    for (file, documents) in skipped {
      run.report.documents.unchanged += documents.count
      run.report.chunks.kept += documents.reduce(0) { $0 + $1.chunkCount }
      run.seen[file.root, default: []].formUnion(documents.map { ExactString($0.externalID) })
      run.tick {
        $0.filesDone += 1
        $0.bytesDone += file.bytes
      }
    }
  }

  private func write(_ files: [PreparedFile], run: inout PathRun) async throws {
    var sources: [String: [SourceFile]] = [:]
    for prepared in files {
      run.report.diagnostics += prepared.diagnostics
      run.report.documents.failed += prepared.diagnostics.count { $0.severity == .failure }
      run.seen[prepared.file.root, default: []].formUnion(
        prepared.writes.map { ExactString($0.externalID) })
      if prepared.writes.isEmpty {
        run.failedPaths[prepared.file.root, default: []].insert(ExactString(prepared.file.path))
      } else if prepared.diagnostics.isEmpty {
        // A file with something to say is read, and says it, every time.
        sources[prepared.file.root, default: []].append(
          SourceFile(
            path: prepared.file.path, fingerprint: prepared.fingerprint,
            documentCount: prepared.writes.count))
      }
    }
    let writes = files.flatMap(\.writes)
    if run.request.dryRun {
      try await compare(writes, run: &run)
    } else if !writes.isEmpty || !sources.isEmpty {
      let (progress, start, onProgress) = (run.progress, run.start, run.onProgress)
      let outcome = try await writer.write(writes, to: run.knowledgeBase, sourceFiles: sources) { count in
        onProgress(progress.update(start: start) { $0.passagesEmbedded += count })
      }
      for receipt in outcome.receipts { run.report.count(receipt) }
      run.report.chunks.embedded += outcome.embedded
      run.report.generation = max(run.report.generation, outcome.generation)
    }
    run.tick { progress in
      progress.filesDone += files.count
      progress.bytesDone += files.reduce(0) { $0 + $1.file.bytes }
      progress.path = files.last?.file.path ?? progress.path
    }
  }

  /// What a write would do, for `--dry-run`.
  private func compare(_ writes: [DocumentWrite], run: inout PathRun) async throws {
    let known = try await store.contentHashes(of: writes.map(\.externalID), in: run.knowledgeBase.id)
    for write in writes {
      switch known[ExactString(write.externalID)] {
      case nil:
        run.report.documents.added += 1
        run.report.chunks.added += write.chunks.count
      case write.contentHash:
        run.report.documents.unchanged += 1
        run.report.chunks.kept += write.chunks.count
      default: run.report.documents.changed += 1
      }
    }
  }

  private func prune(_ run: inout PathRun, known: [String: KnownRoot]) async throws {
    for (root, state) in known {
      let seen = run.seen[root] ?? []
      let failed = run.failedPaths[root] ?? []
      let gone = state.documents.filter {
        !seen.contains(ExactString($0.externalID)) && !failed.contains(ExactString($0.path))
      }
      guard !gone.isEmpty else { continue }
      run.report.documents.removed += gone.count
      run.report.chunks.removed += gone.reduce(0) { $0 + $1.chunkCount }
      guard !run.request.dryRun else { continue }
      for batch in stride(from: 0, to: gone.count, by: 256) {
        let ids = gone[batch..<min(batch + 256, gone.count)].map(\.externalID)
        let receipt = try await store.delete(ids, from: run.knowledgeBase.id)
        run.report.generation = max(run.report.generation, receipt.generation)
      }
      let absent = Set(gone.map { ExactString($0.path) }).subtracting(run.presentPaths(of: root, state))
      try await store.forgetSourceFiles(absent.map(\.string), root: root, in: run.knowledgeBase.id)
    }
  }
}
