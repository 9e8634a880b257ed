/// How texts are grouped for inference.
enum BatchPlan {
  /// Groups sequences into batches of similar lengths, longest first, none padded.
  ///
  /// - Parameters:
  ///   - lengths: tokens of each sequence.
  ///   - maxTokens: most tokens of a batch, except that a longer sequence makes a batch by itself.
  /// - Returns: indices into `lengths`, each exactly once; equal lengths keep their order.
  static func batches(lengths: [Int], maxTokens: Int) -> [[Int]] {
    let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    var batches: [[Int]] = []
    var room = 0
    for index in order {
      if lengths[index] > room || batches.isEmpty {
        batches.append([])
        room = maxTokens
      }
      batches[batches.count - 1].append(index)
      room -= lengths[index]
    }
    return batches
  }
}
