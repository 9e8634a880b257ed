import Domain
import Embedding
import Foundation
import Synchronization

/// How chunk sizes are counted.
///
/// In WordPiece tokens whatever the active model, so that a switch of models never re-chunks. Where no model
/// with that vocabulary is installed, the count is estimated from the text's length.
public struct TokenCounter: Sendable {
  /// Part of fingerprints: another way of counting gives other chunks.
  let id: String
  let count: @Sendable (Substring) -> Int
  /// The longest prefix of at most so many tokens.
  let prefix: @Sendable (Substring, Int) -> Substring

  /// The vocabulary of an installed model, read when first needed; else the estimate.
  public static func bestInstalled(in cache: ModelCache) -> TokenCounter {
    for (specification, isInstalled) in cache.list()
    where isInstalled && specification.isEmbedder {
      if let vocabulary = try? cache.installed(specification.name).vocabulary { return wordPiece(vocabulary) }
    }
    return estimated
  }

  static func wordPiece(_ vocabulary: URL) -> TokenCounter {
    let lazy = LazyTokenizer(vocabulary)
    return TokenCounter(
      id: "wordpiece",
      count: { text in lazy.tokenizer.map { $0.count(text) } ?? estimated.count(text) },
      prefix: { text, limit in
        lazy.tokenizer.map { $0.prefix(of: text, maxTokens: limit) } ?? estimated.prefix(text, limit)
      })
  }

  /// Five bytes of a script with spaces are a token (1.3 tokens a word in English), three of another.
  static let estimated = TokenCounter(
    id: "estimate",
    count: { text in (text.utf8.reduce(0) { $0 + ($1 < 0x80 ? 3 : 5) } + 14) / 15 },
    prefix: { text, limit in
      var left = limit * 15
      var end = text.startIndex
      while end < text.endIndex {
        let next = text.index(after: end)
        left -= text[end..<next].utf8.reduce(0) { $0 + ($1 < 0x80 ? 3 : 5) }
        if left < 0 { break }
        end = next
      }
      return text[..<end]
    })
}

private final class LazyTokenizer: Sendable {
  private let vocabulary: URL
  private let state = Mutex<WordPieceTokenizer??>(nil)

  init(_ vocabulary: URL) { self.vocabulary = vocabulary }

  /// Nil where the vocabulary cannot be read after all.
  var tokenizer: WordPieceTokenizer? {
    state.withLock { state in
      if let known = state { return known }
      let read = try? WordPieceTokenizer(vocabulary: vocabulary)
      state = .some(read)
      return read
    }
  }
}
