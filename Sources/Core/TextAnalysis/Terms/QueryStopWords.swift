/// Which words of one query are stop words.
///
/// In a knowledge base of several languages a word may be a stop word of one and a content word of another
/// (German "war", English "war"): it is dropped only where the query's other words speak for the first.
struct QueryStopWords {
  /// The languages by how many of their stop words the query holds; else in the order given.
  let likeliestFirst: [Language]
  /// One for each draft.
  let marks: [Bool]

  init(_ drafts: [QueryDraft], languages: [Language]) {
    var lists: [(language: Language, words: Set<String>, hits: Int)] = []
    for language in languages where !lists.contains(where: { $0.language == language }) {
      lists.append((language, StopWords.of(language), 0))
    }
    // Bit i: a stop word of the language i.
    var speaking = [UInt64](repeating: 0, count: drafts.count)
    for (index, draft) in drafts.enumerated() where draft.plain.utf8.count <= StopWords.longest {
      for number in lists.indices.prefix(64) where lists[number].words.contains(draft.plain) {
        speaking[index] |= 1 << UInt64(number)
        lists[number].hits += 1
      }
    }
    let hits = lists.map(\.hits)
    marks = zip(drafts, speaking).map { draft, languages in
      if draft.form == .contraction { return true }
      guard languages != 0, draft.kind == .word || draft.kind == .identifierPart else { return false }
      guard languages.nonzeroBitCount < lists.count, StopWords.contentElsewhere.contains(draft.plain) else {
        return true
      }
      let mine = hits.indices.lazy.filter { languages >> UInt64($0) & 1 != 0 }.map { hits[$0] }.max() ?? 0
      let others = hits.indices.lazy.filter { languages >> UInt64($0) & 1 == 0 }.map { hits[$0] }.max() ?? 0
      return mine > max(1, others)
    }
    likeliestFirst = lists.indices.sorted { (hits[$1], $0) < (hits[$0], $1) }.map { lists[$0].language }
  }
}
