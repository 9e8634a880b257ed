import Domain
import Foundation
import Store
import Testing

@Suite struct ConcurrencyTests {
  @Test func parallelCommitsToOneDocument() async throws {
    let sample = try await Sample()
    let other = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    let records = try await withThrowingTaskGroup(of: DocumentRecord.self) { group in
      for i in 0..<200 {
        let store = i % 2 == 0 ? sample.store : other
        group.addTask {
          try await store.write(sample.batch([Sample.document("one", ["text \(i)"])])).receipts[0].record
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let last = try #require(records.max { $0.generation < $1.generation })
    #expect(Set(records.map(\.id)).count == 1)
    #expect(Set(records.map(\.version)) == Set(1...200))
    #expect(last.version == 200)
    for store in [sample.store, other] {
      #expect(try await store.document("one", in: sample.kb) == last)
      #expect(try await store.counts(in: sample.kb) == StoreCounts(documents: 1, chunks: 1))
      #expect(try await store.changes(of: sample.kb, after: .zero).changes.count == 1)
    }
  }

  @Test func twoOpenANewFolderAtOnce() async throws {
    let sample = try await Sample()
    let folder = sample.folder.url.appendingPathComponent("deeper/data")
    let options = Sample.options
    let epochs = try await withThrowingTaskGroup(of: StoreEpoch.self) { group in
      for _ in 0..<6 {
        group.addTask {
          let store = try SQLiteStore(folder: folder, options: options)
          #expect(try await store.knowledgeBases().map(\.name) == ["default"])
          return try await store.epoch()
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(epochs.count == 1)
  }

  @Test func readersAndWritersOfTwoStores() async throws {
    let sample = try await Sample()
    let other = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (w, store) in [sample.store, other].enumerated() {
        group.addTask {
          for i in 0..<30 {
            let documents = (0..<4).map { Sample.document("w\(w)-\($0)", ["text \(i) \($0)", "kept \($0)"]) }
            let written = try await store.write(sample.batch(documents))
            // What was acknowledged is seen by the next read, of either.
            for reader in [sample.store, other] {
              #expect(try await reader.head() >= written.generation)
              #expect(try await reader.document("w\(w)-3", in: sample.kb)?.version == i + 1)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await other.counts(in: sample.kb) == StoreCounts(documents: 8, chunks: 16))
  }

  @Test func aCancelledWriteIsWholeOrNotThere() async throws {
    let sample = try await Sample()
    for i in 0..<20 {
      let documents = (0..<20).map { Sample.document("c\(i)-\($0)", ["t\($0)"]) }
      let writing = Task { try await sample.store.write(sample.batch(documents)) }
      try await Task.sleep(for: .microseconds(i * 150))
      writing.cancel()
      let written = (try? await writing.value) != nil
      var there = 0
      for document in documents
      where try await sample.store.document(document.externalID, in: sample.kb) != nil {
        there += 1
      }
      #expect(there == 0 || there == 20)
      if written { #expect(there == 20) }
    }
    try await sample.write(Sample.document("after", ["all is well"]))
  }
}
