import Embedding
import TextAnalysis

/// How much each half of the index counts for one query, and whether its best passages may move it.
struct HalfWeights: Sendable {
  var fusion: ConvexFusion
  var feedback: RelevanceFeedback

  /// The lexical half's share where the model does not know the language. Names still look alike to it, so it is
  /// not left out (`tools/adr/0010`).
  static let foreignLexicalWeight = 0.85

  /// - Parameters:
  ///   - model: that of the knowledge base; nil where there is none, or none that is known.
  ///   - language: that of the query; nil for unknown.
  ///   - isRare: whether a term stands in few passages.
  init(
    _ options: SearchEngine.Options, model: ModelSpecification?, language: Language?, terms: [QueryTerm],
    isRare: (String) -> Bool = { _ in false }
  ) {
    let share = options.lexicalWeight ?? model?.lexicalShare ?? ConvexFusion.standard.lexicalWeight
    fusion = ConvexFusion(lexicalWeight: share, lexicalScale: options.lexicalScale)
    feedback = options.feedback
    if let model, !model.reads(language?.rawValue) {
      feedback.weight = 0
      if options.lexicalWeight == nil { fusion.lexicalWeight = max(share, Self.foreignLexicalWeight) }
    }
    fusion = fusion.adapted(to: terms, isRare: isRare)
  }
}
