import Domain
import SearchIndex
import TextAnalysis

/// Fields of the lexical half, in the order of every `ChunkEntry`.
public enum IndexField: Int, CaseIterable, Sendable {
  case title, headings, body
  public var name: String {
    switch self {
    case .title: "title"
    case .headings: "headings"
    case .body: "body"
    }
  }
}

extension BM25FParameters {
  /// A title says what its document is about, so a word in it counts three times (`tools/adr/0003`).
  public static let passages = BM25FParameters(k1: 1.2, fieldWeights: [3, 1, 1], b: [0.75, 0.75, 0.75])
  /// Who types expects titles, and those that begin alike rather than long texts about the word.
  static let suggestions = BM25FParameters(k1: 1.2, fieldWeights: [6, 1, 0.3], b: [0.75, 0.75, 0.75])
}

/// Spelling of the exact-match labels that filters and visibility use.
enum IndexLabel {
  static let tag = "tag="
  static let language = "language="
  static let kind = "kind="
  static let visibility = "visibility="
  static let source = "source="
  /// The day of the document's last change.
  static let updated = "updated="
  static let attributes = "attributes."
  static func attribute(_ name: String) -> String { attributes + name + "=" }
}

/// Turns a live document into index entries: analysed fields, labels, vectors.
struct EntryBuilder: Sendable {
  /// What entries are made of; another version means another index.
  static let version = 2

  let analyzer: TextAnalyzer

  /// - Returns: an entry per chunk, in the chunks' order.
  func entries(of record: DocumentRecord, questions: [String], chunks: [IndexableChunk]) -> [ChunkEntry] {
    let language = record.language.map(Language.init(rawValue:))
    // Every chunk carries the title, and a FAQ's further phrasings beside it (BM25F field).
    let title = terms(of: [record.title] + questions, language: language)
    let labels = IndexLabel.labels(of: record)
    return chunks.map { chunk in
      ChunkEntry(
        key: chunk.id.rawValue,
        group: UInt64(record.id.rawValue),
        fields: [
          title,
          terms(of: chunk.headingPath, language: language),
          terms(of: [chunk.text], language: language),
        ],
        labels: labels,
        vectors: chunk.vectors.map(\.bits))
    }
  }

  /// What a page of the feed changes.
  func update(of page: ChangePage) -> IndexUpdate {
    var update = IndexUpdate(removedGroups: [], added: [])
    for change in page.documents {
      update.removedGroups.append(UInt64(change.document.rawValue))
      if case .live(let record, let questions, let chunks) = change.state {
        update.added += entries(of: record, questions: questions, chunks: chunks)
      }
    }
    return update
  }

  private func terms(of texts: [String], language: Language?) -> FieldTerms {
    var frequencies: [String: Int] = [:]
    var length = 0
    for text in texts where !text.isEmpty {
      for token in analyzer.tokens(of: text, language: language) {
        frequencies[token.term, default: 0] += 1
        // Parts of an identifier are a second reading of the same place: they do not lengthen the text.
        if token.kind != .identifierPart { length += 1 }
      }
    }
    return FieldTerms(terms: frequencies.map { (term: $0.key, frequency: $0.value) }, length: length)
  }
}

extension IndexLabel {
  /// All labels of a document.
  static func labels(of record: DocumentRecord) -> [String] {
    var labels = record.visibility.labels.map { visibility + $0 }
    labels.append(kind + record.kind.rawValue)
    labels.append(source + record.source)
    labels.append(updated + record.date.description)
    if let name = record.language { labels.append(language + name) }
    labels += record.tags.map { tag + $0 }
    labels += record.attributes.map { attribute($0.key) + $0.value }
    return labels
  }
}

extension ChangePage {
  var hasChunkWithoutVector: Bool {
    documents.contains { change in
      guard case .live(_, _, let chunks) = change.state else { return false }
      return chunks.contains(where: \.vectors.isEmpty)
    }
  }
}
