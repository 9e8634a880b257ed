import Domain
import Foundation
import GRDB

/// The switch of a knowledge base as `guidance` keeps it.
enum ModelSwitchRow {
  static let kind = "model_switch"

  static func find(_ kb: Int64, _ db: Database) throws -> ModelSwitch? {
    try db.row("SELECT value FROM guidance WHERE kb = ? AND kind = ?", kb, kind).map {
      try decode($0.text(0))
    }
  }

  static func replace(_ value: ModelSwitch?, of kb: Int64, _ db: Database) throws {
    guard let value else { return try db.run("DELETE FROM guidance WHERE kb = ? AND kind = ?", kb, kind) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.dateEncodingStrategy = .millisecondsSince1970
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    try db.run("REPLACE INTO guidance (kb, kind, value) VALUES (?, ?, ?)", kb, kind, json)
  }

  static func decode(_ json: String) throws -> ModelSwitch {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .millisecondsSince1970
    do { return try decoder.decode(ModelSwitch.self, from: Data(json.utf8)) } catch {
      throw StoreError.corrupt("the switch of a knowledge base's model cannot be read", cause: error)
    }
  }
}
