import Domain
import Foundation
import GRDB

/// What guides the searches of a knowledge base beside its documents, each as one JSON value.
extension SQLiteStore {
  public func searchRules(of id: KnowledgeBaseID) async throws -> SearchRules {
    try await guidance(.rules, of: id) ?? .none
  }

  public func setSearchRules(_ rules: SearchRules, of id: KnowledgeBaseID) async throws -> Generation {
    try rules.validate()
    return try await setGuidance(.rules, to: rules, of: id)
  }

  public func answerCalibration(of id: KnowledgeBaseID) async throws -> AnswerCalibration? {
    try await guidance(.calibration, of: id)
  }

  public func setAnswerCalibration(
    _ calibration: AnswerCalibration?, of id: KnowledgeBaseID
  ) async throws -> Generation {
    try await setGuidance(.calibration, to: calibration, of: id)
  }

  public func generationPolicy(of id: KnowledgeBaseID) async throws -> GenerationPolicy {
    try await guidance(.generation, of: id) ?? .off
  }

  public func setGenerationPolicy(
    _ policy: GenerationPolicy, of id: KnowledgeBaseID
  ) async throws -> Generation {
    try await setGuidance(.generation, to: policy, of: id)
  }

  private func guidance<Value: Decodable>(
    _ kind: FeedWriter.KnowledgeBaseChange, of id: KnowledgeBaseID
  ) async throws -> Value? {
    let json = try await knowledge.read { db in
      try db.row("SELECT value FROM guidance WHERE kb = ? AND kind = ?", id.rawValue, kind.rawValue)?.text(0)
    }
    do {
      return try json.map { try JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
    } catch {
      throw StoreError.corrupt("the \(kind.rawValue) of a knowledge base cannot be read", cause: error)
    }
  }

  private func setGuidance(
    _ kind: FeedWriter.KnowledgeBaseChange, to value: (some Encodable)?, of id: KnowledgeBaseID
  ) async throws -> Generation {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try value.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
    let generation = try await knowledge.write { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      if let json {
        try db.run("REPLACE INTO guidance (kb, kind, value) VALUES (?, ?, ?)", kb.id, kind.rawValue, json)
      } else {
        try db.run("DELETE FROM guidance WHERE kb = ? AND kind = ?", kb.id, kind.rawValue)
      }
      return try FeedWriter(db).record(kind, of: kb.id)
    }
    signals.committed(generation.rawValue)
    return generation
  }
}
