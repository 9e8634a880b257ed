/// Accepts the words within a number of edits of a pattern: insertions, deletions, substitutions, and swaps of
/// neighbours (optimal string alignment), counted in Unicode scalars.
///
/// The nondeterministic automaton of Wu and Manber (CACM 1992, doi:10.1145/135239.135244), simulated bit by bit
/// with a word for each number of edits, and Hyyrö's swaps (2003) as states of their own.
struct EditDistanceAutomaton {
  static let maxDistance = 2
  static let maxScalars = 62

  struct State: Equatable {
    /// Bit i: the first i scalars of the pattern are read, with as many edits as the word's place says.
    fileprivate var read: (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// Bit i: scalar i + 1 was read in the place of scalar i, which must follow.
    fileprivate var swapped: (UInt64, UInt64, UInt64) = (0, 0, 0)

    static func == (a: State, b: State) -> Bool { a.read == b.read && a.swapped == b.swapped }
    /// Whether no continuation can be accepted.
    var isDead: Bool { read.0 | read.1 | read.2 | swapped.1 | swapped.2 == 0 }
  }

  private let distance: Int
  private let length: Int
  /// Where each scalar of the pattern stands.
  private let places: [Unicode.Scalar: UInt64]
  private let all: UInt64

  /// - Returns: nil for a pattern that is empty or longer than `maxScalars`.
  init?(_ pattern: String, distance: Int) {
    let scalars = Array(pattern.unicodeScalars)
    guard (1...Self.maxScalars).contains(scalars.count) else { return nil }
    self.distance = min(max(0, distance), Self.maxDistance)
    length = scalars.count
    all = (1 << UInt64(scalars.count + 1)) - 1
    var places: [Unicode.Scalar: UInt64] = [:]
    for (place, scalar) in scalars.enumerated() { places[scalar, default: 0] |= 1 << UInt64(place) }
    self.places = places
  }

  var start: State {
    var state = State()
    state.read.0 = 1
    if distance > 0 { state.read.1 = 0b11 & all }
    if distance > 1 { state.read.2 = 0b111 & all }
    return state
  }

  func step(_ state: State, _ scalar: Unicode.Scalar) -> State {
    let here = places[scalar] ?? 0
    var next = State()
    next.read.0 = (state.read.0 & here) << 1 & all
    if distance > 0 {
      next.read.1 = edited(state.read.1, state.read.0, next.read.0, state.swapped.1, here)
      next.swapped.1 = state.read.0 & here >> 1
    }
    if distance > 1 {
      next.read.2 = edited(state.read.2, state.read.1, next.read.1, state.swapped.2, here)
      next.swapped.2 = state.read.1 & here >> 1
    }
    return next
  }

  /// Match, then insertion, substitution and deletion from one edit fewer, then the end of a swap.
  private func edited(
    _ own: UInt64, _ fewer: UInt64, _ nextFewer: UInt64, _ swapped: UInt64, _ here: UInt64
  ) -> UInt64 {
    ((own & here) << 1 | fewer | fewer << 1 | nextFewer << 1 | (swapped & here) << 2) & all
  }

  /// Edits of the word that led to a state; nil where it is not accepted.
  func edits(_ state: State) -> Int? {
    let end: UInt64 = 1 << UInt64(length)
    if state.read.0 & end != 0 { return 0 }
    if state.read.1 & end != 0 { return 1 }
    return state.read.2 & end != 0 ? 2 : nil
  }
}

extension TermDictionary {
  /// Terms that an automaton accepts, in byte order.
  ///
  /// Terms share the states of what they share with the one before, and those that begin with what cannot be
  /// continued are skipped.
  ///
  /// - Parameter prefix: what they begin with, byte by byte.
  func forEachTerm(
    near automaton: EditDistanceAutomaton, prefix: [UInt8],
    _ visit: (_ term: [UInt8], _ place: PostingsPlace, _ edits: Int) -> Void
  ) -> Bool {
    var iterator = prefix.withUnsafeBytes { self.iterator(notBelow: $0) }
    // States after each scalar of `last`, and where it ends in bytes.
    var states: [(end: Int, state: EditDistanceAutomaton.State)] = [(0, automaton.start)]
    var last: [UInt8] = []
    while let place = iterator.next(), iterator.term.starts(with: prefix) {
      let count = iterator.term.count
      var shared = 0
      while shared < min(last.count, count), last[shared] == iterator.term[shared] { shared += 1 }
      while let (end, _) = states.last, end > shared { states.removeLast() }
      // Copied byte by byte: another reference would have the iterator copy its term at every step.
      last.removeSubrange(shared...)
      last.append(contentsOf: iterator.term[shared...])
      var (end, state) = states[states.count - 1]
      var decoder = UTF8()
      var bytes = last[end...].makeIterator()
      while !state.isDead, case .scalarValue(let scalar) = decoder.decode(&bytes) {
        state = automaton.step(state, scalar)
        end += UTF8.width(scalar)
        states.append((end, state))
      }
      if let edits = automaton.edits(state), end == count { visit(last, place, edits) }
      if state.isDead, let next = Self.successor(last.prefix(end)) {
        next.withUnsafeBytes { next in
          // Most often near: a search of the blocks costs more than some terms.
          guard !iterator.skip(below: next, atMost: Self.blockTerms) else { return }
          iterator = self.iterator(notBelow: next)
        }
      }
    }
    return !iterator.isDamaged
  }

  /// The least term above all that begin with some bytes; nil where there is none.
  private static func successor(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var next = Array(bytes)
    while let byte = next.popLast() {
      if byte < .max { return next + [byte + 1] }
    }
    return nil
  }
}
