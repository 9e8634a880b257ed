import Domain
import Foundation
import GRDB

/// Takes the quotes of a purged document out of answers that were given from it.
extension SQLiteStore {
  private static let withholdingStep = 500
  private static let pendingPrefix = "withhold "

  /// To be called before a purge: a process that ends in between leaves word of it.
  func markQuotesPending(of document: Int64) async throws {
    try await service.write {
      try $0.run("REPLACE INTO meta (key, value) VALUES (?, '1')", Self.pendingPrefix + String(document))
    }
  }

  /// Goes over every answer of the store, a few at a time; answers are sealed, so no index can name those that quote.
  func withholdQuotes(of document: Int64) async throws {
    var position: Int64 = 0
    var withheld = 0
    while let step = try await withholdStep(of: document, after: position) {
      (position, withheld) = (step.last, withheld + step.withheld)
    }
    if withheld > 0 { try await serviceEraser.run() }
    try await service.write {
      try $0.run("DELETE FROM meta WHERE key = ?", Self.pendingPrefix + String(document))
    }
  }

  /// What a process that was killed had still to do.
  func withholdPendingQuotes() async throws {
    let pending = try await service.read { db in
      var pending: [Int64] = []
      try db.each("SELECT key FROM meta WHERE key GLOB ?", [Self.pendingPrefix + "*"]) { row in
        if let document = Int64(try row.text(0).dropFirst(Self.pendingPrefix.count)) {
          pending.append(document)
        }
      }
      return pending
    }
    for document in pending {
      // Only of documents that are gone: the purge itself may not have come so far.
      let isThere = try await knowledge.read {
        try $0.exists("SELECT 1 FROM documents WHERE id = ?", document)
      }
      guard !isThere else {
        try await service.write {
          try $0.run("DELETE FROM meta WHERE key = ?", Self.pendingPrefix + String(document))
        }
        continue
      }
      try await withholdQuotes(of: document)
    }
  }

  /// - Returns: nil where there is nothing after the position.
  private func withholdStep(
    of document: Int64, after position: Int64
  ) async throws -> (last: Int64, withheld: Int)? {
    let encryption = encryption
    return try await service.write { db in
      let sealer = try encryption.opener(db)
      var last: Int64?
      var quoting: [(position: Int64, conversation: Int64, sequence: Int)] = []
      try db.each(
        """
        SELECT position, conversation, sequence, body FROM messages
        WHERE position > ? AND author = 'bot' ORDER BY position LIMIT ?
        """, [position, Self.withholdingStep]
      ) { row in
        let (conversation, sequence) = (try row.integer(1), try row.int(2))
        last = try row.integer(0)
        // What does not open tells nobody anything.
        let body = try? sealer.open(
          MessageRow.Body.self, try row.data(3), MessageRow.context(conversation, sequence))
        if let answer = body?.answer, Self.cites(document, answer) {
          quoting.append((try row.integer(0), conversation, sequence))
        }
      }
      guard let last else { return nil }
      for message in quoting {
        let body = MessageRow.Body(text: Message.withheldText)
        try db.run(
          "UPDATE messages SET body = ? WHERE position = ?",
          try sealer.seal(body, MessageRow.context(message.conversation, message.sequence)), message.position)
      }
      if !quoting.isEmpty { try Eraser.markPending(db) }
      return (last, quoting.count)
    }
  }

  private static func cites(_ document: Int64, _ answer: Data) -> Bool {
    struct Cited: Decodable {
      struct Citation: Decodable {
        let documentID: String
        enum CodingKeys: String, CodingKey { case documentID = "document_id" }
      }
      let citations: [Citation]
    }
    let cited = try? JSONDecoder().decode(Cited.self, from: answer)
    return cited?.citations.contains { $0.documentID == String(document) } ?? false
  }
}
