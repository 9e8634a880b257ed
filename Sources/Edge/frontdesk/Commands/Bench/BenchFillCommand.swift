import ArgumentParser
import Domain
import Embedding
import Foundation
import Knowledge

/// Fills a knowledge base with texts whose vectors are given, as ingest does but for reading and embedding.
struct BenchFillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fill", abstract: "Fill a knowledge base with texts and vectors that are given.",
    discussion: """
      Texts are JSON objects with 'text', one a line; vectors a file of little-endian floats, one after the \
      other. The n-th passage gets the n-th vector, whatever it says. Beyond the last text, texts are \
      put together from halves of two. Prints seconds to chunk and store, to index, and to join segments, \
      and bytes of the index, as JSON.
      """)

  @OptionGroup var global: GlobalOptions
  @Option(help: "Texts, JSON Lines.") var texts: String
  @Option(help: "Vectors.") var vectors: String
  @Option(help: "How many passages.") var passages: Int
  @Option(help: "Knowledge base, which is made.") var kb = KnowledgeBase.defaultName

  /// Documents of one commit, as many as ingest takes.
  private static let batch = 32
  /// Passages after which the index follows.
  private static let window = 16_384

  private struct Line: Decodable { let text: String }

  private struct Report: Encodable {
    var passages = 0
    var documents = 0
    var storeSeconds = 0.0
    var indexSeconds = 0.0
    var mergeSeconds = 0.0
    var indexBytes = 0

    enum CodingKeys: String, CodingKey {
      case passages, documents
      case storeSeconds = "store_seconds"
      case indexSeconds = "index_seconds"
      case mergeSeconds = "merge_seconds"
      case indexBytes = "index_bytes"
    }
  }

  func validate() throws {
    guard passages > 0 else { throw UsageError("--passages is at least 1.") }
  }

  func run() async throws {
    let settings = try await global.settings()
    let decoder = JSONDecoder()
    let texts = try Console.lines(ofFile: texts).map {
      try decoder.decode(Line.self, from: Data($0.utf8)).text
    }
    let specification = try ModelCatalogue.specification(named: settings.model)
    let vectors = try VectorRows(path: vectors, dimension: specification.dimension)
    guard texts.count > 1, vectors.count >= passages else {
      throw UsageError("There are \(texts.count) texts and \(vectors.count) vectors; \(passages) are needed.")
    }
    let workspace = try await Workspace.open(settings)
    let report = try await workspace.closing { workspace in
      try await workspace.makeKnowledgeBase(kb, model: settings.model)
      return try await fill(workspace, texts, vectors)
    }
    try Console.json(report)
  }

  private func fill(
    _ workspace: Workspace, _ texts: [String], _ vectors: VectorRows
  ) async throws -> Report {
    let knowledgeBase = try await workspace.knowledgeBase(kb)
    let follower = try await workspace.indexes.follower(of: kb)
    let preparer = DocumentPreparer(
      tokens: .bestInstalled(in: ModelCache(folder: workspace.settings.models)), options: .standard)
    var report = Report()
    var number = 0
    var unindexed = 0
    while report.passages < passages {
      report.storeSeconds += try await seconds {
        var documents: [DocumentWrite] = []
        var given: [VectorKey: HalfVector] = [:]
        while documents.count < Self.batch, report.passages < passages {
          let content = DocumentContent(title: "", text: Self.text(number, texts))
          let document = preparer.write(
            content, blocks: nil, externalID: "passage-\(number)", origin: nil)
          for (place, hash) in document.chunks.flatMap(\.textHashes).enumerated() {
            let row = min(report.passages + place, vectors.count - 1)
            given[VectorKey(model: knowledgeBase.model, textHash: hash)] = vectors[row]
          }
          documents.append(document)
          number += 1
          report.passages += document.chunks.count
          unindexed += document.chunks.count
        }
        _ = try await workspace.store.commit(
          IngestBatch(
            knowledgeBase: knowledgeBase.id, model: knowledgeBase.model, documents: documents, vectors: given)
        )
      }
      if unindexed >= Self.window || report.passages >= passages {
        unindexed = 0
        report.indexSeconds += try await seconds { try await follower.catchUp() }
      }
    }
    report.indexSeconds += try await seconds { try await follower.flush() }
    report.mergeSeconds = try await seconds { try await follower.finishMerging() }
    let status = try await workspace.indexes.status(of: kb)
    report.passages = status.chunks
    report.documents = status.documents
    report.indexBytes = status.bytes
    return report
  }

  private func seconds(_ body: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await body()
    return start.duration(to: .now) / .seconds(1)
  }

  /// The text of a document: each by itself first, then the first half of one and the second of another.
  private static func text(_ number: Int, _ texts: [String]) -> String {
    let (round, place) = number.quotientAndRemainder(dividingBy: texts.count)
    guard round > 0 else { return texts[place] }
    // The partner differs in each round, and is never the text itself.
    let other = (place + 1 + (round - 1) * 7919 % (texts.count - 1)) % texts.count
    let first = texts[place].split(separator: " ")
    let second = texts[other].split(separator: " ")
    return (first.prefix((first.count + 1) / 2) + second.suffix(second.count / 2)).joined(separator: " ")
  }
}

/// Vectors in a file, mapped into memory.
private struct VectorRows {
  private let data: Data
  private let dimension: Int
  let count: Int

  init(path: String, dimension: Int) throws {
    data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    self.dimension = dimension
    count = data.count / (dimension * MemoryLayout<Float>.size)
  }

  subscript(row: Int) -> HalfVector {
    data.withUnsafeBytes { bytes in
      let first = row * dimension * MemoryLayout<Float>.size
      return HalfVector(
        (0..<dimension).map { bytes.loadUnaligned(fromByteOffset: first + $0 * 4, as: Float.self) })
    }
  }
}
