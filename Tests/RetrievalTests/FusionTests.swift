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
    HalfWeights(
      options, model: try ModelCatalogue.specification(named: model),
      language: SearchEngine.language(of: query, among: languages),
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

  @Test func aCrossEncoderIsAskedOnlyInItsLanguages() throws {
    let marco = try ModelCatalogue.specification(named: "ms-marco-MiniLM-L-12-v2")
    #expect(marco.reads("en") && marco.reads(nil) && !marco.reads("de"))
    #expect(marco.lexicalShare == nil)
    #expect(SearchEngine.language(of: "anything", among: []) == nil)
    // One language alone need not be told from the query.
    #expect(SearchEngine.language(of: "How do I reset my password?", among: [.german]) == .german)
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
