import Domain
import TextAnalysis

/// A turn of a conversation, read so that it can be searched for by itself.
struct StandaloneQuery: Sendable, Equatable {
  /// What the turn turned out to be.
  enum Reading: String, Sendable {
    /// A question of its own, perhaps about something named before.
    case question
    /// The rest of an earlier question: "and for business accounts?"
    case continuation
    /// One of several things that were listed: "the second one".
    case choice
    /// "Yes" to an offer, or "no" and "thanks".
    case reply
  }

  let reading: Reading
  /// What both halves are asked for.
  let text: String
  /// The earlier question that it goes on from, whose words count half.
  let continued: String?
  /// The turn among those before it, to be embedded too; nil where there are none.
  let context: String?
  /// Share of the context in the query's vector.
  let contextShare: Double
  /// Where things are named: the turn, then those before it, newest first.
  let turns: [String]

  /// The question in one text, as a cross-encoder reads it.
  var question: String { continued.map { $0 + " " + text } ?? text }
}

/// Reads turns by what stands before them, without a language model.
struct FollowUpReader: Sendable {
  /// Measured on dstc9 (`tools/adr/0011`).
  static let contextShare = 0.2
  static let continuationShare = 0.5
  private static let contextTurns = 2
  /// Further back, things are seldom meant.
  private static let turnLimit = 20
  /// What is read of a turn.
  private static let turnCharacters = 2000
  /// A continuation is short: "and for business accounts?"
  private static let continuationTerms = 3

  let analyzer: TextAnalyzer
  let languages: [Language]

  func read(_ query: String, after history: [HistoryTurn]) -> StandaloneQuery {
    let history = history.suffix(Self.turnLimit).map(Self.shortened)
    guard !history.isEmpty else {
      return StandaloneQuery(
        reading: .question, text: query, continued: nil, context: nil, contextShare: 0, turns: [])
    }
    let turns = [query] + history.reversed().map(\.text)
    func standalone(
      _ reading: StandaloneQuery.Reading, _ text: String, continued: String? = nil, share: Double
    ) -> StandaloneQuery {
      let earlier = continued.map { [$0] } ?? history.suffix(Self.contextTurns).map(\.text)
      return StandaloneQuery(
        reading: reading, text: text, continued: continued,
        context: (earlier + [text]).joined(separator: " "),
        contextShare: share, turns: turns)
    }
    let words = Self.words(of: query)
    let asked = lastQuestion(of: history)
    if let ordinal = FollowUpWords.ordinal(in: words),
      content(of: query, without: FollowUpWords.choosing).isEmpty,
      let choices = history.last(where: { $0.role != .customer }).map({ ListedChoices.items(in: $0.text) }),
      let chosen = ordinal.pick(from: choices)
    {
      return standalone(.choice, chosen, continued: asked, share: Self.continuationShare)
    }
    let own = content(of: query)
    if own.isEmpty, words.contains(where: FollowUpWords.courtesies.contains) {
      let offered = words.contains(where: FollowUpWords.refusals.contains) ? nil : lastOffer(of: history)
      guard let text = offered ?? asked else { return standalone(.question, query, share: Self.contextShare) }
      return standalone(.reply, text, share: Self.contextShare)
    }
    if let asked, own.count <= Self.continuationTerms, FollowUpWords.continues(words) {
      return standalone(.continuation, query, continued: asked, share: Self.continuationShare)
    }
    return standalone(.question, query, share: Self.contextShare)
  }

  /// A customer says first what is wanted, the other side ends with what it offers. Bounds the work for a turn.
  private static func shortened(_ turn: HistoryTurn) -> HistoryTurn {
    let text = turn.role == .customer ? turn.text.prefix(turnCharacters) : turn.text.suffix(turnCharacters)
    return HistoryTurn(role: turn.role, text: String(text))
  }

  /// What the customer last asked that had something to search for.
  private func lastQuestion(of history: [HistoryTurn]) -> String? {
    history.last { $0.role == .customer && !content(of: $0.text).isEmpty }?.text
  }

  /// The question that the last turn of the other side ended with.
  private func lastOffer(of history: [HistoryTurn]) -> String? {
    guard let turn = history.last(where: { $0.role != .customer }) else { return nil }
    let sentences = SentenceSplitter().sentences(in: turn.text, language: languages.first)
      .compactMap { turn.text.slice($0).map(String.init) }
    return sentences.last { $0.contains("?") && !content(of: $0).isEmpty }
  }

  /// Terms that say what is looked for, in plain form.
  private func content(of text: String, without others: Set<String> = []) -> [String] {
    analyzer.queryTerms(of: text, languages: languages).filter { !$0.isStopWord }
      .compactMap(\.alternatives.last)
      .filter { !FollowUpWords.courtesies.contains($0) && !others.contains($0) }
  }

  private static func words(of text: String) -> [String] {
    TextNormalizer.folded(text).split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }
}
