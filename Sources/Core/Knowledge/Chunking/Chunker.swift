import Domain

/// Cuts a document into chunks: pieces of its text that are found and cited as one.
///
/// An article is cut along its structure. A chunk never crosses a heading and, where the section is long
/// enough, holds 180 to 220 tokens; neighbouring blocks are joined and long ones cut at sentence ends, then
/// between words, then between characters, so that the chunks of a section are of like size and none is a
/// leftover (`ChunkPartition`). A FAQ entry is one chunk with several embedded texts.
///
/// Time is linear in the text as long as the token counter's is.
public struct Chunker: Sendable {
  public enum Options: Sendable {
    case standard
    /// One chunk for the whole document, whose embedded text the model cuts (`eval --chunk none`).
    case wholeDocument
  }

  /// Changes whenever some document would be cut differently; part of a file's fingerprint.
  public static let version = "1"

  /// The most tokens a chunk's body has.
  public static let maxBodyTokens = 220
  /// The most tokens a text to embed has (title, headings and body), so that a 256-token model cuts nothing.
  public static let maxEmbeddedTokens = 254

  let measure: TextMeasure
  private let options: Options

  /// - Parameters:
  ///   - tokenCount: how many WordPiece tokens a text has, without special tokens. It must be additive over
  ///     pieces cut at white space.
  ///   - prefix: the longest prefix of a text with at most so many tokens.
  ///   - sentences: byte spans of the sentences of a text, in order; the language is a BCP 47 primary subtag.
  public init(
    tokenCount: @escaping @Sendable (Substring) -> Int,
    prefix: @escaping @Sendable (Substring, Int) -> Substring,
    sentences: @escaping @Sendable (String, String?) -> [ByteSpan], options: Options = .standard
  ) {
    measure = TextMeasure(tokenCount: tokenCount, prefix: prefix, sentences: sentences)
    self.options = options
  }

  /// The chunks of a document, in the order of its text.
  ///
  /// - Parameter blocks: the document's structure; where it is empty, that of plain text is found.
  /// - Returns: at least one chunk. Together their spans hold every visible character but headings;
  ///   `text` is `content.text` at `span`. A document without a body has one chunk with the span 0..<0,
  ///   whose embedded text is its title (and headings).
  public func chunks(of content: DocumentContent, blocks: [Block]) -> [ChunkDraft] {
    var text = content.text
    text.makeContiguousUTF8()
    if case .wholeDocument = options {
      let whole = [content.title, text].filter { !$0.isEmpty }.joined(separator: "\n")
      return [draft(0, [], ByteSpan(start: 0, end: text.utf8.count), text, [whole])]
    }
    switch content.kind {
    case .faq: return [faqChunk(content, text)]
    case .article:
      return articleChunks(content, text, blocks.isEmpty ? PlainTextBlocks.blocks(of: text) : blocks)
    }
  }

  private func articleChunks(_ content: DocumentContent, _ text: String, _ blocks: [Block]) -> [ChunkDraft] {
    var drafts: [ChunkDraft] = []
    var allHeadings: [String] = []
    for section in Section.sections(of: blocks, title: content.title) {
      allHeadings += section.path.suffix(1)
      guard !section.blocks.isEmpty else { continue }
      let pieces = measure.pieces(
        of: section.blocks, in: text, language: content.language, maxTokens: Self.maxBodyTokens)
      let sizes = ChunkPartition.sizes(of: pieces, maxTokens: Self.maxBodyTokens)
      var first = 0
      for size in sizes {
        let last = first + size - 1
        let span = ByteSpan(start: pieces[first].span.start, end: pieces[last].span.end)
        let body = text.bytes(span)
        let embedded = measure.embedded(
          title: content.title, path: section.path, label: pieces[first].label, body: body,
          bodyTokens: pieces[first...last].reduce(0) { $0 + $1.tokens }, maxTokens: Self.maxEmbeddedTokens)
        drafts.append(draft(drafts.count, section.path, span, String(body), [embedded]))
        first = last + 1
      }
    }
    guard drafts.isEmpty else { return drafts }
    // Nothing but a title and headings: they are all there is to find it by.
    let words = ([content.title] + allHeadings).filter { !$0.isEmpty }.joined(separator: "\n")
    let embedded = String(measure.prefix(words[...], Self.maxEmbeddedTokens))
    return [draft(0, [], ByteSpan(start: 0, end: 0), "", [embedded])]
  }

  private func draft(
    _ ordinal: Int, _ path: [String], _ span: ByteSpan, _ text: String, _ embedded: [String]
  ) -> ChunkDraft {
    ChunkDraft(ordinal: ordinal, headingPath: path, span: span, text: text, embeddedTexts: embedded)
  }
}

/// Blocks under one heading.
struct Section {
  /// Outermost first, without the document's title.
  let path: [String]
  var blocks: [Block]

  /// Sections in order, those of headings without a body too.
  static func sections(of blocks: [Block], title: String) -> [Section] {
    var sections: [Section] = []
    var open: [(level: Int, text: String)] = []
    var current = Section(path: [], blocks: [])
    for block in blocks {
      guard case .heading(let level, let text) = block.kind else {
        current.blocks.append(block)
        continue
      }
      if !current.path.isEmpty || !current.blocks.isEmpty { sections.append(current) }
      while let last = open.last, last.level >= level { open.removeLast() }
      open.append((level, text))
      current = Section(path: open.map(\.text).filter { $0 != title }, blocks: [])
    }
    if !current.path.isEmpty || !current.blocks.isEmpty { sections.append(current) }
    return sections
  }
}

extension String {
  /// A span of UTF-8 bytes that is known to lie between characters; constant time on native strings.
  func bytes(_ span: ByteSpan) -> Substring {
    let lower = utf8.index(startIndex, offsetBy: span.start)
    return self[lower..<utf8.index(lower, offsetBy: span.count)]
  }
}
