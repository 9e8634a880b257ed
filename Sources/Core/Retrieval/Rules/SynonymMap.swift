import Domain
import TextAnalysis

/// Words of a knowledge base that mean the same.
struct SynonymMap: Sendable {
  /// What a phrase may be replaced by.
  private struct Replacement: Sendable {
    let texts: [String]
    let terms: [[QueryTerm]]
    let isOneWay: Bool
  }

  /// A query with its synonyms.
  struct Expansion: Sendable, Equatable {
    /// Those of the query in its order, each with the synonyms that are one word; without words that are replaced.
    var terms: [QueryTerm] = []
    /// What is asked for, one entry for all that means the same as far as that goes: what to look for in a passage.
    var asked: [QueryTerm] = []
    /// Synonyms of several words, which share the weight of what they stand for.
    var additions: [LexicalAddition] = []
    /// The query in other words: its meaning is that of all of them.
    var texts: [String]

    /// With the last word, which may be unfinished, as what it may become.
    func completed(_ completion: ((QueryTerm) -> QueryTerm)?) -> Expansion {
      guard let completion, let last = terms.last else { return self }
      var completed = self
      completed.terms[terms.count - 1] = completion(last)
      if asked.last == last { completed.asked[asked.count - 1] = completed.terms[terms.count - 1] }
      return completed
    }
  }

  struct LexicalAddition: Sendable, Equatable {
    let term: QueryTerm
    let weight: Float
  }

  /// The query itself and the first of its rewritings, as far as they are embedded.
  static let maxTexts = 3

  private var phrases = PhraseTable<Replacement>()
  var isEmpty: Bool { phrases.isEmpty }

  init() {}

  /// Whether a term is part of what was written down, and so no slip of the keyboard.
  func knows(_ term: QueryTerm) -> Bool { phrases.knows(term) }

  init(_ rules: [SynonymRule], analyzer: TextAnalyzer, languages: [Language]) {
    for rule in rules {
      for from in rule.from {
        let texts = rule.to.filter { $0 != from }
        guard !texts.isEmpty else { continue }
        phrases.add(
          Replacement(
            texts: texts, terms: texts.map { analyzer.queryTerms(of: $0, languages: languages) },
            isOneWay: rule.isOneWay),
          for: analyzer.queryTerms(of: from, languages: languages))
      }
    }
  }

  /// Reads a query from left to right; at each place the longest phrase counts.
  func expand(_ terms: [QueryTerm], of text: String) -> Expansion {
    var expansion = Expansion(texts: [text])
    // By rewriting, later places first, so that earlier byte ranges stay what they are.
    var replaced: [(span: ByteSpan, texts: [String], isOneWay: Bool)] = []
    var place = 0
    while place < terms.count {
      let matches = phrases.matches(in: terms, at: place)
      guard let length = matches.map(\.length).max() else {
        expansion.terms.append(terms[place])
        expansion.asked.append(terms[place])
        place += 1
        continue
      }
      let found = matches.filter { $0.length == length }.map(\.value)
      let matched = Array(terms[place..<place + length])
      add(found, for: matched, to: &expansion)
      let span = ByteSpan(start: matched[0].span.start, end: matched[length - 1].span.end)
      // An identifier and its parts, and pairs of characters, share bytes: those that were replaced are gone.
      if span.start >= replaced.last?.span.end ?? 0 {
        replaced.append((span, found.flatMap(\.texts), found.contains { $0.isOneWay }))
      }
      place += length
    }
    guard !replaced.isEmpty else { return expansion }
    let variants = (0..<Self.maxTexts - 1).prefix(replaced.map(\.texts.count).max() ?? 0).map { variant in
      replaced.reversed().reduce(text) { rewritten, part in
        rewritten.replacing(part.span, with: part.texts[min(variant, part.texts.count - 1)])
      }
    }
    expansion.texts = (replaced.contains { $0.isOneWay } ? [] : [text]) + variants
    return expansion
  }

  private func add(_ found: [Replacement], for matched: [QueryTerm], to expansion: inout Expansion) {
    let synonyms = found.flatMap(\.terms).filter { !$0.isEmpty }
    let stays = !found.contains { $0.isOneWay }
    let forms = synonyms.joined().flatMap(\.alternatives)
    expansion.asked += stays ? matched.map { $0.with($0.alternatives + forms) } : Array(synonyms.joined())
    var words = synonyms.filter { $0.count == 1 }.flatMap { $0[0].alternatives }
    if matched.count == 1 {
      if stays { words = matched[0].alternatives + words }
      if !words.isEmpty { expansion.terms.append(matched[0].with(words)) }
    } else if stays {
      expansion.terms += matched
      // One word for several weighs as much as they do.
      expansion.additions += synonyms.filter { $0.count == 1 }.map {
        LexicalAddition(term: $0[0], weight: Float(matched.count))
      }
    } else if !words.isEmpty {
      expansion.terms.append(matched[0].with(words))
    }
    for synonym in synonyms where synonym.count > 1 {
      expansion.additions += synonym.map {
        LexicalAddition(term: $0, weight: Float(matched.count) / Float(synonym.count))
      }
    }
  }
}

extension QueryTerm {
  /// The same place of a query in other forms.
  func with(_ alternatives: [String]) -> QueryTerm {
    var distinct: [String] = []
    for form in alternatives where !distinct.contains(form) { distinct.append(form) }
    return QueryTerm(alternatives: distinct, span: span, kind: kind, isStopWord: false)
  }
}

extension String {
  /// With a range of its bytes, which begins and ends between characters, replaced.
  fileprivate func replacing(_ span: ByteSpan, with text: String) -> String {
    let bytes = Array(utf8)
    guard span.start <= span.end, span.end <= bytes.count else { return self }
    return String(decoding: bytes[..<span.start], as: UTF8.self) + text
      + String(decoding: bytes[span.end...], as: UTF8.self)
  }
}
