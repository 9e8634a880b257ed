import Domain
import Foundation
import Testing

@testable import Store

/// What was live when.
@Suite struct HistoryTests {
  let clock = ManualClock()

  private func past(_ asOf: AsOf, _ sample: Sample) async throws -> [String] {
    let moment = try await sample.store.moment(asOf, of: sample.kb)
    let found = Collected<[PastDocument]>()
    try await sample.store.readPast(moment, model: Sample.model, pageSize: 2) { found.append($0) }
    let documents = found.all.flatMap { $0 }
    #expect(moment.chunks >= documents.reduce(0) { $0 + $1.chunks.count })
    return documents.map { "\($0.record.externalID) \($0.record.version): \($0.chunks.map(\.draft.text))" }
  }

  @Test func everyStateIsFoundAgain() async throws {
    let sample = try await Sample(clock.options)
    var states: [(generation: Generation, time: Date, documents: [String])] = []
    func note() async throws {
      let live = try await sample.changes(pageSize: 10).changes.compactMap(\.live)
      let documents = live.map { "\($0.record.externalID) \($0.record.version): \($0.chunks.map(\.text))" }
      states.append((try await sample.store.head(), clock.now, documents))
      clock.advance(10)
    }
    func act(_ act: PublicationAct, _ id: String) async throws {
      _ = try await sample.store.act(act, on: id, in: sample.kb, vectors: [:])
    }
    try await note()
    try await sample.write(Sample.document("a", ["one", "two"]))
    try await note()
    try await sample.write(Sample.document("b", ["b"], publication: .init(status: .draft)))
    try await note()
    try await sample.write(Sample.document("a", ["one", "three"]))
    try await note()
    try await act(.publish(.keep), "b")
    try await note()
    _ = try await sample.store.delete(["a"], from: sample.kb)
    try await note()
    try await sample.write(Sample.document("c", ["c"], publication: .init(publishAt: .set(clock.after(15)))))
    try await note()
    try await sample.write(Sample.document("a", ["again"]))
    clock.advance(5)
    _ = try await sample.store.applyDue(vectors: [:])
    try await note()
    try await act(.archive, "b")
    try await note()
    try await act(.publish(.init(expiresAt: .set(clock.after(1000)))), "a")
    try await note()
    #expect(states.map(\.documents.count) == [0, 1, 1, 1, 2, 1, 1, 3, 2, 2])
    for state in states {
      #expect(try await past(.generation(state.generation), sample) == state.documents)
      #expect(try await past(.time(state.time), sample) == state.documents)
      #expect(try await past(.time(state.time.addingTimeInterval(4)), sample) == state.documents)
    }
    // After a restart, too.
    try await sample.store.close()
    let again = try await Sample(folder: sample.folder, clock.options)
    for state in states { #expect(try await past(.generation(state.generation), again) == state.documents) }
  }

  @Test func whatHadExpiredWasNotFound() async throws {
    let sample = try await Sample(clock.options)
    let start = clock.now
    try await sample.write(Sample.document("a", ["a"], publication: .init(expiresAt: .set(clock.after(60)))))
    try await sample.write(Sample.document("b", ["b"]))
    // Nobody looked for a day.
    clock.advance(86_400)
    #expect(try await past(.time(start.addingTimeInterval(59)), sample) == ["a 1: [\"a\"]", "b 1: [\"b\"]"])
    #expect(try await past(.time(start.addingTimeInterval(60)), sample) == ["b 1: [\"b\"]"])
    _ = try await sample.store.applyDue(vectors: [:])
    #expect(try await past(.time(start.addingTimeInterval(60)), sample) == ["b 1: [\"b\"]"])
    #expect(try await past(.time(start.addingTimeInterval(30)), sample).count == 2)
  }

  @Test func aPurgedDocumentIsNotThere() async throws {
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("a", ["a"]), Sample.document("b", ["b"]))
    let generation = try await sample.store.head()
    let before = try await sample.store.moment(.generation(generation), of: sample.kb)
    _ = try await sample.store.purge("a", from: sample.kb)
    #expect(try await past(.generation(generation), sample) == ["b 1: [\"b\"]"])
    let after = try await sample.store.moment(.generation(generation), of: sample.kb)
    #expect(after.erasure > before.erasure && after.state == before.state)
  }

  @Test func whatIsNotKnownIsSaid() async throws {
    let sample = try await Sample(clock.options)
    let made = clock.now
    clock.advance(100)
    let other = try await sample.store.createKnowledgeBase(named: "other", model: Sample.model)
    let head = try await sample.store.head()
    let refused: [(KnowledgeBaseID, AsOf)] = [
      (sample.kb, .generation(Generation(rawValue: head.rawValue + 1))), (sample.kb, .time(clock.after(1))),
      (sample.kb, .time(made.addingTimeInterval(-1))), (sample.kb, .generation(.zero)),
      (other.id, .generation(Generation(rawValue: 1))), (other.id, .time(made)),
    ]
    for (kb, asOf) in refused {
      #expect(
        await thrownCode { _ = try await sample.store.moment(asOf, of: kb) } == "as_of_unavailable", "\(asOf)"
      )
    }
    #expect(try await past(.time(made), sample).isEmpty)
    #expect(try await past(.generation(Generation(rawValue: 1)), sample).isEmpty)
  }
}
