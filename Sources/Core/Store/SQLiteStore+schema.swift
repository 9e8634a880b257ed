import Foundation

extension SQLiteStore {
  static let schemas = [Schema.knowledge, Schema.service]

  /// One file's schema, as `frontdesk migrate` reports it.
  public struct SchemaStatus: Hashable, Sendable {
    public let file: String
    /// Version found, nil where there is no file.
    public let found: Int?
    /// Version that this program writes.
    public let current: Int
  }

  /// The newest schema version of `knowledge.db` that this program knows.
  public static var schemaVersion: Int { Schema.knowledge.version }

  /// Looks at a data folder without changing it.
  ///
  /// - Throws: `store_schema_newer`, `store_corrupt`.
  public static func schemaStatus(of folder: URL) throws -> [SchemaStatus] {
    try schemas.map { schema in
      SchemaStatus(file: schema.file, found: try schema.check(in: folder), current: schema.version)
    }
  }

  /// Brings a data folder to the current schema, as opening it would.
  ///
  /// - Returns: what was found before.
  public static func migrate(_ folder: URL, options: Options = Options()) throws -> [SchemaStatus] {
    let before = try schemaStatus(of: folder)
    _ = try SQLiteStore(folder: folder, options: options)
    return before
  }
}
