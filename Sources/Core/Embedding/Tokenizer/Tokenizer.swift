/// Turns texts into a model's token ids.
///
/// No text, whatever it holds, yields the id of a special token other than that for what is unknown, and the time
/// taken grows no faster than the text.
public protocol Tokenizer: Sendable {
  var vocabularySize: Int { get }
  var unknownID: Int32 { get }

  /// The ids of a text between the special tokens for its start and end.
  ///
  /// - Parameter maxTokens: most ids to return, these two included (at least 2); later ones are cut off.
  func encode(_ text: String, maxTokens: Int) -> [Int32]
}

extension Tokenizer {
  /// The ids of two texts: start, the first, end, the second, end.
  ///
  /// - Parameter maxTokens: most ids to return; the first text is cut to half of them, the second to what is
  ///   left.
  func encodePair(_ first: String, _ second: String, maxTokens: Int) -> TokenSequence {
    let start = encode(first, maxTokens: maxTokens / 2)
    let rest = encode(second, maxTokens: maxTokens - start.count + 1).dropFirst()
    return TokenSequence(start + rest, firstCount: start.count)
  }
}
