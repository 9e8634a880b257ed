import Domain
import Embedding
import Foundation
import TextAnalysis

/// Says which sentences of some passages support a sentence that someone else wrote, if any do.
///
/// A sentence is supported where one or two sentences that follow one another have all of its words that say something,
/// its numbers and addresses to the letter, as many negations of the same, no more conditions, and much the same order. It is a check of form,
/// and errs on the side of doubt: what is said in other words is dropped. `tools/eval/support` measures it,
/// `tools/adr/0023` says what it misses.
public struct SupportCheck: Sendable {
  public struct Options: Sendable {
    /// Of the sentence's words that say something, how many the evidence must have.
    public var containment = 1.0
    /// Neighbouring words of the sentence that do not follow one another in the evidence, at most.
    public var breaks = 1
    /// What the cross-encoder must make of sentence and evidence, where it reads the language; nil for not asking it,
    /// since what it would drop has been dropped by then (`tools/adr/0023`).
    public var relevance: Double?
    public init() {}
  }

  /// A passage to be held against.
  public struct Source: Sendable {
    public let title: String
    public let headings: [String]
    public let text: String
    public let language: Language?
    public init(title: String, headings: [String] = [], text: String, language: Language? = nil) {
      self.title = title
      self.headings = headings
      self.text = text
      self.language = language
    }
  }

  /// Where a sentence's support stands, or why it has none.
  public struct Verdict: Sendable {
    /// Nil where it is supported.
    public var doubt: SupportDoubt?
    /// Of the evidence that speaks for it most: which source, and where in its text.
    public var source: Int?
    public var span: ByteSpan?
    public var containment = 0.0
    public var breaks = 0
    public var relevance: Double?
    public var isSupported: Bool { doubt == nil }
  }

  static let maxSentenceBytes = 600
  /// Words that a sentence must have to say anything.
  static let leastWords = 2
  /// Evidence that the cross-encoder is asked about, at most.
  private static let maxCompared = 3
  /// How far the thing counted may stand from its number, in words.
  private static let unitDistance = 3

  /// Among the words that say something.
  private struct Place: Sendable {
    let place: Int
    let sentence: Int
    let isFirst: Bool
    let isLast: Bool
  }

  private struct Evidence: Sendable {
    let source: Int
    let span: ByteSpan
    let text: String
    let statements: [Statement]
    let terms: Set<String>
    /// Where each term stands: its place among all, and its sentence.
    let places: [String: [Place]]
    /// With those of title and headings, which the sentence may name.
    let literals: Set<String>
    let allowedTerms: Set<String>

    var negations: Int { statements.reduce(0) { $0 + $1.negations } }
    var qualifiers: Set<String> { statements.reduce(into: []) { $0.formUnion($1.qualifiers) } }
  }

  private let analyzer = TextAnalyzer()
  private let options: Options
  private let reranker: Reranker?
  private let sources: [Source]
  private let evidence: [Evidence]

  public init(_ sources: [Source], reranker: Reranker? = nil, options: Options = Options()) {
    self.sources = sources
    self.reranker = reranker
    self.options = options
    evidence = sources.enumerated().flatMap { [analyzer] in Self.evidence(of: $1, $0, analyzer) }
  }

  /// - Parameter sentence: one sentence, without marks that name passages.
  /// - Throws: `CancellationError`.
  public func verdict(on sentence: String) async throws -> Verdict {
    if let doubt = Self.formDoubt(of: sentence) { return Verdict(doubt: doubt) }
    var verdicts: [(verdict: Verdict, evidence: Evidence)] = []
    var statements: [Language?: Statement] = [:]
    for evidence in evidence {
      let language = sources[evidence.source].language
      let statement = statements[language] ?? Statement(sentence, language: language, analyzer: analyzer)
      statements[language] = statement
      verdicts.append((judge(statement, by: evidence), evidence))
    }
    let supported = verdicts.filter(\.verdict.isSupported).sorted { Self.precedes($0.verdict, $1.verdict) }
    guard !supported.isEmpty else {
      return verdicts.map(\.verdict).min(by: Self.precedes) ?? Verdict(doubt: .words)
    }
    return try await compared(sentence, Array(supported.prefix(Self.maxCompared)))
  }

  /// What can be said without looking at any evidence.
  static func formDoubt(of sentence: String) -> SupportDoubt? {
    if sentence.utf8.count > maxSentenceBytes { return .noStatement }
    if InstructionText.hasHiddenCharacters(sentence) { return .markup }
    if sentence.contains("](") || sentence.contains("```") || sentence.contains("<!--") || hasTag(sentence) {
      return .markup
    }
    if InstructionText.isFound(in: sentence) { return .instruction }
    if let last = sentence.last(where: { !$0.isWhitespace && !"\"'”’)*_".contains($0) }), "?？؟".contains(last)
    {
      return .question
    }
    return nil
  }

  private static func hasTag(_ text: String) -> Bool {
    var before: Character?
    for character in text {
      if before == "<", character.isLetter || character == "/" || character == "!" { return true }
      before = character
    }
    return false
  }

  /// Supported ones first, then by how much there is; the earliest of equals.
  private static func precedes(_ a: Verdict, _ b: Verdict) -> Bool {
    func key(_ verdict: Verdict) -> (Double, Double) { (verdict.containment, -Double(verdict.breaks)) }
    if a.isSupported != b.isSupported { return a.isSupported }
    if key(a) != key(b) { return key(a) > key(b) }
    return (a.span?.count ?? 0, a.source ?? 0, a.span?.start ?? 0) < (
      b.span?.count ?? 0, b.source ?? 0, b.span?.start ?? 0
    )
  }

  // MARK: Evidence

  /// Sentences, and pairs of neighbours.
  private static func evidence(of source: Source, _ index: Int, _ analyzer: TextAnalyzer) -> [Evidence] {
    var text = source.text
    text.makeContiguousUTF8()
    let spans = SentenceSplitter().sentences(in: text, language: source.language)
    let pieces = spans.compactMap { span -> (ByteSpan, String, Statement)? in
      guard let sentence = text.slice(span).map(String.init), !InstructionText.isFound(in: sentence) else {
        return nil
      }
      return (span, sentence, Statement(sentence, language: source.language, analyzer: analyzer))
    }
    let about = Statement(
      ([source.title] + source.headings).joined(separator: "\n"), language: source.language,
      analyzer: analyzer)
    var all: [Evidence] = []
    for width in 1...2 where pieces.count >= width {
      for first in 0...(pieces.count - width) {
        let some = pieces[first..<first + width]
        guard let start = some.first?.0.start, let end = some.last?.0.end,
          let quote = text.slice(ByteSpan(start: start, end: end))
        else { continue }
        var places: [String: [Place]] = [:]
        var count = 0
        for (sentence, piece) in some.enumerated() {
          let content = piece.2.content
          for (index, term) in content.enumerated() {
            places[term, default: []].append(
              Place(
                place: count + index, sentence: sentence, isFirst: index == 0,
                isLast: index == content.count - 1))
          }
          count += content.count
        }
        all.append(
          Evidence(
            source: index, span: ByteSpan(start: start, end: end), text: String(quote),
            statements: some.map(\.2), terms: Set(places.keys), places: places,
            literals: some.reduce(into: about.literals) { $0.formUnion($1.2.literals) },
            allowedTerms: Set(places.keys).union(about.content)))
      }
    }
    return all
  }

  // MARK: One sentence, one piece of evidence

  private func judge(_ sentence: Statement, by evidence: Evidence) -> Verdict {
    var verdict = Verdict(source: evidence.source, span: evidence.span)
    let content = sentence.content
    guard content.count >= Self.leastWords || (content.count == 1 && !sentence.literals.isEmpty) else {
      verdict.doubt = .noStatement
      return verdict
    }
    let found = content.filter(evidence.allowedTerms.contains)
    verdict.containment = Double(found.count) / Double(content.count)
    let ordered = found.filter(evidence.terms.contains)
    let steps = zip(ordered, ordered.dropFirst()).map { Self.step(from: $0, to: $1, in: evidence) }
    // A title names what its text is about: at the beginning, where the text may say "it".
    if content.dropFirst(Self.subjectWords).contains(where: {
      !evidence.terms.contains($0) && evidence.allowedTerms.contains($0)
    }) {
      verdict.doubt = .words
      return verdict
    }
    verdict.breaks = steps.count { $0 != .next }
    verdict.doubt = doubt(sentence, evidence, verdict, steps: steps, own: ordered.count)
    return verdict
  }

  private func doubt(
    _ sentence: Statement, _ evidence: Evidence, _ verdict: Verdict, steps: [Step], own: Int
  ) -> SupportDoubt? {
    guard sentence.literals.isSubset(of: evidence.literals) else { return .literal }
    // What a title says alone is not said of anything.
    guard verdict.containment >= options.containment, own >= 1 else { return .words }
    guard countsTheSame(sentence, evidence) else { return .literal }
    guard sentence.names.isSubset(of: evidence.allowedTerms) else { return .name }
    guard sentence.negations == evidence.negations, negatesTheSame(sentence, evidence) else {
      return .negation
    }
    let qualifiers = evidence.qualifiers
    guard sentence.qualifiers.isSubset(of: qualifiers),
      qualifiers.intersection(StatementWords.conditions).isSubset(of: sentence.qualifiers)
    else { return .qualification }
    // Of two sentences made one nothing is left out: what is said of one thing may not be true of the other.
    let breaks = evidence.statements.count > 1 ? 0 : options.breaks
    guard steps.count(where: { $0 == .moved }) <= 1, !steps.contains(.back), verdict.breaks <= breaks else {
      return .order
    }
    return nil
  }

  /// How two words that are neighbours in the sentence stand in the evidence.
  private enum Step {
    case next
    /// What is between them was left out.
    case ahead
    /// The sentence's beginning or end was moved to the other end.
    case moved
    case back
  }

  private static func step(from a: String, to b: String, in evidence: Evidence) -> Step {
    var step = Step.back
    for first in evidence.places[a] ?? [] {
      for second in evidence.places[b] ?? [] {
        if second.place > first.place {
          if second.place - first.place <= nextDistance { return .next }
          step = .ahead
        } else if step == .back, first.sentence == second.sentence, first.isLast || second.isFirst {
          step = .moved
        }
      }
    }
    return a == b ? .next : step
  }

  /// Among which a title's words may stand.
  private static let subjectWords = 3
  /// Words that say something, from one to the next.
  private static let nextDistance = 3

  /// Whether each number stands beside what it stands beside in the evidence.
  private func countsTheSame(_ sentence: Statement, _ evidence: Evidence) -> Bool {
    sentence.words.indices.filter { sentence.words[$0].isNumber }.allSatisfy { index in
      let number = sentence.words[index].term
      let near =
        sentence.terms(around: index, before: 0, after: 2).first { $0.isContent && !$0.isNumber }
        ?? sentence.terms(around: index, before: 2, after: 0).last { $0.isContent && !$0.isNumber }
      guard let unit = near?.term, evidence.terms.contains(unit) else { return true }
      var isThere = false
      for statement in evidence.statements {
        for place in statement.words.indices where statement.words[place].term == number {
          isThere = true
          let around = statement.terms(around: place, before: Self.unitDistance, after: Self.unitDistance)
          if around.contains(where: { $0.term == unit }) { return true }
        }
      }
      // Of a title, or written otherwise: nothing is known of what it counts.
      return !isThere
    }
  }

  /// Whether what comes after "not" comes after one there.
  private func negatesTheSame(_ sentence: Statement, _ evidence: Evidence) -> Bool {
    sentence.words.indices.filter { sentence.words[$0].isNegation }.allSatisfy { index in
      let denied = sentence.terms(around: index, before: 0, after: 3).filter(\.isContent).map(\.term)
      return denied.isEmpty
        || evidence.statements.contains { statement in
          statement.words.indices.contains { place in
            guard statement.words[place].isNegation else { return false }
            let there = Set(statement.terms(around: place, before: 2, after: 3).map(\.term))
            return denied.filter(evidence.terms.contains).allSatisfy(there.contains)
          }
        }
    }
  }

  // MARK: The cross-encoder

  /// The best of what form supports, if the model does not say otherwise; where it is missing, busy or does not know
  /// the language, form decides.
  private func compared(
    _ sentence: String, _ supported: [(verdict: Verdict, evidence: Evidence)]
  ) async throws -> Verdict {
    guard let best = supported.first else { return Verdict(doubt: .words) }
    guard let reranker, let least = options.relevance,
      reranker.reads(sources[best.evidence.source].language)
    else { return best.verdict }
    let texts = supported.map { pair in
      [sources[pair.evidence.source].title, pair.evidence.text].filter { !$0.isEmpty }.joined(separator: "\n")
    }
    do {
      let scores = try await reranker.scores(of: texts, for: sentence)
      var verdicts = zip(supported, scores).map { pair, score in
        var verdict = pair.verdict
        verdict.relevance = Double(score)
        if Double(score) < least { verdict.doubt = .relevance }
        return verdict
      }
      verdicts.sort(by: Self.precedes)
      return verdicts[0]
    } catch is EmbeddingError {
      return best.verdict
    }
  }
}
