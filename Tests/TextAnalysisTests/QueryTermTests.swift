import Domain
import Testing

@testable import TextAnalysis

private let analyzer = TextAnalyzer()

private func alternatives(_ text: String, _ languages: [Language] = [.english]) -> [[String]] {
  analyzer.queryTerms(of: text, languages: languages).map(\.alternatives)
}

/// How many of the query's terms the document holds, by any alternative.
private func matches(_ query: String, _ document: String, _ language: Language?, _ languages: [Language])
  -> Int
{
  let terms = Set(analyzer.tokens(of: document, language: language).map(\.term))
  return analyzer.queryTerms(of: query, languages: languages).count {
    !terms.isDisjoint(with: $0.alternatives)
  }
}

@Suite struct QueryTermTests {
  @Test func stopWordsGoWhereAnythingElseRemains() {
    #expect(alternatives("How do I reset the password?") == [["reset"], ["password"]])
    let only = analyzer.queryTerms(of: "who are you", languages: [.english])
    #expect(only.map(\.alternatives) == [["who"], ["are"], ["you"]])
    #expect(only.map(\.isStopWord) == [true, true, true])
    #expect(alternatives("the the", []) == [["the"], ["the"]])
  }

  @Test func everyLanguageGivesItsStem() {
    #expect(alternatives("meetings", [.english, .german]) == [["meet", "meeting", "meetings"]])
    #expect(alternatives("houses", [.german, .english])[0].contains("hous"))
    // Function words put their language first.
    let german = alternatives("wo sind die Rechnungen", [.english, .german])
    #expect(german.last?.first == "rechnung")
  }

  @Test func aStopWordOfOneLanguageIsAWordOfAnother() {
    #expect(alternatives("vietnam war", [.english, .german]).count == 2)
    #expect(alternatives("was war der Grund", [.english, .german]).map(\.first) == ["grund"])
    #expect(alternatives("die Rechnung", [.german]).map(\.first) == ["rechnung"])
  }

  @Test(arguments: [
    ("muller", "Herr Müller", Language.german),
    ("mueller", "Herr Müller", .german),
    ("Müller", "Herr Mueller", .german),
    ("MÜLLER", "Herr Muller", nil),
    ("muller", "Mr Müller", .english),
    ("straße", "STRASSE", .german),
    ("istanbul", "İSTANBUL", .turkish),
    ("facturacion", "la facturación", .spanish),
    ("données", "des donnees", .french),
    ("donnees", "des données", .french),
    ("configuracoes", "as configurações", .portuguese),
    ("dosyasini", "dosyasını", .turkish),
    ("αθηνα", "Αθήνα", .greek),
    ("еще", "ещё", .russian),
    ("signin", "Sign-in fails", .english),
    ("sign-in", "the signin page", .english),
    ("Sign-In", "a sign-in page", .english),
    ("email", "E-Mails", .english),
    ("powershell", "PowerShell", .english),
    ("PowerShell", "powershell", .english),
    ("new-csteam", "New-CsTeam", .english),
    ("office 365", "Office365", .english),
    ("meeting policies", "TeamsMeetingPolicy", .english),
    ("1000000", "1,000,000", .english),
    ("usa", "U.S.A.", .english),
    ("黑豹", "黑豹队的防守", .chinese),
    ("豹", "黑豹队的防守", .chinese),
    ("カード", "ｶｰﾄﾞを使う", .japanese),
    ("서울", "서울에서", .korean),
    ("รหัสผ่าน", "ฉันลืมรหัสผ่าน", .thai),
    ("كتاب", "كِتَاب", .arabic),
  ])
  func queriesFindWhatTheyMean(query: String, document: String, language: Language?) {
    let languages = [Language.english] + (language.map { $0 == .english ? [] : [$0] } ?? [.german])
    let count = analyzer.queryTerms(of: query, languages: languages).count
    #expect(count > 0)
    // "sign-in" also asks for "sign", which "signin" does not hold.
    #expect(matches(query, document, language, languages) >= max(1, count / 2))
  }

  @Test(arguments: [
    "How do I sign-in to OneDrive with error 0x80070005?", "Das Müller-Haus, v2.0 & C++", "黑豹队 2024年 カード 서울",
    "foo_bar AB-1234/5 john@example.com https://a.b/c?d=1 l'homme don't O'Brien U.S.A. 1,234.5 New-CsTeam",
  ])
  func aTextFindsItself(text: String) {
    for language in [nil, Language.english, .german, .french, .chinese] {
      let terms = Set(analyzer.tokens(of: text, language: language).map(\.term))
      for term in analyzer.queryTerms(of: text, languages: [.english, .german, .french]) {
        #expect(!terms.isDisjoint(with: term.alternatives), "\(term)")
      }
    }
  }

  @Test func identifiersComeWholeThenInParts() {
    let terms = analyzer.queryTerms(of: "fix 0x80070005 in New-CsTeam", languages: [.english])
    #expect(
      terms.filter { $0.kind == .identifier }.map { $0.alternatives.contains("new-csteam") } == [false, true]
    )
    #expect(terms.first { $0.kind == .identifier }?.alternatives == ["0x80070005"])
    #expect(terms.filter { $0.kind == .identifierPart }.count == 5)
  }

  @Test func duplicatesStayAndSpansPointIntoTheQuery() {
    let query = "Éclair, éclair"
    let terms = analyzer.queryTerms(of: query, languages: [.french])
    #expect(terms.count == 2)
    #expect(terms.compactMap { query.slice($0.span) } == ["Éclair", "éclair"])
  }

  @Test func nothingToAskFor() {
    for query in ["", "   ", "?!", "\u{0}", "🎉🎉", "\u{301}", "\u{AD}"] {
      #expect(alternatives(query).isEmpty, "\(query.unicodeScalars)")
    }
  }
}
