import Domain
import Foundation
import Store
import Testing

/// Random writes, checked step by step against a dictionary and a follower.
@Suite struct PropertyTests {
  /// What the store should hold, told in the simplest way.
  private struct Oracle {
    struct Document {
      var id: DocumentID
      var version: Int
      var texts: [String]
      var isLive: Bool
      /// Of every version, from 1.
      var history: [[String]]
    }
    var documents: [String: Document] = [:]
    var purged: Set<DocumentID> = []
    var live: [String: Document] { documents.filter(\.value.isLive) }
  }

  @Test(arguments: [11, 12, 13])
  func storeEqualsOracle(seed: UInt64) async throws {
    let sample = try await Sample()
    var random = SplitMix(state: seed)
    func pick(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    var oracle = Oracle()
    var followed: [DocumentID: [String]] = [:]
    var at = Generation.zero
    for _ in 0..<90 {
      let name = "doc \(pick(12))"
      switch pick(10) {
      case 0..<6:
        let writes = (0...pick(3)).map { _ in
          ("doc \(pick(12))", (0..<pick(5)).map { _ in "word \(pick(8))" })
        }
        let result = try await sample.store.write(
          sample.batch(writes.map { Sample.document($0.0, $0.1, title: $0.0) })
        )
        for ((name, texts), receipt) in zip(writes, result.receipts) {
          expect(receipt, of: texts, was: oracle.documents[name])
          var document =
            oracle.documents[name]
            ?? Oracle.Document(id: receipt.record.id, version: 0, texts: [], isLive: false, history: [])
          if receipt.effect != .unchanged {
            document.version += 1
            document.history.append(texts)
          }
          (document.texts, document.isLive) = (texts, true)
          oracle.documents[name] = document
        }
        #expect(try await sample.store.head() == result.generation)
      case 6, 7:
        let receipt = try await sample.store.delete([name], from: sample.kb)
        #expect(receipt.documents == (oracle.live[name] == nil ? 0 : 1))
        #expect(receipt.chunks == (oracle.live[name]?.texts.count ?? 0))
        oracle.documents[name]?.isLive = false
      case 8:
        let generation = try await sample.store.purge(name, from: sample.kb)
        #expect((generation != nil) == (oracle.documents[name] != nil))
        if let gone = oracle.documents.removeValue(forKey: name) { oracle.purged.insert(gone.id) }
      default:
        // A follower that comes by now and then.
        let (changes, summary) = try await sample.changes(after: at, pageSize: 1 + pick(5))
        if at == .zero { followed = [:] }
        for change in changes { followed[change.document] = change.live?.chunks.map(\.text) }
        at = summary.head
        #expect(followed == Dictionary(uniqueKeysWithValues: oracle.live.values.map { ($0.id, $0.texts) }))
        if pick(6) == 0 { at = .zero }
      }
    }
    try await check(sample, oracle)
  }

  private func expect(_ receipt: DocumentReceipt, of texts: [String], was old: Oracle.Document?) {
    let effect: DocumentReceipt.Effect =
      switch old {
      case let old? where old.isLive: old.texts == texts ? .unchanged : .changed
      default: .added
      }
    #expect(receipt.effect == effect)
    #expect(receipt.record.version == (old?.version ?? 0) + (effect == .unchanged ? 0 : 1))
    if let old { #expect(receipt.record.id == old.id) }
    // Kept chunks are the intersection of the two multisets.
    var rest = old?.isLive == true ? old?.texts ?? [] : []
    let before = rest.count
    for text in texts { if let i = rest.firstIndex(of: text) { rest.remove(at: i) } }
    #expect(receipt.chunksKept == before - rest.count)
    if effect != .unchanged {
      #expect(receipt.chunksRemoved == rest.count)
      #expect(receipt.chunksAdded == texts.count - receipt.chunksKept)
    }
  }

  private func check(_ sample: Sample, _ oracle: Oracle) async throws {
    let store = sample.store
    let live = oracle.live
    #expect(
      try await store.counts(in: sample.kb)
        == StoreCounts(documents: live.count, chunks: live.values.reduce(0) { $0 + $1.texts.count })
    )
    let listed = try await store.documents(in: sample.kb, after: nil, limit: 1000)
    #expect(listed.map(\.externalID) == live.keys.sorted())
    for (name, document) in oracle.documents {
      #expect(
        try await store.document(name, in: sample.kb)?.version == (document.isLive ? document.version : nil)
      )
      for (i, texts) in document.history.enumerated() {
        let version = try await store.version(i + 1, of: name, in: sample.kb)
        #expect(version?.text == texts.joined(separator: "\n\n"))
        #expect(version?.isCurrent == (document.isLive && i + 1 == document.version))
      }
    }
    for id in oracle.purged {
      guard case .purged = try await store.version(1, of: id) else {
        Issue.record("\(id) must read as purged")
        continue
      }
    }
    // A rebuild sees the same, with every vector; and the store has no vector besides.
    let rebuilt = try await sample.changes().changes.compactMap(\.live)
    #expect(rebuilt.map(\.record) == listed.sorted { $0.id < $1.id })
    var used: Set<HalfVector> = []
    for document in rebuilt {
      let write = Sample.document(
        document.record.externalID,
        live[document.record.externalID]?.texts ?? [],
        title: document.record.externalID
      )
      #expect(document.chunks.map(\.vectors) == write.chunks.map { $0.textHashes.map { Sample.vector($0) } })
      used.formUnion(document.chunks.flatMap(\.vectors))
    }
    try await store.close()
    #expect(try integrity(of: sample.folder.url) == "ok")
    #expect(try integer("SELECT count(*) FROM vectors", in: sample.folder.url) == used.count)
  }
}
