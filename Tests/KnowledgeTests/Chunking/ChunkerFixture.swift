import Domain

@testable import Knowledge

/// A token counter with WordPiece's shape: a word is one token for each six letters begun, every other
/// visible character one.
enum PlainTokens {
  static func count(_ text: Substring) -> Int {
    var tokens = 0
    var letters = 0
    for scalar in text.unicodeScalars {
      if scalar.value < 0x2E80, scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
        letters += 1
        continue
      }
      tokens += (letters + 5) / 6
      letters = 0
      if !scalar.properties.isWhitespace { tokens += 1 }
    }
    return tokens + (letters + 5) / 6
  }

  static func prefix(_ text: Substring, _ maxTokens: Int) -> Substring {
    var low = 0
    let indices = Array(text.indices) + [text.endIndex]
    var high = indices.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if count(text[..<indices[middle]]) <= maxTokens { low = middle } else { high = middle - 1 }
    }
    return text[..<indices[low]]
  }

  /// Sentences end at a full stop before a space.
  static func sentences(_ text: String, _ language: String?) -> [ByteSpan] {
    let bytes = Array(text.utf8)
    var spans: [ByteSpan] = []
    var start = 0
    for index in bytes.indices.dropLast() where bytes[index] == 46 && bytes[index + 1].isTextSpace {
      spans.append(ByteSpan(start: start, end: index + 1))
      start = index + 2
    }
    if start < bytes.count { spans.append(ByteSpan(start: start, end: bytes.count)) }
    return spans
  }

  static func chunker(_ options: Chunker.Options = .standard) -> Chunker {
    Chunker(tokenCount: count, prefix: prefix, sentences: sentences, options: options)
  }
}

/// A document put together from blocks, as readers do it.
func document(_ title: String, _ parts: [(Block.Kind, String)]) -> (DocumentContent, [Block]) {
  var assembler = TextAssembler()
  for (kind, text) in parts {
    if case .heading(let level, _) = kind {
      assembler.addHeading(level: level, Array(text.utf8))
    } else {
      assembler.add(kind, Array(text.utf8))
    }
  }
  return (DocumentContent(title: title, text: assembler.bytes.string), assembler.blocks)
}

/// Sentences of six tokens each: five short words and a full stop.
func sentences(_ count: Int) -> String {
  (0..<count).map { "word two three four n\($0 % 10)." }.joined(separator: " ")
}
