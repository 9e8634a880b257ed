import ArgumentParser
import Domain
import Foundation
import SearchIndex

/// Times the vector half by itself: no store, no model, one thread.
struct BenchVectorsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vectors", abstract: "Time building and searching the vector half of an index.",
    discussion: """
      Vectors and queries are files of little-endian floats, a vector after the other; the truth holds for \
      each query the rows of its 100 nearest as 32-bit numbers. Prints seconds to build, bytes on disk and \
      resident after 10,000 queries (what was read of the exact vectors told apart), and for each breadth recall \
      of the nearest and queries a second by repeat, as JSON.
      """)

  @OptionGroup var global: GlobalOptions
  @Option(help: "Vectors.") var base: String
  @Option(help: "How many of them, from the first.") var rows: Int
  @Option(help: "Query vectors.") var queries: String
  @Option(help: "Nearest rows of each query.") var truth: String
  @Option(help: "Floats a vector.") var dimension = 384
  @Option(help: "Folder of the index, which is reused where it holds as many rows.") var work: String
  @Option(help: "How often all queries are timed.") var repeats = 5
  @Option(help: "Threads to build on.") var threads = 1
  @Option(help: "How many nearest are searched, at most 100.") var limit = 10
  @Option(help: "Vectors that a search of the graph keeps: numbers with commas; 0 for what users get.")
  var ef = "0"
  @Flag(help: "Measure searches through filters too, beside comparing all that they allow.") var filters =
    false
  @Flag(help: "Build, and measure in another run: memory then is that of searching alone.") var buildOnly =
    false
  @Flag(help: "Build no graph: every vector is compared.") var exact = false

  private static let truthRows = 100
  /// Searches before memory is measured.
  private static let warmUp = 10_000
  private static let filteredQuestions = 300

  private struct Result: Encodable {
    let ef: Int
    let recall: Double
    var qps: [Double] = []
  }

  private struct FilteredResult: Encodable {
    let filter: String
    let allowed: Int
    let recall: Double
    let qps: Double
    /// Of comparing every vector that is allowed, which finds all.
    let scanQPS: Double

    enum CodingKeys: String, CodingKey {
      case filter, allowed, recall, qps
      case scanQPS = "scan_qps"
    }
  }

  private struct Report: Encodable {
    var rows = 0
    var buildSeconds: Double?
    var bytes = 0
    var residentBytesPerVector = 0.0
    var rescoredBytesPerVector = 0.0
    var results: [Result] = []
    var filtered: [FilteredResult]?

    enum CodingKeys: String, CodingKey {
      case rows, bytes, results, filtered
      case buildSeconds = "build_seconds"
      case residentBytesPerVector = "resident_bytes_per_vector"
      case rescoredBytesPerVector = "rescored_bytes_per_vector"
    }
  }

  func validate() throws {
    guard rows > 0, (1...65_536).contains(dimension), (1...1000).contains(repeats),
      (1...64).contains(threads),
      (1...Self.truthRows).contains(limit), !breadths.isEmpty
    else {
      throw UsageError(
        "--rows is at least 1, --dimension 1 to 65536, --repeats 1 to 1000, --threads 1 to 64, --limit 1 to 100, "
          + "and --ef numbers with commas.")
    }
  }

  private var breadths: [Int] {
    ef.split(separator: ",").compactMap { Int($0) }.filter { (0...1_000_000).contains($0) }
  }

  func run() async throws {
    var report = Report()
    let folder = URL(fileURLWithPath: work, isDirectory: true)
    let seconds = folder.appendingPathComponent("build-seconds")
    if let known = try? String(contentsOf: seconds, encoding: .utf8) {
      report.buildSeconds = Double(known.trimmingCharacters(in: .whitespacesAndNewlines))
    } else {
      try? FileManager.default.removeItem(at: folder)
      report.buildSeconds = try build(folder)
      try Data("\(report.buildSeconds ?? 0)\n".utf8).write(to: seconds)
    }
    if buildOnly {
      report.rows = rows
      return try Console.json(report)
    }
    let questions = try vectors(queries, nil)
    let nearest = try numbers(truth, UInt32.self)
    guard nearest.count == questions.count * Self.truthRows else {
      throw UsageError("\(truth) does not hold \(Self.truthRows) rows for each query.")
    }
    let before = Self.residentBytes(of: folder)
    let index = try open(folder)
    defer { index.close() }
    let snapshot = index.snapshot
    guard snapshot.liveChunks == rows else {
      throw UsageError("\(work) holds \(snapshot.liveChunks) rows, not \(rows); remove it.")
    }
    for question in 0..<max(Self.warmUp, questions.count) {
      _ = snapshot.dense(questions[question % questions.count], limit: limit)
    }
    let (resident, rescored) = Self.residentBytes(of: folder)
    report.rows = rows
    report.bytes = snapshot.bytes
    report.residentBytesPerVector = Double(max(0, resident - before.total)) / Double(rows)
    report.rescoredBytesPerVector = Double(rescored) / Double(rows)
    for breadth in breadths {
      let found = questions.map { search(snapshot, $0, breadth) }
      report.results.append(Result(ef: breadth, recall: recall(found, nearest)))
    }
    for _ in 0..<repeats {
      for (place, breadth) in breadths.enumerated() {
        let start = ContinuousClock.now
        for question in questions { _ = search(snapshot, question, breadth) }
        report.results[place].qps.append(Double(questions.count) / (start.duration(to: .now) / .seconds(1)))
      }
    }
    if filters { report.filtered = try BenchFilter.all.map { try measure($0, questions, snapshot, folder) } }
    try Console.json(report)
  }

  private func measure(
    _ filter: BenchFilter, _ questions: [[Float]], _ snapshot: SearchSnapshot, _ folder: URL
  ) throws -> FilteredResult {
    var options = options
    options.scannedVectors = .max
    let exact = try open(folder, .readOnly, options)
    defer { exact.close() }
    func timed(_ snapshot: SearchSnapshot, _ count: Int) -> (hits: [[Hit]], rate: Double) {
      let some = questions.prefix(count)
      // Once to bring into memory what is read.
      for question in some.prefix(20) { _ = snapshot.dense(question, filter: filter.labels, limit: limit) }
      let start = ContinuousClock.now
      let hits = some.map { snapshot.dense($0, filter: filter.labels, limit: limit) }
      return (hits, Double(some.count) / (start.duration(to: .now) / .seconds(1)))
    }
    let scanned = timed(exact.snapshot, Self.filteredQuestions)
    let walked = timed(snapshot, Self.filteredQuestions)
    var right = 0
    var wanted = 0
    for (found, all) in zip(walked.hits, scanned.hits) {
      let keys = Set(all.map(\.key))
      right += found.count { keys.contains($0.key) }
      wanted += all.count
    }
    return FilteredResult(
      filter: filter.name, allowed: snapshot.labelCounts(prefix: filter.name)[filter.name] ?? 0,
      recall: Double(right) / Double(max(1, wanted)), qps: walked.rate, scanQPS: scanned.rate)
  }

  private func search(_ snapshot: SearchSnapshot, _ question: [Float], _ breadth: Int) -> [Hit] {
    snapshot.dense(question, limit: limit, breadth: breadth == 0 ? nil : breadth)
  }

  private func recall(_ found: [[Hit]], _ nearest: [UInt32]) -> Double {
    let right = found.enumerated().reduce(0) { sum, pair in
      let first = pair.offset * Self.truthRows
      let wanted = Set(nearest[first..<first + limit].map { UInt64($0) })
      return sum + pair.element.count { wanted.contains($0.key) }
    }
    return Double(right) / Double(found.count * limit)
  }

  private var options: IndexOptions {
    var options = IndexOptions()
    options.graphThreads = threads
    if exact { options.graphVectors = .max }
    return options
  }

  private func open(
    _ folder: URL, _ access: IndexAccess = .readWrite, _ options: IndexOptions? = nil
  ) throws -> SearchIndex {
    try SearchIndex.open(
      at: folder,
      identity: IndexIdentity(
        epoch: "bench", analyzer: "none", model: "bench", dimension: dimension, fields: ["body"]),
      access: access, options: options ?? self.options
    ).0
  }

  /// - Returns: seconds.
  private func build(_ folder: URL) throws -> Double {
    let index = try open(folder)
    defer { index.close() }
    let vectors = try vectors(base, rows)
    let start = ContinuousClock.now
    for first in stride(from: 0, to: rows, by: 4096) {
      let added = (first..<min(first + 4096, rows)).map { row in
        ChunkEntry(
          key: UInt64(row), group: UInt64(row), fields: [.empty],
          labels: BenchFilter.all.filter { $0.allows(row, vectors[row]) }.map(\.name),
          vectors: [vectors[row].map { Float16($0).bitPattern }])
      }
      try index.apply(IndexUpdate(removedGroups: [], added: added))
    }
    index.publish(generation: 1)
    try index.compact()
    return start.duration(to: .now) / .seconds(1)
  }

  private func vectors(_ path: String, _ count: Int?) throws -> [[Float]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    let stride = dimension * MemoryLayout<Float>.size
    let count = count ?? data.count / stride
    guard data.count >= count * stride else { throw UsageError("\(path) holds fewer than \(count) vectors.") }
    return data.withUnsafeBytes { bytes in
      (0..<count).map { row in
        (0..<dimension).map { bytes.loadUnaligned(fromByteOffset: row * stride + $0 * 4, as: Float.self) }
      }
    }
  }

  private func numbers<Number: FixedWidthInteger>(_ path: String, _ type: Number.Type) throws -> [Number] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let size = MemoryLayout<Number>.size
    return data.withUnsafeBytes { bytes in
      (0..<data.count / size).map { bytes.loadUnaligned(fromByteOffset: $0 * size, as: Number.self) }
    }
  }

  /// Resident memory of this process without the vector files, from which exact values are read, and that of
  /// these files; 0 where the system does not say.
  private static func residentBytes(of folder: URL) -> (total: Int, vectors: Int) {
    guard let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      // Longer than one read of it gives.
      let maps = try? FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd()
    else { return (0, 0) }
    let fields = statm.split(separator: " ")
    let total = (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
    var vectors = 0
    var isVectors = false
    for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("Rss:"), isVectors {
        vectors += (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
      } else if line.contains("-"), !line.contains(":") || line.contains("/") {
        isVectors = line.hasSuffix(".vec") && line.contains(folder.lastPathComponent)
      }
    }
    return (total - vectors, vectors)
  }
}

/// A filter of which the benchmark knows what it allows.
private struct BenchFilter: Sendable {
  let name: String
  /// Whether it allows a row.
  let allows: @Sendable (Int, [Float]) -> Bool

  var labels: LabelFilter { LabelFilter(all: [[name]]) }

  /// Shares of the rows drawn by chance, and two that follow what the vectors say: a filter by subject.
  static let all: [BenchFilter] =
    [0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001].map { share in
      BenchFilter(name: "share=\(share)") { row, _ in
        var number = UInt64(row) &* 0x9E37_79B9_7F4A_7C15
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return Double(number >> 11) / 0x1p53 < share
      }
    } + [
      BenchFilter(name: "first=positive") { $1[0] > 0 },
      BenchFilter(name: "first=large") { $1[0] > 0.06 },
    ]
}
