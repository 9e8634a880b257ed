import Embedding
import TextAnalysis
import Testing

@testable import Retrieval

@Suite struct FusionTests {
  private func weight(_ query: String, _ fusion: ConvexFusion = .standard) -> Double {
    fusion.adapted(to: TextAnalyzer().queryTerms(of: query, languages: [.english])).lexicalWeight
  }

  @Test func aQueryOfIdentifiersIsLeftToTheLexicalHalf() {
    for query in ["0x80040155", "New-CsTeam", "foo_bar 10.0.19041"] {
      #expect(weight(query) == ConvexFusion.identifierWeight, "\(query)")
    }
    for query in ["reset my password", "what does 0x80040155 mean", "zurücksetzen", "…"] {
      #expect(weight(query) == ConvexFusion.standard.lexicalWeight, "\(query)")
    }
  }

  @Test func aRareNameWithHyphensIsOneHoweverItIsTyped() {
    func weight(_ query: String) -> Double {
      ConvexFusion.standard.adapted(
        to: TextAnalyzer().queryTerms(of: query, languages: [.english]), isRare: { $0 == "get-userphoto" }
      ).lexicalWeight
    }
    #expect(weight("get-userphoto") == ConvexFusion.identifierWeight)
    #expect(weight("get-userphoto 0x80040155") == ConvexFusion.identifierWeight)
    for query in ["sign-in", "get-userphoto fails", "userphoto"] {
      #expect(weight(query) == ConvexFusion.standard.lexicalWeight, "\(query)")
    }
  }

  @Test func settingsThatLeaveTheLexicalHalfOutStay() {
    #expect(weight("0x80040155", ConvexFusion(lexicalWeight: 0, lexicalScale: 45)) == 0)
    #expect(weight("0x80040155", ConvexFusion(lexicalWeight: 1, lexicalScale: 45)) == 1)
  }

  @Test func aClearWinnerOfOneHalfIsNotBuried() {
    let fusion = ConvexFusion(lexicalWeight: 0.4, lexicalScale: 45)
    #expect(fusion.score(lexical: 0, dense: 0.9) > fusion.score(lexical: 10, dense: 0.5))
    #expect(abs(fusion.score(lexical: 45, dense: 1) - 1) < 1e-12)
  }

  private func weights(
    _ query: String, _ languages: [Language], model: String = "all-MiniLM-L6-v2",
    _ options: SearchEngine.Options = .init()
  ) throws -> HalfWeights {
    let own = LanguageDetector().detect(query)?.language
    return HalfWeights(
      options, model: try ModelCatalogue.specification(named: model),
      language: SearchEngine.language(of: own, among: languages),
      ownShare: own.flatMap { own in
        SearchEngine.share(of: own, among: languages.map { LanguageCount(language: $0, passages: 10) })
      },
      terms: TextAnalyzer().queryTerms(of: query, languages: languages))
  }

  @Test func aLanguageThatTheModelDoesNotKnowIsLeftToTheLexicalHalf() throws {
    let german = "Wie kann ich mein Passwort für das Konto zurücksetzen?"
    let foreign = HalfWeights.foreignLexicalWeight
    #expect(try weights(german, [.german]).fusion.lexicalWeight == foreign)
    #expect(try weights(german, [.english, .german]).fusion.lexicalWeight == foreign)
    #expect(try weights(german, [.german]).feedback.weight == 0)
    // Too short to tell: what most documents are written in decides.
    #expect(try weights("Passwort", [.german, .english]).fusion.lexicalWeight == foreign)
    #expect(try weights("Passwort", [.english, .german]).fusion.lexicalWeight == 0.4)
    // Nothing is written in the query's language.
    #expect(try weights(german, [.english]).fusion.lexicalWeight == 0.4)
    #expect(
      try weights("How do I reset the password of my account?", [.german, .english]).fusion.lexicalWeight
        == 0.4)
    #expect(try weights("如何重置密码", [.chinese]).fusion.lexicalWeight == foreign)
  }

  /// A cosine that says nothing counts as 0, and one that is missing too.
  @Test func cosinesCountFromWhereTheyBeginToSaySomething() throws {
    let fusion = ConvexFusion(lexicalWeight: 0.4, lexicalScale: 45, cosineRange: 0.7...1)
    #expect(abs(fusion.score(lexical: 45, dense: 1) - 1) < 1e-12)
    #expect(abs(fusion.score(lexical: 9, dense: 0.85) - (0.08 + 0.3)) < 1e-12)
    #expect(abs(fusion.score(lexical: 9, dense: 0.7) - fusion.score(lexical: 9, dense: nil)) < 1e-12)
    #expect(fusion.arithmetic(lexical: 9, dense: 0.85) == "0.4 x 9/45 + 0.6 x (0.85 - 0.7)/0.3 = 0.38")
    #expect(ConvexFusion.standard.arithmetic(lexical: 9, dense: 0.5) == "0.4 x 9/45 + 0.6 x 0.5 = 0.38")
    #expect(ConvexFusion.standard.score(lexical: 9, dense: nil) == 0.4 * 9 / 45)
    #expect(try weights("reset", [.english], model: multilingual).fusion.cosineRange.lowerBound > 0.5)
    #expect(try weights("reset", [.english]).fusion.cosineRange == 0...1)
  }

  private let multilingual = "multilingual-e5-small"

  @Test func acrossLanguagesLittleIsLeftToTheLexicalHalf() throws {
    let share = try #require(try ModelCatalogue.specification(named: multilingual).lexicalShare)
    let german = "Wie kann ich mein Passwort für das Konto zurücksetzen?"
    func weight(_ query: String, _ languages: [Language], model: String) throws -> Double {
      try weights(query, languages, model: model).fusion.lexicalWeight
    }
    for languages in [[Language.english], [.english, .chinese]] {
      #expect(try weight(german, languages, model: multilingual) == HalfWeights.crossLingualWeight)
    }
    #expect(HalfWeights.crossLingualWeight < share)
    #expect(try weight("我应该如何重置我的密码", [.english], model: multilingual) == HalfWeights.crossLingualWeight)
    // Where everything is in the query's language, or it cannot be told, or there is nothing at all.
    #expect(abs(try weight(german, [.german], model: multilingual) - share) < 1e-12)
    #expect(try weight("Passwort", [.english], model: multilingual) == share)
    #expect(try weight(german, [], model: multilingual) == share)
    let half = try weight(german, [.english, .german], model: multilingual)
    let quarter = try weight(german, [.english, .german, .chinese, .spanish], model: multilingual)
    #expect(HalfWeights.crossLingualWeight < quarter && quarter < half && half < share)
    // Identifiers are the same in every language.
    #expect(try weight("0x80040155", [.english], model: multilingual) == ConvexFusion.identifierWeight)
    // A model of one language gains nothing from it.
    #expect(try weight(german, [.english], model: "all-MiniLM-L6-v2") == 0.4)
    var options = SearchEngine.Options()
    options.lexicalWeight = 0.7
    #expect(try weights(german, [.english], model: multilingual, options).fusion.lexicalWeight == 0.7)
  }

  @Test func aCrossEncoderIsAskedOnlyInItsLanguages() throws {
    let marco = try ModelCatalogue.specification(named: "ms-marco-MiniLM-L-12-v2")
    #expect(marco.reads("en") && marco.reads(nil) && !marco.reads("de"))
    #expect(marco.lexicalShare == nil)
    #expect(SearchEngine.language(of: .english, among: []) == nil)
    // One language alone need not be told from the query.
    #expect(SearchEngine.language(of: .english, among: [.german]) == .german)
  }

  @Test func theModelOrTheSettingSaysTheShare() throws {
    #expect(try weights("reset password", [.english]).fusion.lexicalWeight == 0.4)
    #expect(try weights("reset password", [.english], model: "bge-small-en-v1.5").fusion.lexicalWeight == 0.2)
    var options = SearchEngine.Options()
    options.lexicalWeight = 0.7
    #expect(try weights("reset password", [.english], options).fusion.lexicalWeight == 0.7)
    #expect(try weights("reset password", [], options).feedback == .standard)
  }
}
