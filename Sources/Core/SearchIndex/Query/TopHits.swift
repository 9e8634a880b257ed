/// The best of many candidates: higher score first, equal scores by ascending key.
struct TopHits {
  struct Candidate {
    let score: Double
    let key: UInt64
    let view: Int
    let ordinal: Int

    @inline(__always) func precedes(_ other: Candidate) -> Bool {
      score != other.score ? score > other.score : key < other.key
    }
  }

  private let limit: Int
  /// A heap with the worst on top.
  private var heap: [Candidate] = []

  init(limit: Int) { self.limit = max(0, limit) }

  /// Below this a candidate need not be offered.
  var threshold: Double { heap.count < limit ? -.infinity : heap.first?.score ?? .infinity }

  mutating func offer(_ candidate: Candidate) {
    if heap.count < limit {
      heap.append(candidate)
      siftUp(heap.count - 1)
    } else if let worst = heap.first, candidate.precedes(worst) {
      heap[0] = candidate
      siftDown()
    }
  }

  /// Best first.
  func sorted() -> [Candidate] { heap.sorted { $0.precedes($1) } }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[parent].precedes(heap[child]) else { return }
      heap.swapAt(parent, child)
      child = parent
    }
  }

  private mutating func siftDown() {
    heap.withUnsafeMutableBufferPointer { heap in
      let moved = heap[0]
      var parent = 0
      while true {
        var child = 2 * parent + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, heap[child].precedes(heap[child + 1]) { child += 1 }
        guard moved.precedes(heap[child]) else { break }
        heap[parent] = heap[child]
        parent = child
      }
      heap[parent] = moved
    }
  }
}
