/// Which pieces of a section make up each chunk.
///
/// Of all ways to cut it that keep every chunk within `maxTokens`, the one with the least cost: the squared
/// distance of each chunk from an equal share (300 tokens become 150 + 150, not 220 + 80), plus a price for
/// each cut by what it spoils (nothing between blocks, most within a sentence). Found by dynamic programming;
/// as a chunk holds few pieces, the time is linear in their number.
enum ChunkPartition {
  private static func price(_ cut: TextMeasure.Cut) -> Double {
    switch cut {
    case .block: 0
    case .item: 0.02
    case .sentence: 0.10
    case .word: 0.20
    }
  }

  /// More pieces than this are never looked at for one chunk (pieces without tokens cost nothing).
  private static let maxPieces = 256
  /// Like the bound of one piece: a chunk stays something that can be shown.
  private static let maxBytes = 2 * TextMeasure.maxPieceBytes

  /// - Returns: how many pieces each chunk takes, in order; they add up to all.
  static func sizes(of pieces: [TextMeasure.Piece], maxTokens: Int) -> [Int] {
    guard pieces.count > 1 else { return pieces.isEmpty ? [] : [1] }
    let total = pieces.reduce(0) { $0 + $1.tokens }
    let share = Double(total) / Double(max(1, (total + maxTokens - 1) / maxTokens))
    // best[i]: the least cost of cutting the first i pieces; from[i]: where its last chunk begins.
    var best = [0.0] + Array(repeating: Double.infinity, count: pieces.count)
    var from = Array(repeating: 0, count: pieces.count + 1)
    for end in 1...pieces.count {
      var tokens = 0
      var start = end - 1
      while start >= 0, end - start <= maxPieces {
        tokens += pieces[start].tokens
        let bytes = pieces[end - 1].span.end - pieces[start].span.start
        if start < end - 1, tokens > maxTokens || bytes > maxBytes { break }
        let distance = share > 0 ? (Double(tokens) - share) / share : 0
        let cost = best[start] + distance * distance + (start > 0 ? price(pieces[start].cut) : 0)
        if cost < best[end] {
          best[end] = cost
          from[end] = start
        }
        start -= 1
      }
    }
    var sizes: [Int] = []
    var end = pieces.count
    while end > 0 {
      sizes.append(end - from[end])
      end = from[end]
    }
    return sizes.reversed()
  }
}
