import Embedding
import TextAnalysis

/// How much each half of the index counts for one query, and whether its best passages may move it.
struct HalfWeights: Sendable {
  var fusion: ConvexFusion
  var feedback: RelevanceFeedback
  /// Whether the question is in a language that the model was not trained on.
  let isForeign: Bool

  /// The lexical half's share where the model does not know the language. Names still look alike to it, so it is
  /// not left out (`tools/adr/0010`).
  static let foreignLexicalWeight = 0.85

  /// - Parameters:
  ///   - model: that of the knowledge base; nil where there is none, or none that is known.
  ///   - languages: those of the knowledge base, the most used first.
  ///   - isRare: whether a term stands in few passages.
  init(
    _ options: SearchEngine.Options, model: ModelSpecification?, query: String, terms: [QueryTerm],
    languages: [Language], isRare: (String) -> Bool = { _ in false }
  ) {
    let share = options.lexicalWeight ?? model?.lexicalShare ?? ConvexFusion.standard.lexicalWeight
    fusion = ConvexFusion(lexicalWeight: share, lexicalScale: options.lexicalScale)
    feedback = options.feedback
    isForeign = model.map { !Self.knows($0, query, languages) } ?? false
    if isForeign {
      feedback.weight = 0
      if options.lexicalWeight == nil { fusion.lexicalWeight = max(share, Self.foreignLexicalWeight) }
    }
    fusion = fusion.adapted(to: terms, isRare: isRare)
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
