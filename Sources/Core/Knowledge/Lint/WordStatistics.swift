import TextAnalysis

/// How a knowledge base writes and spreads its words: by these a check tells names from words, and a sentence
/// about something from one that could stand anywhere.
struct WordStatistics {
  private struct Counts {
    var documents = 0
    var lastDocument = -1
    var small = 0
    var capitalisedWithin = 0
  }
  private var counts: [String: Counts] = [:]
  private var documents = 0

  /// - Parameter sentences: the words of each sentence of one document.
  mutating func add(_ sentences: some Sequence<[LintWord]>, document: Int) {
    documents += 1
    for words in sentences {
      for (i, word) in words.enumerated() {
        var entry = counts[word.key, default: Counts()]
        if entry.lastDocument != document {
          entry.lastDocument = document
          entry.documents += 1
        }
        if !word.isCapitalised {
          entry.small += 1
        } else if i > 0 {
          entry.capitalisedWithin += 1
        }
        counts[word.key] = entry
      }
      for term in LintWord.terms(of: words.map(\.key)) where counts[term]?.lastDocument != document {
        counts[term, default: Counts()].lastDocument = document
        counts[term, default: Counts()].documents += 1
      }
    }
  }

  /// Whether a capitalised word is mostly written so where no sentence begins.
  func isName(_ word: LintWord) -> Bool {
    guard word.isCapitalised, let entry = counts[word.key] else { return word.isCapitalised }
    return entry.capitalisedWithin > entry.small
  }

  /// Whether few documents use a word: a tenth, or five.
  func isSpecific(_ word: String) -> Bool {
    (counts[word]?.documents ?? 0) <= max(5, documents / 10)
  }
}
