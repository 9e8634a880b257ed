import Domain
import Testing

@testable import Knowledge

@Suite struct ContradictionCheckTests {
  private func findings(
    _ first: String, _ second: String, language: String? = "en", titles: (String, String) = ("A", "B")
  ) -> [LintFinding] {
    ContradictionCheck().findings([
      .sample("a.md", [first], title: titles.0, language: language),
      .sample("b.md", [second], title: titles.1, language: language),
    ])
  }

  @Test(arguments: [
    ("Refunds are paid within 14 days.", "Refunds are paid within 30 days.", "en"),
    ("Refunds are paid within fourteen days.", "Refunds are paid within 30 days.", "en"),
    ("Shipping to Norway costs $5.", "Shipping to Norway costs $7.50.", "en"),
    ("You may upload files of up to 250 GB.", "You may upload files of up to 100GB.", "en"),
    ("A discount of 10 % is granted to students.", "A discount of 15 % is granted to students.", "en"),
    ("Support for this edition ends on 5 July 2026.", "Support for this edition ends on 5 July 2027.", "en"),
    ("Support for this edition ends on July 5, 2026.", "Support for this edition ends on May 5, 2026.", "en"),
    ("The hotline opens at 9:00 every weekday.", "The hotline opens at 8:30 every weekday.", "en"),
    (
      "Wait 20 minutes, and then run the billing wizard again.",
      "Wait approximately 30 minutes, and then run the billing wizard again.", "en"
    ),
    ("Guests can export invoices as PDF.", "Guests cannot export invoices as PDF.", "en"),
    ("Vouchers are refunded after the sale.", "Vouchers are not refunded after the sale.", "en"),
    (
      "Die Erstattung erfolgt innerhalb von 14 Tagen.", "Die Erstattung erfolgt innerhalb von 30 Tagen.", "de"
    ),
    (
      "Gutscheine werden erstattet, wenn sie gültig sind.",
      "Gutscheine werden nicht erstattet, wenn sie gültig sind.", "de"
    ),
    ("Le remboursement est effectué sous 14 jours.", "Le remboursement est effectué sous 30 jours.", "fr"),
    ("Las devoluciones se pagan en catorce días.", "Las devoluciones se pagan en 30 días.", "es"),
    (
      "Les bons sont remboursés après la vente.", "Les bons ne sont pas remboursés après la vente.", "fr"
    ),
    ("退款将在14天内退回到您的账户。", "退款将在30天内退回到您的账户。", "zh"),
    ("返金は14日以内に行われます。", "返金は30日以内に行われます。", "ja"),
    ("Возврат средств занимает 14 дней.", "Возврат средств занимает 30 дней.", "ru"),
  ])
  func contradictions(first: String, second: String, language: String) {
    let found = findings(first, second, language: language)
    #expect(found.map(\.code) == [.contradiction])
    #expect(found.first?.document.quote == first && found.first?.other?.quote == second)
  }

  @Test(arguments: [
    // The same, said in other ways.
    ("Refunds are paid within 14 days.", "Refunds are paid within fourteen days."),
    ("The archive holds 1,000 messages.", "The archive holds 1000 messages."),
    ("Guests cannot export invoices as PDF.", "Guests can't export invoices as PDF."),
    // Another thing, or another unit.
    ("Refunds are paid within 14 days.", "Invoices are paid within 30 days."),
    ("Refunds are paid within 14 days.", "Refunds are paid within 2 weeks."),
    ("Refunds to Norway are paid within 14 days.", "Refunds to Sweden are paid within 30 days."),
    // Names, versions, steps, ids, errors, years of a product, list numbers.
    ("To install Office 2016 applications, sign in.", "To install Office 2019 applications, sign in."),
    ("Upgrade the connector to version 3 today.", "Upgrade the connector to version 4 today."),
    ("Repeat step 3 for every invoice.", "Repeat step 5 for every invoice."),
    ("The server answers with error 403 for guests.", "The server answers with error 404 for guests."),
    ("Build 10.0.19041 fixes the invoices.", "Build 10.0.22000 fixes the invoices."),
    ("Install the update KB5003173 on servers.", "Install the update KB5004237 on servers."),
    ("The 2016 release prints invoices.", "The 2019 release prints invoices."),
    ("1. Open the invoices of the customer.", "2. Open the invoices of the customer."),
    ("Ticket 4711 describes lost invoices.", "Ticket 4712 describes lost invoices."),
    ("The 32-bit edition prints invoices.", "The 64-bit edition prints invoices."),
    // Twice no is not the contrary of once.
    (
      "The test says nothing about whether guests pay.",
      "The test says nothing about whether guests never pay."
    ),
    // Examples: nothing agrees.
    (
      "The invoice lists 12 chairs and 3 tables for the customer.",
      "The invoice lists 40 chairs and 9 tables for the customer."
    ),
    // No sentence: rows of tables, headings, paths.
    ("Product: Chair; Price: 10 EUR; Weight: 4 kg", "Product: Chair; Price: 20 EUR; Weight: 5 kg"),
    ("Limits of 10 users", "Limits of 20 users"),
    ("", ""), (".", "!"), ("14 days.", "30 days."),
  ])
  func noContradictions(first: String, second: String) {
    #expect(findings(first, second).isEmpty)
  }

  @Test func oneDocumentMayContradictItself() {
    let documents = [
      LintDocument.sample("a.md", ["Refunds are paid within 14 days.", "Refunds are paid within 30 days."])
    ]
    #expect(ContradictionCheck().findings(documents).isEmpty)
    #expect(ContradictionCheck().findings([]).isEmpty)
  }

  @Test func titlesThatNumberDifferentThings() {
    let sentences = ("The printer holds 250 sheets of paper.", "The printer holds 500 sheets of paper.")
    #expect(findings(sentences.0, sentences.1, titles: ("Printer X100", "Printer X200")).isEmpty)
    #expect(findings(sentences.0, sentences.1, titles: ("Printer X100", "Paper for X100")).count == 1)
    #expect(findings(sentences.0, sentences.1, titles: ("Printer", "Paper")).count == 1)
  }

  /// What stands in every document is about no particular thing.
  @Test func sentencesThatCouldStandAnywhere() {
    let documents = (0..<200).map { i in
      LintDocument.sample("d\(i)", ["The default value is \(i % 7 + 1) seconds."])
    }
    #expect(ContradictionCheck().findings(documents).isEmpty)
  }

  @Test func aPairOfDocumentsIsToldOnce() {
    let many = Array(repeating: "Refunds are paid within 14 days.", count: 20)
    let others = Array(repeating: "Refunds are paid within 30 days.", count: 20)
    let documents = [LintDocument.sample("a", many), LintDocument.sample("b", others)]
    #expect(ContradictionCheck().findings(documents).count == 1)
  }

  @Test func tenThousandPassages() {
    var documents = (0..<10_000).map {
      LintDocument.sample("d\($0)", ["The \(prose(8, seed: $0).dropLast()) takes \($0 % 90 + 2) days."])
    }
    documents.append(.sample("x", ["Refunds are paid within 14 days."]))
    documents.append(.sample("y", ["Refunds are paid within 30 days."]))
    let pairs = ContradictionCheck().findings(documents).map {
      [$0.document.externalID, $0.other?.externalID]
    }
    #expect(pairs.contains(["x", "y"]))
  }

  @Test func hostileTexts() {
    let long = String(repeating: "14 days ", count: 50_000) + "."
    #expect(findings(long, long).isEmpty)
    #expect(
      findings(String(repeating: "9", count: 100_000) + " days are enough.", "9 days are enough.").isEmpty)
    #expect(findings("Refunds take \u{0}14 days \u{FFFD}.", "Refunds take \u{0}30 days \u{FFFD}.").count <= 1)
  }
}
