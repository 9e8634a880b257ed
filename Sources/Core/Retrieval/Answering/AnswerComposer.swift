import Domain
import Foundation
import TextAnalysis

/// Chooses the one or two sentences of some passages that answer a question.
///
/// Sentences are scored by the share of the question's term weight that they contain and by their cosine
/// with it, the best of them also by a cross-encoder, and taken unchanged: at most `maxWords` words in all.
public struct AnswerComposer: Sendable {
  public static let maxWords = 60
  /// A second sentence must be at least this near to the first one's score.
  static let secondSentenceShare = 0.55
  /// Share of the term overlap in a sentence's score; the rest is cosine.
  static let lexicalShare = 0.4
  /// Sentences compared by the model, at most: bounds the time of an answer.
  static let maxSentences = 24
  /// Sentences compared by the cross-encoder, at most: about 30 ms on two small cores.
  static let compared = 4
  /// What a sentence beside the first one gains as the second, where the cross-encoder chose the first: what "it" is
  /// stands there.
  static let besideFirst = 0.25

  /// A sentence of a passage.
  struct Sentence: Sendable {
    let passage: Passage
    /// In the document's text.
    let span: ByteSpan
    let text: String
    let words: Int
    /// Share of the question's term weight found in it, 0-1.
    let overlap: Double
    /// How the passage itself scored.
    let passageScore: Double
    var cosine = 0.0
    /// The cross-encoder's number; nil where it did not compare.
    var relevance: Double?
    var score: Double {
      AnswerComposer.lexicalShare * overlap + (1 - AnswerComposer.lexicalShare) * cosine + 0.2 * passageScore
        + (relevance.map { 1 / (1 + exp(-$0 / 4)) } ?? 0)
    }

    /// What the cross-encoder reads: the sentence under its document's title.
    var textToCompare: String {
      [passage.document.title, text].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    func isBeside(_ other: Sentence) -> Bool {
      let gap = span.start < other.span.start ? other.span.start - span.end : span.start - other.span.end
      return passage.document.id == other.passage.document.id && (0...3).contains(gap)
    }
  }

  let analyzer: TextAnalyzer
  private let splitter = SentenceSplitter()

  init(analyzer: TextAnalyzer) { self.analyzer = analyzer }

  /// Cuts passages into sentences, with each one's share of the question's terms.
  ///
  /// - Parameter weights: idf by term, all alternatives included.
  /// - Returns: the `maxSentences` best by overlap and passage, in no particular order.
  func sentences(
    of passages: [(passage: Passage, score: Double)], terms: [QueryTerm], weights: [String: Double]
  ) -> [Sentence] {
    let total = Self.total(terms, weights)
    var all: [Sentence] = []
    for (passage, score) in passages {
      let language = passage.document.language.map(Language.init(rawValue:))
      let context = Set(
        analyzer.tokens(
          of: ([passage.document.title] + passage.headingPath).joined(separator: "\n"), language: language
        ).map(\.term))
      for span in splitter.sentences(in: passage.text, language: language) {
        guard let text = passage.text.slice(span).map(String.init) else { continue }
        let found = Set(analyzer.tokens(of: text, language: language).map(\.term))
        var matched = 0.0
        for term in terms {
          let weight = weights[term.alternatives.first ?? ""] ?? 0
          if term.alternatives.contains(where: found.contains) {
            matched += weight
          } else if term.alternatives.contains(where: context.contains) {
            // What the title already says need not be said again.
            matched += weight / 2
          }
        }
        all.append(
          Sentence(
            passage: passage,
            span: ByteSpan(start: passage.span.start + span.start, end: passage.span.start + span.end),
            text: text, words: Self.wordCount(text), overlap: total > 0 ? matched / total : 0,
            passageScore: score))
      }
    }
    guard all.count > Self.maxSentences else { return all }
    return Array(
      all.sorted { a, b in
        let (x, y) = (a.overlap + a.passageScore, b.overlap + b.passageScore)
        return x != y ? x > y : (a.passage.chunk, a.span.start) < (b.passage.chunk, b.span.start)
      }.prefix(Self.maxSentences))
  }

  private static func total(_ terms: [QueryTerm], _ weights: [String: Double]) -> Double {
    terms.reduce(0) { $0 + (weights[$1.alternatives.first ?? ""] ?? 0) }
  }

  /// Share of a question's term weight that is among some terms, 0-1.
  func overlap(of terms: [QueryTerm], _ weights: [String: Double], with found: Set<String>) -> Double {
    let total = Self.total(terms, weights)
    let matched = terms.filter { $0.alternatives.contains(where: found.contains) }
    return total > 0 ? Self.total(matched, weights) / total : 0
  }

  static func precedes(_ a: Sentence, _ b: Sentence) -> Bool {
    a.score != b.score
      ? a.score > b.score : (a.passage.chunk, a.span.start) < (b.passage.chunk, b.span.start)
  }

  /// The best sentence, and a second one where it is near enough and fits; in reading order.
  func choose(_ sentences: [Sentence]) -> [Sentence] {
    let ranked = sentences.sorted(by: Self.precedes)
    guard let first = ranked.first(where: { $0.words <= Self.maxWords }) ?? ranked.first else { return [] }
    func scoreAsSecond(_ other: Sentence) -> Double {
      other.score + (first.relevance != nil && other.isBeside(first) ? Self.besideFirst : 0)
    }
    let others = ranked.filter { other in
      other.span != first.span && other.words + first.words <= Self.maxWords && other.text != first.text
        && other.passage.document.id == first.passage.document.id
        && scoreAsSecond(other) >= first.score * Self.secondSentenceShare
    }
    // The first of equals, as they are ranked.
    guard
      let second = others.enumerated().max(by: { a, b in
        (scoreAsSecond(a.element), b.offset) < (scoreAsSecond(b.element), a.offset)
      })?.element
    else { return [Self.shortened(first)] }
    return [first, second].sorted { $0.span.start < $1.span.start }
  }

  /// Words as a reader counts them; a script without spaces counts two characters as one.
  static func wordCount(_ text: String) -> Int {
    var words = 0
    var unspaced = 0
    var inWord = false
    for scalar in text.unicodeScalars {
      if (0x2E80...0x9FFF).contains(scalar.value) || (0xAC00...0xD7AF).contains(scalar.value)
        || (0x0E00...0x0E7F).contains(scalar.value)
      {
        unspaced += 1
        inWord = false
      } else if scalar.properties.isWhitespace {
        inWord = false
      } else if !inWord {
        inWord = true
        words += 1
      }
    }
    return words + (unspaced + 1) / 2
  }

  /// A sentence over the limit is cut after its last word that fits: still an exact quote.
  private static func shortened(_ sentence: Sentence) -> Sentence {
    guard sentence.words > maxWords else { return sentence }
    var end = sentence.text.startIndex
    var index = sentence.text.startIndex
    while index < sentence.text.endIndex {
      let next = sentence.text.index(after: index)
      let atBoundary =
        next == sentence.text.endIndex || sentence.text[next].isWhitespace
        || sentence.text[next].unicodeScalars.first.map { $0.value >= 0x2E80 } == true
      if atBoundary {
        guard wordCount(String(sentence.text[..<next])) <= maxWords else { break }
        end = next
      }
      index = next
    }
    let text = String(sentence.text[..<end])
    return Sentence(
      passage: sentence.passage,
      span: ByteSpan(start: sentence.span.start, end: sentence.span.start + text.utf8.count), text: text,
      words: maxWords, overlap: sentence.overlap, passageScore: sentence.passageScore,
      cosine: sentence.cosine, relevance: sentence.relevance)
  }
}
