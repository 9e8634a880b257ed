import Foundation
import SearchIndex
import TestSupport
import Testing

/// Altered files never crash, and are found.
@Suite struct DamageTests {
  private var options: IndexOptions {
    var options = IndexOptions()
    options.graphVectors = 100
    options.scannedVectors = 10
    return options
  }

  private func open(_ folder: TemporaryFolder, _ access: IndexAccess) throws -> (SearchIndex, OpenOutcome) {
    try SearchIndex.open(at: folder.url, identity: Sampler.identity, access: access, options: options)
  }

  /// Three segments, one of them with a graph, two with tombstones.
  private func makeIndex(in folder: TemporaryFolder) throws {
    let index = try open(folder, .readWrite).0
    var sampler = Sampler(seed: 31)
    for generation in 1...3 as ClosedRange<Int64> {
      let base = UInt64(generation) * 1000
      // Enough that common terms have several blocks.
      let added = (0..<(generation == 1 ? 160 : 20)).map {
        sampler.entry(key: base + $0, group: base + $0 / 3)
      }
      try index.apply(IndexUpdate(removedGroups: [1002, 1010, 2004], added: added))
      index.publish(generation: generation)
      try index.flush()
      while try index.mergeIfNeeded() {}
    }
    index.close()
  }

  /// Calls everything that decodes.
  private func exercise(_ snapshot: SearchSnapshot) {
    let query = LexicalQuery(terms: Sampler.vocabulary.prefix(12).map { .init(alternatives: [$0, "w0"]) })
    let filter = LabelFilter(all: [["visibility=public", "tag=a"]])
    let vector = [Float](repeating: 0.5, count: Sampler.dimension)
    let hits = snapshot.lexical(query, filter: filter, limit: 20) + snapshot.lexical(query, limit: 500)
    let near = snapshot.dense(vector, filter: filter, limit: 20) + snapshot.dense(vector, limit: 500)
    let walked = snapshot.dense(vector, filter: filter, limit: 5, breadth: 30)
    let keys =
      (hits + near + walked + snapshot.dense(vector, limit: 5, breadth: 30)).prefix(50).map(\.key) + [
        1000, 1003, 2001,
      ]
    _ = snapshot.lexicalScores(of: keys, query)
    _ = snapshot.denseScores(of: keys, vector)
    for key in keys.prefix(5) { _ = snapshot.explain(key: key, query) }
    for key in keys.prefix(5) { _ = snapshot.vector(of: key, nearest: vector) }
    _ = snapshot.chunks(among: keys, with: "tag=a")
    _ = snapshot.labelCounts(prefix: "", filter: filter)
    _ = snapshot.liveGroups
    for group in 1000..<1010 as Range<UInt64> { _ = snapshot.contains(group: group) }
    for term in Sampler.vocabulary { _ = snapshot.documentFrequency(of: term) }
  }

  private func files(_ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
      .filter { $0 != "writer.lock" }.sorted { $0.suffix(4) < $1.suffix(4) }
  }

  /// Opens to read and asks everything, then opens to write, removes, and merges.
  private func use(_ folder: TemporaryFolder) throws {
    let (reader, _) = try open(folder, .readOnly)
    exercise(reader.snapshot)
    let (writer, _) = try open(folder, .readOnly)
    try writer.apply(IndexUpdate(removedGroups: (1000..<1060).map { $0 }, added: []))
    writer.publish(generation: 9)
    exercise(writer.snapshot)
  }

  @Test func everyFlippedByteIsFoundAndNoneCrashes() throws {
    let folder = try TemporaryFolder()
    try makeIndex(in: folder)
    #expect(SearchIndex.verify(at: folder.url).isEmpty)
    var random = SeededGenerator(41)
    let files = try files(folder)
    #expect(Set(files.map { $0.suffix(4) }).isSuperset(of: [".lex", ".vec", ".nsw", ".del"]))
    for name in files {
      let url = folder.url.appendingPathComponent(name)
      let sound = try Data(contentsOf: url)
      let flips = (name.hasSuffix(".lex") ? 20 : 6) * testEffort
      for flip in 0..<flips {
        var damaged = sound
        // Some in the frame, where a random place would seldom fall.
        let position =
          flip % 4 == 0
          ? sound.count - 1 - Int.random(in: 0..<min(sound.count, 600), using: &random)
          : Int.random(in: 0..<sound.count, using: &random)
        damaged[position] ^= UInt8.random(in: 1...255, using: &random)
        try damaged.write(to: url, options: .atomic)
        #expect(!SearchIndex.verify(at: folder.url).isEmpty, "\(name) at \(position)")
        try use(folder)
      }
      try sound.write(to: url, options: .atomic)
    }
    #expect(SearchIndex.verify(at: folder.url).isEmpty)
  }

  /// Whole runs of a body overwritten: counts, offsets and widths of every wrong kind.
  @Test func overwrittenBodiesDoNotCrash() throws {
    let folder = try TemporaryFolder()
    try makeIndex(in: folder)
    var random = SeededGenerator(42)
    for name in try files(folder) where !name.hasSuffix(".del") && name != "manifest" {
      let url = folder.url.appendingPathComponent(name)
      let sound = try Data(contentsOf: url)
      for _ in 0..<8 * testEffort {
        var damaged = sound
        let start = Int.random(in: 64..<sound.count - 900, using: &random)
        let fill: UInt8? = random.chance(0.5) ? [0x00, 0xff, 0x80, 0x7f].randomElement(using: &random) : nil
        for position in start..<min(start + Int.random(in: 8...400, using: &random), sound.count - 900) {
          damaged[position] = fill ?? UInt8.random(in: 0...255, using: &random)
        }
        try damaged.write(to: url, options: .atomic)
        try use(folder)
        // A merge either refuses or copies what can be read.
        let copy = try TemporaryFolder()
        for file in try files(folder) {
          try FileManager.default.copyItem(
            at: folder.url.appendingPathComponent(file), to: copy.url.appendingPathComponent(file))
        }
        let (writer, outcome) = try open(copy, .readWrite)
        guard case .opened = outcome else { continue }
        do {
          try writer.compact()
        } catch {
          #expect(error.code == .corrupt)
        }
        exercise(writer.snapshot)
      }
      try sound.write(to: url, options: .atomic)
    }
  }

  @Test func cutMissingAndForeignFilesMeanRebuilding() throws {
    let folder = try TemporaryFolder()
    try makeIndex(in: folder)
    var random = SeededGenerator(43)
    let files = try files(folder)
    for name in files {
      let url = folder.url.appendingPathComponent(name)
      let sound = try Data(contentsOf: url)
      var variants = (0..<4).map { _ in sound.prefix(Int.random(in: 0..<sound.count, using: &random)) }
      variants += [Data(), sound + Data([0])]
      if let other = files.first(where: { $0 != name && $0.suffix(4) == name.suffix(4) }) {
        variants.append(try Data(contentsOf: folder.url.appendingPathComponent(other)))
      }
      for variant in variants {
        try variant.write(to: url, options: .atomic)
        let (index, outcome) = try open(folder, .readOnly)
        guard case .mustRebuild(.damaged) = outcome else {
          Issue.record("\(name) of \(variant.count) bytes: \(outcome)")
          continue
        }
        #expect(index.snapshot.liveChunks == 0)
        #expect(!SearchIndex.verify(at: folder.url).isEmpty)
      }
      if name != "manifest" {
        try FileManager.default.removeItem(at: url)
        let outcome = try SearchIndex.open(at: folder.url, identity: Sampler.identity, access: .readOnly).1
        #expect(
          outcome
            == .mustRebuild(.damaged("An index file is damaged (\(name) is missing); rebuild the index.")))
      }
      try sound.write(to: url, options: .atomic)
    }
  }

  @Test func aDamagedIndexIsReplacedByTheFirstFlush() throws {
    let folder = try TemporaryFolder()
    try makeIndex(in: folder)
    try Data("{}".utf8).write(to: folder.url.appendingPathComponent("manifest"), options: .atomic)
    let before = try files(folder)
    let (index, outcome) = try SearchIndex.open(
      at: folder.url, identity: Sampler.identity, access: .readWrite)
    #expect(outcome == .mustRebuild(.damaged("the manifest is damaged")))
    #expect(try files(folder) == before)
    var sampler = Sampler(seed: 1)
    try index.apply(IndexUpdate(removedGroups: [], added: [sampler.entry(key: 1, group: 1)]))
    index.publish(generation: 7)
    try index.flush()
    index.close()
    #expect(try files(folder).count == 3)
    let again = try SearchIndex.open(at: folder.url, identity: Sampler.identity, access: .readOnly)
    #expect(again.1 == .opened(generation: 7))
  }
}
