import Domain
import TextAnalysis

/// Finds sentences of different documents that align word by word and differ in an amount, a duration, a share, a
/// date, or in a negation.
///
/// An editor who sees two hundred false alarms stops looking: what is reported must be about something particular
/// (a word of it stands in few documents), and neither sentences nor titles may name different things.
struct ContradictionCheck {
  private struct Source {
    let document: Int
    let passage: Int
    let statement: Statement
  }

  func findings(_ documents: [LintDocument]) -> [LintFinding] {
    let (sources, statistics) = statements(documents)
    return quantities(sources, documents, statistics) + negations(sources, documents, statistics)
  }

  // MARK: statements

  private struct Sentence {
    let document: Int
    let passage: Int
    let text: Substring
    let words: [LintWord]
  }

  private func statements(_ documents: [LintDocument]) -> ([Source], WordStatistics) {
    let splitter = SentenceSplitter()
    var statistics = WordStatistics()
    var sentences: [Sentence] = []
    for (d, document) in documents.enumerated() {
      let first = sentences.count
      let language = Self.language(of: document)
      for (p, passage) in document.passages.enumerated() {
        var text = passage.text
        text.makeContiguousUTF8()
        for span in splitter.sentences(in: text, language: language) {
          let sentence = text.bytes(span)
          sentences.append(
            Sentence(document: d, passage: p, text: sentence, words: LintWord.words(of: sentence)))
        }
      }
      statistics.add(sentences[first...].lazy.map(\.words), document: d)
    }
    let sources = sentences.compactMap { sentence in
      Statement(
        sentence.text, words: sentence.words, language: Self.language(of: documents[sentence.document]),
        statistics: statistics
      ).map { Source(document: sentence.document, passage: sentence.passage, statement: $0) }
    }
    return (sources, statistics)
  }

  private static func language(of document: LintDocument) -> Language? {
    document.record.language.flatMap { Language(tag: $0) }
  }

  // MARK: amounts and dates

  private func quantities(
    _ sources: [Source], _ documents: [LintDocument], _ statistics: WordStatistics
  ) -> [LintFinding] {
    let counted = sources.filter { !$0.statement.quantities.isEmpty }
    let sets = counted.map { source in
      MinHash.shingles(of: source.statement.frame.map(MinHash.hash), width: 2)
    }
    let pairs = MinHash(bands: 24, rows: 3).candidatePairs(of: sets, maxPartners: 16)
      .sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    var groups = DisjointSets(counted.count)
    var firsts: [(a: Int, b: Int, differences: [Alignment.Difference])] = []
    for pair in pairs {
      let (a, b) = (counted[pair.first], counted[pair.second])
      guard a.document != b.document, a.statement.negations == b.statement.negations,
        let differences = Alignment.differences(a.statement, b.statement),
        isAboutOneThing(a, b, documents, statistics)
      else { continue }
      // One finding for a sentence, however many documents say it.
      if groups.join(pair.first, pair.second) { firsts.append((pair.first, pair.second, differences)) }
    }
    var told: [Int: Int] = [:]
    var findings: [(finding: LintFinding, documents: Set<Int>)] = []
    for (first, second, differences) in firsts {
      let (a, b) = (counted[first], counted[second])
      let group = groups.root(of: first)
      if let index = told[group] {
        for document in [a.document, b.document] where findings[index].documents.insert(document).inserted {
          findings[index].finding.add(also: documents[document].record)
        }
        continue
      }
      told[group] = findings.count
      let what = differences.map { "“\($0.first)” and “\($0.second)”" }.joined(separator: ", ")
      findings.append(
        (finding(a, b, documents, message: "The same sentence says \(what)."), [a.document, b.document]))
    }
    return findings.map(\.finding)
  }

  // MARK: negations

  private func negations(
    _ sources: [Source], _ documents: [LintDocument], _ statistics: WordStatistics
  ) -> [LintFinding] {
    struct Said: Hashable {
      let frame: [String]
      let quantities: [Statement.Quantity]
    }
    // Who says no twice may mean yes: only one against none is told.
    var affirmed: [Said: Int] = [:]
    var denied: [Said: [Int]] = [:]
    for (i, source) in sources.enumerated() {
      let said = Said(frame: source.statement.frame, quantities: source.statement.quantities)
      if source.statement.negations == 0 {
        if affirmed[said] == nil { affirmed[said] = i }
      } else if source.statement.negations == 1 {
        denied[said, default: []].append(i)
      }
    }
    return denied.compactMap { said, deniers -> (Int, Int)? in
      guard let yes = affirmed[said] else { return nil }
      return deniers.first { sources[$0].document != sources[yes].document }.map { (yes, $0) }
    }.sorted { $0 < $1 }.compactMap { yes, no in
      let (a, b) = (sources[yes], sources[no])
      guard isAboutOneThing(a, b, documents, statistics) else { return nil }
      return finding(a, b, documents, message: "One document affirms what the other denies.")
    }
  }

  // MARK: what they are about

  private func isAboutOneThing(
    _ a: Source, _ b: Source, _ documents: [LintDocument], _ statistics: WordStatistics
  ) -> Bool {
    let terms = LintWord.terms(of: a.statement.subject)
    guard terms.count > 1, terms.contains(where: statistics.isSpecific) else { return false }
    let (first, second) = (numbers(a, documents), numbers(b, documents))
    return first.isEmpty || second.isEmpty || first == second
  }

  /// What is numbered in the title and headings: versions, errors, models.
  private func numbers(_ source: Source, _ documents: [LintDocument]) -> Set<String> {
    let document = documents[source.document]
    let headings = [document.record.title] + document.passages[source.passage].headingPath
    return Set(
      headings.flatMap { LintWord.words(of: $0[...]) }.filter(\.hasDigit).map(\.key))
  }

  private func finding(
    _ a: Source, _ b: Source, _ documents: [LintDocument], message: String
  ) -> LintFinding {
    let (first, second) = (documents[a.document], documents[b.document])
    return LintFinding(
      code: .contradiction,
      document: LintPlace(first, first.passages[a.passage], quote: String(a.statement.sentence)),
      other: LintPlace(second, second.passages[b.passage], quote: String(b.statement.sentence)),
      message: message,
      remedy: "Find out which holds and correct the other, or say in each what it holds for.")
  }
}

/// Two frames laid side by side.
enum Alignment {
  struct Difference {
    /// In the first frame.
    let position: Int
    let first: String
    let second: String
  }

  /// Where two statements that say the same of the same differ in amounts; nil where they do not, or are not alike.
  ///
  /// A word in eight, but two at most, may stand in one only ("approximately"), if it is no name and holds no digit.
  static func differences(_ a: Statement, _ b: Statement) -> [Difference]? {
    let allowed = min(2, max(a.frame.count, b.frame.count) / 8)
    guard abs(a.frame.count - b.frame.count) <= allowed,
      let matched = aligned(a.frame[...], b.frame[...], allowed), matched.count > 0
    else { return nil }
    let (left, right) = (Set(matched.map(\.0)), Set(matched.map(\.1)))
    let odd =
      a.frame.indices.filter { !left.contains($0) }.map { (a.frame[$0], a) }
      + b.frame.indices.filter { !right.contains($0) }.map { (b.frame[$0], b) }
    guard odd.allSatisfy({ $0 != Statement.mark && !$1.names.contains($0) }) else { return nil }
    let values = Dictionary(b.quantities.map { ($0.position, $0.value) }) { first, _ in first }
    let others = Dictionary(matched) { first, _ in first }
    let differences = a.quantities.compactMap { quantity -> Difference? in
      guard let position = others[quantity.position], let value = values[position], value != quantity.value
      else { return nil }
      let unit = quantity.position + 1 < a.frame.count ? " " + a.frame[quantity.position + 1] : ""
      return Difference(
        position: quantity.position, first: quantity.value + unit, second: value + unit)
    }
    // Where nothing agrees, both give an example: the output of a tool, a row of a bill.
    let isExample = differences.count > 1 && differences.count == a.quantities.count
    return differences.isEmpty || isExample ? nil : differences
  }

  /// Pairs of equal words with at most `allowed` unpaired on either side, and the word after a mark paired with it.
  private static func aligned(
    _ a: ArraySlice<String>, _ b: ArraySlice<String>, _ allowed: Int
  ) -> [(Int, Int)]? {
    var pairs: [(Int, Int)] = []
    var (i, j) = (a.startIndex, b.startIndex)
    while i < a.endIndex, j < b.endIndex, a[i] == b[j] {
      pairs.append((i, j))
      i += 1
      j += 1
    }
    if i == a.endIndex, j == b.endIndex { return pairs }
    guard allowed > 0 else { return nil }
    // An amount in another unit is another amount.
    if let last = pairs.last, a[last.0] == Statement.mark { return nil }
    for (skipA, skipB) in [(1, 1), (1, 0), (0, 1)] where i + skipA <= a.endIndex && j + skipB <= b.endIndex {
      if let rest = aligned(a[(i + skipA)...], b[(j + skipB)...], allowed - 1) { return pairs + rest }
    }
    return nil
  }
}
