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

  @Test func settingsThatLeaveTheLexicalHalfOutStay() {
    #expect(weight("0x80040155", ConvexFusion(lexicalWeight: 0, lexicalScale: 45)) == 0)
    #expect(weight("0x80040155", ConvexFusion(lexicalWeight: 1, lexicalScale: 45)) == 1)
  }

  @Test func aClearWinnerOfOneHalfIsNotBuried() {
    let fusion = ConvexFusion(lexicalWeight: 0.4, lexicalScale: 45)
    #expect(fusion.score(lexical: 0, dense: 0.9) > fusion.score(lexical: 10, dense: 0.5))
    #expect(abs(fusion.score(lexical: 45, dense: 1) - 1) < 1e-12)
  }
}
