import Domain
import Foundation
import GRDB

/// How values stand in columns.
///
/// Free text is stored as the BLOB of its UTF-8 bytes: SQLite's C strings would end it at a NUL.
extension String {
  var column: Data { Data(utf8) }
}

extension Date {
  /// Microseconds since 1970.
  var column: Int64 { Int64((timeIntervalSince1970 * 1_000_000).rounded()) }
  init(column: Int64) { self.init(timeIntervalSince1970: Double(column) / 1_000_000) }
}

extension HalfVector {
  /// Little-endian bit patterns, two bytes a dimension.
  var column: Data {
    #if _endian(big)
      bits.map { $0.littleEndian }.withUnsafeBytes { Data($0) }
    #else
      bits.withUnsafeBytes { Data($0) }
    #endif
  }

  init(column: Data) throws {
    guard column.count % 2 == 0 else { throw StoreError.corrupt("a vector has half a value") }
    self.init(
      bits: [UInt16](unsafeUninitializedCapacity: column.count / 2) { bits, count in
        count = column.copyBytes(to: bits) / 2
        #if _endian(big)
          for i in 0..<count { bits[i] = UInt16(littleEndian: bits[i]) }
        #endif
      }
    )
  }
}

extension DocumentLinks {
  var column: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(self)
    }
  }

  init(column: Data) throws {
    do {
      self = try JSONDecoder().decode(Self.self, from: column)
    } catch {
      throw StoreError.corrupt("a document's links cannot be read", cause: error)
    }
  }
}

extension Visibility {
  /// `public`, `signed_in`, or a JSON array of group names.
  var column: String {
    switch self {
    case .public: "public"
    case .signedIn: "signed_in"
    case .groups(let names): JSONColumn.encode(names)
    }
  }

  init(column: String) throws {
    switch column {
    case "public": self = .public
    case "signed_in": self = .signedIn
    default: self = .groups(try JSONColumn.strings(column))
    }
  }
}

extension Row {
  func integer(_ index: Int) throws -> Int64 { try decode(Int64.self, atIndex: index) }
  func int(_ index: Int) throws -> Int { try decode(Int.self, atIndex: index) }
  func data(_ index: Int) throws -> Data { try decode(Data.self, atIndex: index) }
  func date(_ index: Int) throws -> Date { Date(column: try integer(index)) }
  func dateIfPresent(_ index: Int) throws -> Date? { hasNull(atIndex: index) ? nil : try date(index) }
  func intIfPresent(_ index: Int) throws -> Int? { hasNull(atIndex: index) ? nil : try int(index) }
  func dataIfPresent(_ index: Int) throws -> Data? { hasNull(atIndex: index) ? nil : try data(index) }

  /// Text of a TEXT or BLOB column, byte for byte.
  func text(_ index: Int) throws -> String {
    guard let text = try textIfPresent(index) else {
      throw StoreError.corrupt("column \(index) is empty")
    }
    return text
  }

  func textIfPresent(_ index: Int) throws -> String? {
    if hasNull(atIndex: index) { return nil }
    return try withUnsafeData(atIndex: index) { data in
      data.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
  }

  func strings(_ index: Int) throws -> [String] { try JSONColumn.strings(text(index)) }
  func pairs(_ index: Int) throws -> [String: String] { try JSONColumn.pairs(text(index)) }
}
