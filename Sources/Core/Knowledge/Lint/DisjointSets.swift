/// Groups that grow together (union by size, with path halving: Tarjan 1975, doi:10.1145/321879.321884).
struct DisjointSets {
  private var parents: [Int]
  private var sizes: [Int]

  init(_ count: Int) {
    parents = Array(0..<count)
    sizes = Array(repeating: 1, count: count)
  }

  mutating func root(of member: Int) -> Int {
    var member = member
    while parents[member] != member {
      parents[member] = parents[parents[member]]
      member = parents[member]
    }
    return member
  }

  /// - Returns: whether they were apart.
  @discardableResult
  mutating func join(_ a: Int, _ b: Int) -> Bool {
    let (a, b) = (root(of: a), root(of: b))
    guard a != b else { return false }
    let (larger, smaller) = sizes[a] >= sizes[b] ? (a, b) : (b, a)
    parents[smaller] = larger
    sizes[larger] += sizes[smaller]
    return true
  }
}
