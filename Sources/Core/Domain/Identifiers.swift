import Foundation

/// Identifies a knowledge base inside one store.
public struct KnowledgeBaseID: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Identifies a document inside one store; stable over versions, never reused.
public struct DocumentID: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Identifies a chunk inside one store; stable while its content stays, never reused.
public struct ChunkID: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A position in the store's change feed: the `seq` of the last change included. Store-wide.
public struct Generation: RawRepresentable, Hashable, Sendable, Comparable, Codable {
  public let rawValue: Int64
  public init(rawValue: Int64) { self.rawValue = rawValue }
  public static let zero = Generation(rawValue: 0)
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Names one life of a store; a restore begins another, and every index of the old one is rebuilt.
public struct StoreEpoch: RawRepresentable, Hashable, Sendable, Codable {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
}

// Ids are strings in JSON (the contract), whatever they are inside.
extension KnowledgeBaseID: CustomStringConvertible {
  public var description: String { String(rawValue) }
}
extension DocumentID: CustomStringConvertible {
  public var description: String { String(rawValue) }
  /// Parses the JSON form.
  public init?(_ string: String) {
    guard let value = Int64(string), value > 0 else { return nil }
    self.init(rawValue: value)
  }
}
extension ChunkID: CustomStringConvertible {
  public var description: String { String(rawValue) }
  public init?(_ string: String) {
    guard let value = UInt64(string), value > 0 else { return nil }
    self.init(rawValue: value)
  }
}
extension Generation: CustomStringConvertible {
  public var description: String { String(rawValue) }
}
