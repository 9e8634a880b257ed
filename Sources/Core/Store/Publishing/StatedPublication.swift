import Domain
import Foundation

/// What a source (a file's front matter, a row's columns) says of a publication, as it is kept.
///
/// Of a source that says the same as before nothing is taken again, so that reading a file once more does not undo
/// what an editor has decided since.
struct StatedPublication: Codable, Equatable {
  var status: String?
  /// Microseconds since 1970; 0 where it was said that there is none.
  var publishAt: Int64?
  var expiresAt: Int64?

  init(_ change: PublicationChange) {
    status = change.status?.rawValue
    publishAt = Self.column(change.publishAt)
    expiresAt = Self.column(change.expiresAt)
  }

  private static func column(_ change: DateChange) -> Int64? {
    switch change {
    case .keep: nil
    case .clear: 0
    case .set(let date): date.column
    }
  }

  init(column: String) throws {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(column.utf8))
    } catch {
      throw StoreError.corrupt("what a source said of its publication cannot be read", cause: error)
    }
  }

  var column: String? {
    get throws {
      if self == StatedPublication(.keep) { return nil }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
