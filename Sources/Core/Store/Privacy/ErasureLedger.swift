import Foundation
import Security

/// What was erased, by pseudonym, in a file beside the databases: a backup from before knows nothing of it.
///
/// One JSON object a line, on disk before anything is erased, so that it may name what a kill then left.
public struct ErasureLedger: Sendable {
  public static let name = "erasures.jsonl"

  public struct Entry: Hashable, Sendable, Codable {
    public enum Kind: String, Hashable, Sendable, Codable { case customer, document }
    public let kind: Kind
    /// Lowercase hexadecimal.
    public let subject: String
    public let at: Date
    /// Tells by whose key the subject was made.
    public var key: String?
  }

  let url: URL

  init(folder: URL) { url = folder.appendingPathComponent(Self.name) }

  func append(_ kind: Entry.Kind, _ subject: Data, by key: String, at now: Date) throws {
    try append([Entry(kind: kind, subject: Digest.hex(subject), at: now, key: key)])
  }

  func append(_ entries: [Entry]) throws {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = .sortedKeys
    var lines = Data()
    for entry in entries { lines += try encoder.encode(entry) + Data("\n".utf8) }
    let descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(nil) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      // One write: lines of two processes do not mix.
      try file.write(contentsOf: lines)
      try file.synchronize()
    } catch { throw failure(error) }
  }

  /// - Throws: `restore_refused` where a line is no entry.
  public static func entries(of file: URL) throws -> [Entry] {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    let text: String
    do { text = try String(contentsOf: file, encoding: .utf8) } catch {
      throw StoreError(
        .restoreRefused, "The ledger of erasures, \(file.path), cannot be read.", cause: error)
    }
    return try text.split(separator: "\n").enumerated().map { number, line in
      do { return try decoder.decode(Entry.self, from: Data(line.utf8)) } catch {
        throw StoreError(
          .restoreRefused, "Line \(number + 1) of \(file.path) is no entry of a ledger of erasures.",
          cause: error)
      }
    }
  }

  private func failure(_ cause: (any Error)?) -> StoreError {
    StoreError(
      .storeUnavailable,
      "\(url.path) cannot be written, so nothing was erased. Check its permissions and the room on its disk.",
      cause: cause)
  }
}
