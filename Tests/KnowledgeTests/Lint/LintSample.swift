import Domain
import Foundation
import TestSupport

@testable import Knowledge

extension LintDocument {
  /// A document whose passages are the texts given.
  static func sample(
    _ id: String, _ texts: [String] = [], title: String = "", kind: DocumentKind = .article,
    language: String? = "en",
    url: String? = nil, attributes: [String: String] = [:], links: [String]? = [], anchors: [String]? = nil,
    updated: Date = Date(timeIntervalSince1970: 1_750_000_000)
  ) -> LintDocument {
    let number = Int64(bitPattern: UInt64(id.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) }) >> 1)
    let record = DocumentRecord(
      id: DocumentID(rawValue: number), knowledgeBase: KnowledgeBaseID(rawValue: 1), externalID: id,
      version: 1,
      kind: kind, title: title, url: url, language: language, tags: [], attributes: attributes,
      visibility: .public, source: "docs", textBytes: texts.reduce(0) { $0 + $1.utf8.count },
      chunkCount: texts.count,
      generation: Generation(rawValue: 1), createdAt: updated, updatedAt: updated)
    return LintDocument(
      record: record,
      links: links.map { targets in
        DocumentLinks(outgoing: targets.map { DocumentLink(target: $0, line: 3) }, anchors: anchors)
      },
      passages: texts.enumerated().map { i, text in
        LintPassage(chunk: ChunkID(rawValue: UInt64(number) &* 100 &+ UInt64(i)), headingPath: [], text: text)
      })
  }
}

/// A passage of so many made-up words, the same for the same seed.
func prose(_ count: Int, seed: Int) -> String {
  var random = SeededGenerator(UInt64(seed))
  return (0..<count).map { _ in "w\(random.next() % 5_000)" }.joined(separator: " ") + "."
}
