import Foundation

/// BERT's uncased WordPiece tokenizer.
///
/// Gives the ids of the reference implementation, but for one thing: what looks like a special token in a
/// text ("[CLS]") is text. No text yields the id of a special token other than that for unknown words.
///
/// Every operation reads a text once; none is quadratic in it.
public struct WordPieceTokenizer: Tokenizer {
  private let vocabulary: WordPieceVocabulary

  /// - Parameter url: one token a line.
  /// - Throws: `model_corrupt`.
  public init(vocabulary url: URL) throws(EmbeddingError) {
    vocabulary = try WordPieceVocabulary(url)
  }

  public var vocabularySize: Int { vocabulary.count }
  public var unknownID: Int32 { vocabulary.unknown }

  /// The ids of a text between `[CLS]` and `[SEP]`.
  ///
  /// - Parameter maxTokens: most ids to return, these two included (at least 2); later ones are cut off.
  public func encode(_ text: String, maxTokens: Int) -> [Int32] {
    let room = max(0, maxTokens - 2)
    var ids = [vocabulary.classify]
    withBytes(of: text) { bytes in
      var scanner = WordScanner(bytes)
      var pieces = WordPieces()
      while ids.count <= room, scanner.advance() {
        split(scanner, into: &pieces)
        ids += pieces.ids
      }
    }
    if ids.count > room + 1 { ids.removeSubrange((room + 1)...) }
    ids.append(vocabulary.separator)
    return ids
  }

  /// How many tokens a text has, without the two special ones, however long it is.
  ///
  /// Cut at spaces, the counts of the parts add up to that of the whole.
  public func count(_ text: String) -> Int { count(text[...]) }

  public func count(_ text: Substring) -> Int {
    withBytes(of: text) { bytes in
      var scanner = WordScanner(bytes)
      var pieces = WordPieces()
      var total = 0
      while scanner.advance() {
        split(scanner, into: &pieces)
        total += pieces.count
      }
      return total
    }
  }

  /// The longest beginning of a text that has at most `maxTokens` tokens (without the special ones).
  ///
  /// Ends before the first word that does not fit, so that the beginnings of what is left each time make up
  /// the whole text. Where already the first word does not fit, it is cut between two of its pieces. Never
  /// cuts a character (grapheme cluster); a first character that alone has more tokens is returned whole.
  ///
  /// - Parameter maxTokens: at least 1.
  public func prefix(of text: Substring, maxTokens: Int) -> Substring {
    let limit = max(1, maxTokens)
    guard let cut = withBytes(of: text, { firstCut(in: $0, after: limit) }) else { return text }
    let end = text.utf8.index(text.startIndex, offsetBy: cut)
    // Into a character: end before it, or after it where it is the first.
    let first = text.index(after: text.startIndex)
    guard end > first else { return text[..<first] }
    return text[..<text.index(after: text.index(before: end))]
  }

  /// - Returns: where the first word or piece begins that does not fit; nil where all do.
  private func firstCut(in bytes: UnsafeBufferPointer<UInt8>, after limit: Int) -> Int? {
    var scanner = WordScanner(bytes, keepsOrigins: true)
    var pieces = WordPieces()
    var total = 0
    while scanner.advance() {
      split(scanner, into: &pieces)
      if total + pieces.count > limit {
        // A word of several pieces has at most 100 characters, all of whose origins are known.
        return total > 0 ? scanner.start : scanner.origin(ofByte: pieces.ends[limit - 1])
      }
      total += pieces.count
    }
    return nil
  }

  private func split(_ scanner: WordScanner, into pieces: inout WordPieces) {
    if scanner.characterCount > WordScanner.maxWordCharacters {
      pieces.removeAll()
      pieces.append(vocabulary.unknown, end: scanner.word.count)
    } else {
      vocabulary.split(scanner.word, into: &pieces)
    }
  }

  private func withBytes<Result>(
    of text: some StringProtocol,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    if let result = text.utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(text.utf8).withUnsafeBufferPointer(body)
  }
}

extension WordScanner {
  /// Where the character came from that begins at a byte of the current word.
  fileprivate func origin(ofByte byte: Int) -> Int {
    var character = 0
    for index in 0..<byte where word[index] & 0xC0 != 0x80 { character += 1 }
    return character < origins.count ? origins[character] : end
  }
}
