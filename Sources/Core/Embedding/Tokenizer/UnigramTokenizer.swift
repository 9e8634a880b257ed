/// SentencePiece's Unigram tokenizer, as XLM-RoBERTa and multilingual-e5 use it.
///
/// A word, with the space before it, becomes the likeliest sequence of pieces (Kudo 2018, arXiv:1804.10959). Text is
/// put into NFKC form first, controls go and every space is like another (SentencePiece's `nmt_nfkc`). What looks
/// like a special token in a text (`<mask>`) is text.
///
/// Reads a text once; a run of more than `UnigramWordScanner.maxWordCharacters` without a space is cut there.
public struct UnigramTokenizer: Tokenizer {
  private let vocabulary: UnigramVocabulary

  init(_ vocabulary: UnigramVocabulary) { self.vocabulary = vocabulary }

  public var vocabularySize: Int { vocabulary.count }
  public var unknownID: Int32 { vocabulary.unknown }

  public func encode(_ text: String, maxTokens: Int) -> [Int32] {
    let room = max(0, maxTokens - 2)
    var ids = [vocabulary.start]
    var scanner = UnigramWordScanner(text, vocabulary.normaliser)
    var lattice = UnigramLattice()
    while ids.count <= room, scanner.advance() {
      ids += lattice.likeliest(scanner.word, in: vocabulary)
    }
    if ids.count > room + 1 { ids.removeSubrange((room + 1)...) }
    ids.append(vocabulary.end)
    return ids
  }
}

/// The ways to cut a word into pieces; kept between words so that none allocates.
struct UnigramLattice {
  /// By the byte at which a beginning of the word ends: the score of its best cut, and the last piece of that.
  private var scores: [Double] = []
  private var lastPieces: [Int32] = []
  private var lastStarts: [Int32] = []

  /// The pieces of the most probable cut (Viterbi 1967), the earlier of equal ones; characters that stand in no
  /// piece are unknown, a run of them once.
  mutating func likeliest(_ word: [UInt8], in vocabulary: UnigramVocabulary) -> [Int32] {
    reset(word.count + 1)
    scores[0] = 0
    word.withUnsafeBufferPointer { word in
      for start in word.indices where scores[start] > -.infinity {
        let score = scores[start]
        vocabulary.forEachPiece(at: start, of: word) { id, pieceScore, end in
          offer(id, score + pieceScore, start, end)
        }
        let end = start + UnigramVocabulary.length(ofCharacterFrom: word[start])
        offer(vocabulary.unknown, score + vocabulary.unknownScore, start, min(end, word.count))
      }
    }
    var ids: [Int32] = []
    var end = word.count
    while end > 0 {
      let id = lastPieces[end]
      if id != vocabulary.unknown || ids.last != id { ids.append(id) }
      end = Int(lastStarts[end])
    }
    ids.reverse()
    return ids
  }

  private mutating func offer(_ id: Int32, _ score: Double, _ start: Int, _ end: Int) {
    guard score > scores[end] else { return }
    scores[end] = score
    lastPieces[end] = id
    lastStarts[end] = Int32(start)
  }

  private mutating func reset(_ count: Int) {
    scores.removeAll(keepingCapacity: true)
    scores.append(contentsOf: repeatElement(-.infinity, count: count))
    guard lastPieces.count < count else { return }
    lastPieces = Array(repeating: 0, count: count)
    lastStarts = Array(repeating: 0, count: count)
  }
}
