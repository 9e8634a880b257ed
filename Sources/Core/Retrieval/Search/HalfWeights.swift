import Embedding
import TextAnalysis

/// How much each half of the index counts for one query, and whether its best passages may move it.
struct HalfWeights: Sendable {
  var fusion: ConvexFusion
  var feedback: RelevanceFeedback

  /// The lexical half's share where the model does not know the language. Names still look alike to it, so it is
  /// not left out (`tools/adr/0010`).
  static let foreignLexicalWeight = 0.85

  /// The lexical half's share where nothing is written in the query's language and the model reads it: what is left
  /// to match are names, numbers and identifiers (`tools/adr/0013`).
  static let crossLingualWeight = 0.1

  /// - Parameters:
  ///   - model: that of the knowledge base; nil where there is none, or none that is known.
  ///   - language: that of the query; nil for unknown.
  ///   - ownShare: of passages in the query's own language; nil where it cannot be told.
  ///   - isRare: whether a term stands in few passages.
  init(
    _ options: SearchEngine.Options, model: ModelSpecification?, language: Language?, ownShare: Double? = nil,
    terms: [QueryTerm], isRare: (String) -> Bool = { _ in false }
  ) {
    let share = options.lexicalWeight ?? model?.lexicalShare ?? ConvexFusion.standard.lexicalWeight
    fusion = ConvexFusion(
      lexicalWeight: share, lexicalScale: options.lexicalScale, cosineRange: model?.cosineRange ?? 0...1)
    feedback = options.feedback
    if let model, !model.reads(language?.rawValue) {
      feedback.weight = 0
      if options.lexicalWeight == nil { fusion.lexicalWeight = max(share, Self.foreignLexicalWeight) }
    }
    // Full text is blind to passages in other languages, and what it finds would be put before all of them.
    if let ownShare, let model, model.readsEveryLanguage, options.lexicalWeight == nil {
      let least = min(share, Self.crossLingualWeight)
      fusion.lexicalWeight = least + (share - least) * ownShare * ownShare
    }
    fusion = fusion.adapted(to: terms, isRare: isRare)
  }
}
