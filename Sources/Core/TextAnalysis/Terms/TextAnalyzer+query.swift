import Domain

extension TextAnalyzer {
  /// What a query asks for, in its order, duplicates kept.
  ///
  /// Words become their stems in every language given, since a query is too short to tell its own; stop words
  /// go where anything else remains. Identifiers come whole (kind `identifier`), then in parts.
  ///
  /// - Parameter languages: those of the knowledge base, the most used first; empty asks for plain forms only.
  public func queryTerms(of text: String, languages: [Language]) -> [QueryTerm] {
    var drafts: [QueryDraft] = []
    FoldedWindow.forEach(of: text, words: true) { window in
      LexemeScanner.scan(window) { QueryDraft.append($0, of: window, to: &drafts) }
    }
    let stopWords = QueryStopWords(drafts, languages: languages)
    let onlyStopWords = !stopWords.marks.contains(false)
    let stemmers = stopWords.likeliestFirst.map { ($0, Stemmer($0)) }
    return zip(drafts, stopWords.marks).compactMap { draft, isStopWord in
      guard onlyStopWords || !isStopWord else { return nil }
      return QueryTerm(
        alternatives: draft.alternatives(stemmers),
        span: draft.span,
        kind: draft.kind,
        isStopWord: isStopWord
      )
    }
  }
}

/// A lexeme of a query, on its own bytes.
struct QueryDraft {
  enum Form { case word, exact, contraction }
  /// Folded; accents are kept where it is a word.
  let text: String
  /// Accents folded.
  let plain: String
  /// The form with its hyphens, where `text` is without.
  let hyphenated: String?
  let span: ByteSpan
  let kind: Token.Kind
  let form: Form

  static func append(_ lexeme: Lexeme, of window: FoldedWindow, to drafts: inout [QueryDraft]) {
    let accents = Stemmer(nil)
    func add(
      _ bytes: UnsafeBufferPointer<UInt8>,
      _ range: Range<Int>,
      _ form: Form,
      hyphenated: String? = nil
    ) {
      let plain = accents.stem(bytes)
      guard !plain.isEmpty else { return }
      drafts.append(
        QueryDraft(
          text: String(decoding: bytes, as: UTF8.self),
          plain: plain,
          hyphenated: hyphenated,
          span: window.span(range),
          kind: lexeme.kind,
          form: form
        )
      )
    }
    switch lexeme.form {
    case .word: add(lexeme.bytes.truncated, lexeme.range, .word)
    case .contraction: add(lexeme.bytes.truncated, lexeme.range, .contraction)
    case .exact where lexeme.bytes.count <= TextAnalyzer.longestTerm: add(lexeme.bytes, lexeme.range, .exact)
    case .exact: break
    case .hyphenated:
      let isShort = lexeme.range.count <= TextAnalyzer.longestTerm
      let whole = isShort ? accents.stem(window.slice(lexeme.range)) : nil
      add(lexeme.bytes.truncated, lexeme.range, .word, hyphenated: whole)
    case .cjk:
      CharacterGrams.forEach(in: lexeme.bytes) { gram in
        let start = lexeme.range.lowerBound
        let range = start + gram.lowerBound..<start + gram.upperBound
        add(window.slice(range), range, .exact)
      }
    }
  }

  func alternatives(_ stemmers: [(Language, Stemmer)]) -> [String] {
    guard form == .word else { return [plain] }
    var alternatives: [String] = []
    func add(_ term: String) {
      if !term.isEmpty, !alternatives.contains(term) { alternatives.append(term) }
    }
    for (_, stemmer) in stemmers { add(stemmer.stem(text)) }
    // Documents have both stems, or this one alone where they were written without accents.
    if plain != text { for (_, stemmer) in stemmers { add(stemmer.stem(plain)) } }
    if let german = stemmers.first(where: { $0.0 == .german }) {
      for spelling in GermanSpelling.others(of: text) { add(german.1.stem(spelling)) }
    }
    if let hyphenated { add(hyphenated) }
    add(plain)
    return alternatives
  }
}
