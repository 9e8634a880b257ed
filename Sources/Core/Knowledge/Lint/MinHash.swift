/// Sketches of sets by which similar ones are found without comparing all (Broder 1997, "On the resemblance and
/// containment of documents", doi:10.1109/SEQUEN.1997.666900), cut into bands (Leskovec, Rajaraman and Ullman,
/// "Mining of Massive Datasets", 3.4).
struct MinHash {
  let bands: Int
  let rows: Int

  /// Two sets of resemblance s share a band with probability 1 - (1 - s^rows)^bands.
  init(bands: Int, rows: Int) {
    self.bands = bands
    self.rows = rows
  }

  /// Pairs of sets that share a band, first index smaller; the caller compares them exactly.
  ///
  /// A set is paired with at most `maxPartners` others of each band: among many that resemble each other every
  /// one still has partners, and the work stays linear.
  func candidatePairs(of sets: [[UInt64]], maxPartners: Int = 8) -> Set<IndexPair> {
    var pairs: Set<IndexPair> = []
    var mixers: [UInt64] = []
    var state: UInt64 = 0x5EED
    for _ in 0..<(bands * rows) { mixers.append(Self.next(&state) | 1) }
    let sketches = sets.map { sketch(of: $0, mixers) }
    for band in 0..<bands {
      var buckets: [UInt64: [Int]] = [:]
      for (index, set) in sets.enumerated() where !set.isEmpty {
        var key = UInt64(band)
        for row in (band * rows)..<((band + 1) * rows) { key = Self.mixed(key ^ sketches[index][row]) }
        let partners = buckets[key, default: []]
        for partner in partners.suffix(maxPartners) { pairs.insert(IndexPair(first: partner, second: index)) }
        buckets[key, default: []].append(index)
      }
    }
    return pairs
  }

  struct IndexPair: Hashable {
    let first: Int
    let second: Int
  }

  private func sketch(of set: [UInt64], _ mixers: [UInt64]) -> [UInt64] {
    mixers.map { mixer in
      var least = UInt64.max
      for element in set {
        let value = (element ^ (mixer >> 7)) &* mixer
        least = min(least, value ^ (value >> 32))
      }
      return least
    }
  }

  /// Shared members over all members; both sorted, without repeats.
  static func resemblance(_ a: [UInt64], _ b: [UInt64]) -> Double {
    guard !a.isEmpty || !b.isEmpty else { return 1 }
    var (i, j, shared) = (0, 0, 0)
    while i < a.count, j < b.count {
      if a[i] == b[j] {
        shared += 1
        i += 1
        j += 1
      } else if a[i] < b[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return Double(shared) / Double(a.count + b.count - shared)
  }

  /// Hashes of runs of `width` words, sorted, without repeats; of all words where there are fewer.
  static func shingles(of words: [UInt64], width: Int) -> [UInt64] {
    guard !words.isEmpty else { return [] }
    guard words.count > width else { return [words.reduce(0, combine)] }
    var hashes: [UInt64] = []
    hashes.reserveCapacity(words.count)
    for start in 0...(words.count - width) {
      hashes.append(words[start..<(start + width)].reduce(0, combine))
    }
    hashes.sort()
    var last: UInt64?
    return hashes.filter { hash in
      defer { last = hash }
      return hash != last
    }
  }

  static func combine(_ a: UInt64, _ b: UInt64) -> UInt64 { mixed(a &* 31 &+ b) }

  /// The same in every run, unlike Swift's own: FNV-1a, mixed.
  static func hash(_ word: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return mixed(hash)
  }

  /// The finalizer of SplitMix64.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private static func next(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mixed(state)
  }
}
