import Foundation

/// Tells lists of entries from other JSON.
enum JSONSniffer {
  /// A larger file is taken for JSON lines without being parsed here.
  private static let maxWholeBytes = 64 << 20
  private static let maxLineBytes = 1 << 20

  /// - Returns: nil where it is no JSON at all.
  static func type(of data: Data, named: NamedType) -> FileType? {
    let first = firstLine(data)
    // A single line may as well be a whole JSON file.
    if first.count + 2 < data.count, isObject(first) { return .jsonl }
    guard data.count <= maxWholeBytes,
      let value = try? JSONSerialization.jsonObject(with: data)
    else {
      // A first line that is broken is told as such where the name says JSON.
      return named == .json ? .jsonl : nil
    }
    if let object = value as? [String: Any] {
      if object["nbformat"] != nil { return .unsupported("a Jupyter notebook (JSON)") }
      return JSONRecords.entries(in: object) != nil ? .jsonl : .unsupported("JSON that is no list of entries")
    }
    if let list = value as? [Any], list.contains(where: { $0 is [String: Any] }) { return .jsonl }
    return .unsupported("JSON that is no list of entries")
  }

  private static func isObject(_ line: Data) -> Bool {
    !line.isEmpty && (try? JSONSerialization.jsonObject(with: line)) is [String: Any]
  }

  /// The first line that is not blank.
  private static func firstLine(_ data: Data) -> Data {
    data.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return Data() }
      var start = 0
      while start < buffer.count, buffer[start].isTextSpace { start += 1 }
      guard start < buffer.count else { return Data() }
      let found = memchr(base + start, 10, buffer.count - start)
      let end = found.map { UnsafeRawPointer($0) - base } ?? buffer.count
      return end - start <= maxLineBytes ? Data(buffer[start..<end]) : Data()
    }
  }
}
