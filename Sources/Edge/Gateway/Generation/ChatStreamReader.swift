import Foundation
import Retrieval

/// Reads the server-sent events of a streamed chat completion, byte by byte as they come.
struct ChatStreamReader {
  /// Whether a word has come.
  private(set) var hasBegun = false
  /// Whether the text was said to be whole.
  private(set) var isComplete = false
  /// Whether nothing follows.
  private(set) var hasEnded = false
  /// Why nothing more can be read: what came before it is whole.
  private(set) var failure: GenerationFailure?
  private var line: [UInt8] = []

  static let maxLineBytes = 256 << 10

  /// - Returns: the text that these bytes complete; empty where there is none.
  mutating func read(_ data: Data) -> String {
    var text = ""
    do throws(GenerationFailure) { try read(data, into: &text) } catch { failure = error }
    if !text.isEmpty { hasBegun = true }
    return text
  }

  private mutating func read(_ data: Data, into text: inout String) throws(GenerationFailure) {
    for byte in data where !hasEnded {
      guard byte == UInt8(ascii: "\n") else {
        guard line.count < Self.maxLineBytes else { throw .invalid }
        line.append(byte)
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      text += try self.text(of: line)
      line.removeAll(keepingCapacity: true)
    }
  }

  private mutating func text(of line: [UInt8]) throws(GenerationFailure) -> String {
    let field = Array("data:".utf8)
    // Other fields, comments and the blank lines between events say nothing here.
    guard line.starts(with: field) else { return "" }
    guard
      let value = String(validating: line.dropFirst(field.count), as: UTF8.self)?
        .trimmingCharacters(in: .whitespaces)
    else { throw .invalid }
    if value == "[DONE]" {
      (hasEnded, isComplete) = (true, isComplete || !wasCutShort)
      return ""
    }
    guard let event = try? JSONParser.parse(Data(value.utf8)), case .array(let choices)? = event["choices"]
    else { throw .invalid }
    guard let choice = choices.first else { return "" }
    switch choice["finish_reason"] {
    case nil, .null: break
    case .string("stop"): isComplete = true
    // The last sentence may lack its end, and with it what makes it true.
    default: wasCutShort = true
    }
    switch choice["delta"]?["content"] {
    case nil, .null: return ""
    case .string(let text): return text
    default: throw .invalid
    }
  }

  private var wasCutShort = false
}
