import Foundation
import SearchIndex
import TextAnalysis

/// The values of a knowledge base's attributes, and which of them a text names.
///
/// Products, places, plans: what an editor put into attributes is what customers name once and then mean.
struct AttributeMentions: Sendable {
  struct Value: Sendable {
    let key: String
    let value: String
    /// As the index has it.
    let label: String
    fileprivate let terms: Set<String>
  }

  /// Share of a value's terms, by weight, that must be said.
  private static let leastShare = 0.6
  /// Longer values are sentences, not names.
  private static let maxTerms = 8
  /// A key of more values names each document, such as a URL or an id.
  private static let maxValuesOfKey = 5_000
  /// A value of nearly all documents tells none apart.
  private static let maxCoverage = 0.9

  private(set) var values: [Value] = []
  private var valuesByTerm: [String: [Int]] = [:]

  /// - Parameter visible: lets through what the viewer may see: other documents' values are not known.
  init(_ snapshot: SearchSnapshot, visible: LabelFilter, analyzer: TextAnalyzer, languages: [Language]) {
    let counts = snapshot.labelCounts(prefix: IndexLabel.attributes, filter: visible)
    let mostChunks = Self.maxCoverage * Double(snapshot.liveChunks)
    var keys: [Substring: [(label: String, value: Substring)]] = [:]
    for (label, count) in counts where Double(count) <= mostChunks {
      let parts = label.dropFirst(IndexLabel.attributes.count).split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[1].contains(where: \.isLetter), !parts[1].contains(where: "/@".contains)
      else { continue }
      keys[parts[0], default: []].append((label, parts[1]))
    }
    for (key, labels) in keys.sorted(by: { $0.key < $1.key }) where labels.count <= Self.maxValuesOfKey {
      for (label, value) in labels.sorted(by: { $0.label < $1.label }) {
        let terms = Set(
          analyzer.queryTerms(of: String(value), languages: languages).compactMap(\.alternatives.first))
        guard (1...Self.maxTerms).contains(terms.count) else { continue }
        for term in terms { valuesByTerm[term, default: []].append(values.count) }
        values.append(Value(key: String(key), value: String(value), label: label, terms: terms))
      }
    }
  }

  /// - Parameter terms: those of the text.
  /// - Returns: the values that it names, with the share of their words that it says, the surest first.
  func named(in terms: [QueryTerm]) -> [(value: Value, share: Double)] {
    let said = Set(terms.flatMap(\.alternatives))
    var seen: Set<Int> = []
    var named: [(index: Int, share: Double)] = []
    for term in said {
      for index in valuesByTerm[term] ?? [] where seen.insert(index).inserted {
        let all = values[index].terms
        let total = all.reduce(0) { $0 + weight(of: $1) }
        let share = all.intersection(said).reduce(0) { $0 + weight(of: $1) } / total
        if share >= Self.leastShare { named.append((index, share)) }
      }
    }
    return named.sorted { $0.share != $1.share ? $0.share > $1.share : $0.index < $1.index }
      .map { (values[$0.index], $0.share) }
  }

  /// Words that few values have tell them apart.
  private func weight(of term: String) -> Double {
    log(1 + Double(values.count) / (0.5 + Double(valuesByTerm[term]?.count ?? 0)))
  }
}
