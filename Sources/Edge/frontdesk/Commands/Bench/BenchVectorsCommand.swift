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
      resident after all queries, recall of the 10 nearest and queries a second by repeat, as JSON.
      """)

  @OptionGroup var global: GlobalOptions
  @Option(help: "Vectors.") var base: String
  @Option(help: "How many of them, from the first.") var rows: Int
  @Option(help: "Query vectors.") var queries: String
  @Option(help: "Nearest rows of each query.") var truth: String
  @Option(help: "Floats a vector.") var dimension = 384
  @Option(help: "Folder of the index, which is reused where it holds as many rows.") var work: String
  @Option(help: "How often all queries are timed.") var repeats = 5

  private static let truthRows = 100
  private static let neighbours = 10

  private struct Result: Encodable {
    let recall10: Double
    let qps: [Double]
  }

  private struct Report: Encodable {
    var rows = 0
    var buildSeconds: Double?
    var bytes = 0
    var residentBytesPerVector = 0.0
    var results: [Result] = []

    enum CodingKeys: String, CodingKey {
      case rows, bytes, results
      case buildSeconds = "build_seconds"
      case residentBytesPerVector = "resident_bytes_per_vector"
    }
  }

  func validate() throws {
    guard rows > 0, (1...65_536).contains(dimension), (1...1000).contains(repeats) else {
      throw UsageError("--rows is at least 1, --dimension 1 to 65536 and --repeats 1 to 1000.")
    }
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
    let questions = try vectors(queries, nil)
    let nearest = try numbers(truth, UInt32.self)
    guard nearest.count == questions.count * Self.truthRows else {
      throw UsageError("\(truth) does not hold \(Self.truthRows) rows for each query.")
    }
    let before = Self.residentBytes()
    let index = try open(folder)
    defer { index.close() }
    let snapshot = index.snapshot
    guard snapshot.liveChunks == rows else {
      throw UsageError("\(work) holds \(snapshot.liveChunks) rows, not \(rows); remove it.")
    }
    var found: [[Hit]] = []
    var rates: [Double] = []
    for _ in 0..<repeats {
      let start = ContinuousClock.now
      found = questions.map { snapshot.dense($0, limit: Self.neighbours) }
      rates.append(Double(questions.count) / (start.duration(to: .now) / .seconds(1)))
    }
    let right = found.enumerated().reduce(0) { sum, pair in
      let first = pair.offset * Self.truthRows
      let true10 = Set(nearest[first..<first + Self.neighbours].map { UInt64($0) })
      return sum + pair.element.count { true10.contains($0.key) }
    }
    report.rows = rows
    report.bytes = snapshot.bytes
    report.residentBytesPerVector = Double(max(0, Self.residentBytes() - before)) / Double(rows)
    report.results = [
      Result(recall10: Double(right) / Double(questions.count * Self.neighbours), qps: rates)
    ]
    try Console.json(report)
  }

  private func open(_ folder: URL) throws -> SearchIndex {
    try SearchIndex.open(
      at: folder,
      identity: IndexIdentity(
        epoch: "bench", analyzer: "none", model: "bench", dimension: dimension, fields: ["body"]),
      access: .readWrite
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
          key: UInt64(row), group: UInt64(row), fields: [.empty], labels: [],
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

  /// Resident memory of this process; 0 where the system does not say.
  private static func residentBytes() -> Int {
    guard let line = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let fields = line.split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(getpagesize())
  }
}
