import Domain

/// Counts tokens and cuts text to a number of them.
struct TextMeasure: Sendable {
  let tokenCount: @Sendable (Substring) -> Int
  let prefix: @Sendable (Substring, Int) -> Substring
  let sentences: @Sendable (String, String?) -> [ByteSpan]

  /// A piece of text that a chunk holds whole or not at all.
  struct Piece {
    let span: ByteSpan
    let tokens: Int
    /// What a cut before this piece spoils.
    let cut: Cut
    /// Header of the table cell in which it begins, where that stands before it.
    var label: String?
  }

  enum Cut {
    /// Between blocks.
    case block
    /// Between list items or table rows, which go together.
    case item
    case sentence
    case word
  }

  /// A block up to half a chunk stays whole.
  private static let wholeBlockTokens = 110
  /// No piece is longer, whatever its tokens: a word of a megabyte counts as one unknown token.
  static let maxPieceBytes = 4_096

  /// The pieces of a section's blocks, in order, without gaps but white space.
  func pieces(of blocks: [Block], in text: String, language: String?, maxTokens: Int) -> [Piece] {
    var pieces: [Piece] = []
    var previous: Block.Kind?
    for block in blocks {
      let cut: Cut =
        switch (previous, block.kind) {
        case (.listItem, .listItem), (.tableRow, .tableRow): .item
        // A list belongs to the paragraph that announces it.
        case (.paragraph, .listItem), (.paragraph, .code), (.paragraph, .tableRow): .item
        default: .block
        }
      previous = block.kind
      // Counting a block of a hundred megabytes only to learn that it is long would be a pass for nothing.
      let isShort = block.span.count <= Self.maxPieceBytes
      let tokens = isShort ? tokenCount(text.bytes(block.span)) : Int.max
      if tokens <= Self.wholeBlockTokens || (isShort && tokens <= maxTokens && isKeptWhole(block.kind)) {
        pieces.append(Piece(span: block.span, tokens: tokens, cut: cut))
      } else {
        split(block, text, language, maxTokens, firstCut: cut, into: &pieces)
      }
    }
    return pieces
  }

  /// A row or a list item that fits is not torn.
  private func isKeptWhole(_ kind: Block.Kind) -> Bool {
    switch kind {
    case .tableRow, .listItem: true
    default: false
    }
  }

  private func split(
    _ block: Block, _ text: String, _ language: String?, _ maxTokens: Int, firstCut: Cut,
    into pieces: inout [Piece]
  ) {
    var isFirst = true
    func add(_ span: ByteSpan, _ tokens: Int, _ cut: Cut, label: String? = nil) {
      pieces.append(Piece(span: span, tokens: tokens, cut: isFirst ? firstCut : cut, label: label))
      isFirst = false
    }
    for part in parts(of: block, text, language) {
      let fits = part.count <= Self.maxPieceBytes
      let tokens = fits ? tokenCount(text.bytes(part)) : Int.max
      if tokens <= maxTokens {
        add(part, tokens, .sentence)
        continue
      }
      let label = block.kind == .tableRow ? Self.label(text.bytes(part)) : nil
      var rest = text.bytes(part)
      var start = part.start
      var isHead = true
      while !rest.isEmpty {
        let head = boundedPrefix(rest, maxTokens)
        let taken = head.isEmpty ? rest.prefix(1) : head
        let body = taken.trimmingTrailingWhitespace
        let end = start + body.utf8.count
        if !body.isEmpty {
          add(
            ByteSpan(start: start, end: end), tokenCount(body), isHead ? .sentence : .word,
            label: isHead ? nil : label)
        }
        isHead = false
        rest = rest[taken.endIndex...].drop(while: \.isWhitespace)
        start = part.end - rest.utf8.count
      }
    }
  }

  /// Sentences of running text, lines of code, cells of rows; without the white space around them.
  private func parts(of block: Block, _ text: String, _ language: String?) -> [ByteSpan] {
    let body = text.bytes(block.span)
    let found: [ByteSpan]
    switch block.kind {
    case .code: found = Self.spans(of: body, separatedBy: "\n")
    case .tableRow: found = Self.spans(of: body, separatedBy: "; ")
    default: found = sentences(String(body), language)
    }
    // The splitter's spans are taken as ends: whatever lies between two of them stays with the former.
    var spans: [ByteSpan] = []
    var start = 0
    let bytes = body.utf8
    func add(upTo end: Int) {
      guard end > start, end <= bytes.count else { return }
      var lower = bytes.index(bytes.startIndex, offsetBy: start)
      var upper = bytes.index(bytes.startIndex, offsetBy: end)
      while lower < upper, bytes[lower].isTextSpace { lower = bytes.index(after: lower) }
      while lower < upper, bytes[bytes.index(before: upper)].isTextSpace {
        upper = bytes.index(before: upper)
      }
      let from = bytes.distance(from: bytes.startIndex, to: lower)
      let to = bytes.distance(from: bytes.startIndex, to: upper)
      if from < to {
        spans.append(ByteSpan(start: block.span.start + from, end: block.span.start + to))
      }
      start = end
    }
    for next in found.dropFirst() { add(upTo: next.start) }
    add(upTo: bytes.count)
    return spans
  }

  private static func spans(of text: Substring, separatedBy separator: StaticString) -> [ByteSpan] {
    var text = String(text)
    return text.withUTF8 { bytes in
      separator.withUTF8Buffer { separator in
        var spans: [ByteSpan] = []
        var start = 0
        var at = 0
        while at + separator.count <= bytes.count {
          if bytes[at] == separator[0], bytes[at...].starts(with: separator) {
            spans.append(ByteSpan(start: start, end: at + separator.count))
            at += separator.count
            start = at
          } else {
            at += 1
          }
        }
        if start < bytes.count { spans.append(ByteSpan(start: start, end: bytes.count)) }
        return spans
      }
    }
  }

  /// `Header` of a cell `Header: value`.
  static func label(_ cell: Substring) -> String? {
    let head = cell.prefix(100)
    guard let colon = head.firstIndex(of: ":"), head[colon...].dropFirst().first == " " else { return nil }
    return String(head[...colon])
  }

  /// The longest prefix within tokens and bytes, cut between words where there are any, else between
  /// characters. Looks at a bounded part of the text only.
  func boundedPrefix(_ text: Substring, _ maxTokens: Int) -> Substring {
    guard maxTokens > 0 else { return text.prefix(0) }
    // Tokens are seldom longer than six bytes: a small window first, for the counter reads all of it.
    var bytes = min(Self.maxPieceBytes, max(64, 6 * maxTokens))
    var window = text.prefix(utf8: bytes)
    var taken = prefix(window, maxTokens)
    while taken.endIndex == window.endIndex, window.endIndex < text.endIndex, bytes < Self.maxPieceBytes {
      bytes = min(Self.maxPieceBytes, 2 * bytes)
      window = text.prefix(utf8: bytes)
      taken = prefix(window, maxTokens)
    }
    guard taken.endIndex < text.endIndex else { return taken }
    // A counter that cuts no words stops before a long one; no character is more than a token.
    if taken.isEmpty { return window.prefix(utf8: maxTokens) }
    // Inside a word: back to its start, unless the word is all there is.
    if text[taken.endIndex].isWhitespace || taken.last?.isWhitespace == true { return taken }
    guard let space = taken.lastIndex(where: \.isWhitespace), space > taken.startIndex,
      text.utf8.distance(from: space, to: taken.endIndex) < 200
    else { return taken }
    return taken[...space]
  }

  /// The part up to its last sentence end, where that leaves more than half of it.
  func endingAtSentence(_ part: Substring, _ language: String?) -> Substring {
    let spans = sentences(String(part), language)
    guard spans.count > 1, let last = spans.last, last.start * 2 > part.utf8.count else { return part }
    return part[..<part.utf8.index(part.startIndex, offsetBy: last.start)]
  }

  // MARK: embedded text

  /// Title, heading path and body in at most `maxTokens`: outer headings go first, then the title is cut,
  /// then the innermost heading; the body only where it alone is too long.
  func embedded(
    title: String, path: [String], label: String?, body: Substring, bodyTokens: Int, maxTokens: Int
  ) -> String {
    var room = maxTokens - bodyTokens
    if let label { room -= tokenCount(label[...]) }
    guard room >= 0 else { return String(prefix(body, maxTokens)) }
    var headings = path.map { (text: $0[...], tokens: tokenCount($0[...])) }
    var head = (text: title[...], tokens: tokenCount(title[...]))
    while headings.count > 1, head.tokens + headings.reduce(0, { $0 + $1.tokens }) > room {
      headings.removeFirst()
    }
    if let inner = headings.first, head.tokens + inner.tokens > room {
      let innerRoom = max(room / 2, room - head.tokens)
      if inner.tokens > innerRoom {
        let cut = prefix(inner.text, innerRoom)
        headings = [(cut, tokenCount(cut))]
      }
    }
    let left = room - headings.reduce(0) { $0 + $1.tokens }
    if head.tokens > left { head.text = left > 0 ? prefix(head.text, left) : "" }
    var lines = [head.text] + headings.map(\.text)
    if let label { lines.append(label[...]) }
    lines.append(body)
    return lines.filter { !$0.isEmpty }.joined(separator: "\n")
  }
}

extension Substring {
  var trimmingTrailingWhitespace: Substring {
    var text = self
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
  var trimmingWhitespace: Substring { drop(while: \.isWhitespace).trimmingTrailingWhitespace }

  /// At most so many bytes, ending between characters as a reader sees them; never empty for a text that is
  /// not.
  func prefix(utf8 limit: Int) -> Substring {
    guard utf8.count > limit else { return self }
    var end = utf8.index(startIndex, offsetBy: limit)
    while end > startIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
    // Character boundaries show in a short stretch of text before the place.
    var from = utf8.index(end, offsetBy: -128, limitedBy: startIndex) ?? startIndex
    while from > startIndex, utf8[from] & 0xC0 == 0x80 { from = utf8.index(before: from) }
    var boundary = from
    for character in self[from...].prefix(160).indices {
      if character > end { break }
      boundary = character
    }
    // A run of combining marks without end is cut between scalars.
    return boundary > from ? self[..<boundary] : self[..<end]
  }
}
