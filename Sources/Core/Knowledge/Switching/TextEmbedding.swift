import Domain
import Embedding
import Foundation
import Retrieval

/// One round of a switch: vectors for every stored text that has none.
///
/// Memory is that of a few documents; each step is one call of the model and one transaction.
struct TextEmbedding: Sendable {
  let switcher: ModelSwitcher
  let knowledgeBase: KnowledgeBaseID
  let model: String
  let onProgress: @Sendable (ModelSwitch) -> Void

  private static let documentsPerPage = 16

  /// - Returns: false where the switch is no longer ours.
  func run(changedAfter covered: Generation) async throws -> Bool {
    var (done, total) = try await switcher.store.embeddedTexts(of: knowledgeBase, model: model)
    var last: DocumentID?
    guard try await report(done, total) else { return false }
    while true {
      let page = try await switcher.store.unembeddedDocuments(
        in: knowledgeBase, model: model, changedAfter: covered, after: last, limit: Self.documentsPerPage)
      guard let end = page.last?.id else { return true }
      last = end
      let texts = await Blocking.run { [texts = switcher.texts] in
        page.reduce(into: [Data: String]()) { all, document in
          all.merge(texts.missing(of: document).texts) { first, _ in first }
        }
      }
      let sorted = texts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      for start in stride(from: 0, to: sorted.count, by: switcher.options.textsPerStep) {
        let step = sorted[start..<min(start + switcher.options.textsPerStep, sorted.count)]
        try Task.checkCancellation()
        try await embed(Array(step))
        done += step.count
        total = max(total, done)
        guard try await report(done, total) else { return false }
      }
    }
  }

  private func embed(_ texts: [(key: Data, value: String)]) async throws {
    let service = try await switcher.embedders.backgroundService(for: model)
    let vectors = try await service.embedPassages(texts.map(\.value))
    var keyed: [VectorKey: HalfVector] = [:]
    for (text, vector) in zip(texts, vectors) {
      keyed[VectorKey(model: model, textHash: text.key)] = HalfVector(vector)
    }
    _ = try await switcher.store.commit(
      IngestBatch(knowledgeBase: knowledgeBase, model: model, documents: [], vectors: keyed))
  }

  private func report(_ done: Int, _ total: Int) async throws -> Bool {
    let (holder, model) = (switcher.holder, model)
    let now = try await switcher.store.updateModelSwitch(of: knowledgeBase) { current, _, _ in
      guard current?.holder == holder, current?.state == .embedding, current?.model == model else { return }
      current?.textsDone = done
      current?.textsTotal = total
    }
    guard let now, now.holder == holder, now.state == .embedding, now.model == model else { return false }
    onProgress(now)
    return true
  }
}

extension Duration {
  var timeInterval: TimeInterval { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
