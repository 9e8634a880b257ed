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
  ///   - languages: those of the knowledge base, the most used first.
  init(
    _ options: SearchEngine.Options, model: ModelSpecification?, query: String, terms: [QueryTerm],
    languages: [Language]
  ) {
    let share = options.lexicalWeight ?? model?.lexicalShare ?? ConvexFusion.standard.lexicalWeight
    fusion = ConvexFusion(lexicalWeight: share, lexicalScale: options.lexicalScale)
    feedback = options.feedback
    if let model, !Self.knows(model, query, languages) {
      fusion.lexicalWeight = max(fusion.lexicalWeight, Self.foreignLexicalWeight)
      feedback.weight = 0
    }
    fusion = fusion.adapted(to: terms)
  }

  /// Whether a model reads the language in which a query will find something: its own, or that of most documents
  /// where it is too short to tell, or where nothing is written in it.
  private static func knows(_ model: ModelSpecification, _ query: String, _ languages: [Language]) -> Bool {
    guard let known = model.languages, let main = languages.first else { return true }
    guard languages.contains(where: { !known.contains($0.rawValue) }) else { return true }
    let own = LanguageDetector().detect(query)?.language
    let spoken = own.flatMap { languages.contains($0) ? $0 : nil } ?? main
    return known.contains(spoken.rawValue)
  }
}
