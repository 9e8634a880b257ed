import Foundation
import TextAnalysis

/// What the turns of a conversation name, as additions to scores.
struct ContextBoost: Sendable, Equatable {
  let label: String
  let key: String
  let value: String
  let amount: Double

  /// Of a value that was just named in full.
  static let most = 0.25
  /// What is left of it for each value of the same attribute that was named since.
  static let recency = 0.7
  /// A conversation names more only where words are names by chance.
  private static let limit = 16

  /// - Parameter turns: terms of each, newest first.
  /// - Returns: the strongest first; at most one of each value.
  static func boosts(of turns: [[QueryTerm]], by mentions: AttributeMentions) -> [ContextBoost] {
    var named: [String: Set<String>] = [:]
    var boosts: [ContextBoost] = []
    for terms in turns {
      var now: [String: Set<String>] = [:]
      for (value, share) in mentions.named(in: terms) {
        let before = named[value.key] ?? []
        guard !before.contains(value.label) else { continue }
        boosts.append(
          ContextBoost(
            label: value.label, key: value.key, value: value.value,
            amount: most * share * pow(recency, Double(before.count))))
        now[value.key, default: []].insert(value.label)
      }
      named.merge(now) { $0.union($1) }
    }
    return Array(
      boosts.sorted { $0.amount != $1.amount ? $0.amount > $1.amount : $0.label < $1.label }.prefix(limit))
  }
}
