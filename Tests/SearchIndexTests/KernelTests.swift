import CKernels
import Testing
import TestSupport

@Suite struct KernelTests {
  /// Values of the reference implementation: xxhsum 0.8 over the bytes 0, 1, 2... of these lengths.
  @Test func checksumIsXXH64() {
    func hash(_ bytes: [UInt8], _ seed: UInt64 = 0) -> UInt64 { fd_hash64(bytes, bytes.count, seed) }
    #expect(hash([]) == 0xef46_db37_51d8_e999)
    #expect(hash(Array("abc".utf8)) == 0x44bc_2cf5_ad77_0999)
    #expect(hash(Array("Nobody inspects the spammish repetition".utf8)) == 0xfbce_a83c_8a37_8bf1)
  }

  @Test func checksumInPartsIsThatOfTheWhole() {
    var random = SeededGenerator(4)
    let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
    for _ in 0..<50 {
      let length = Int.random(in: 0...300, using: &random)
      var state = fd_hash64_state()
      fd_hash64_begin(&state, 9)
      var position = 0
      while position < length {
        let part = Int.random(in: 0...(length - position), using: &random)
        bytes.withUnsafeBytes { fd_hash64_update(&state, $0.baseAddress! + position, part) }
        position += part
      }
      #expect(fd_hash64_value(&state) == fd_hash64(bytes, length, 9))
    }
  }

  @Test func everyHalfRoundTrips() {
    let all = (UInt16.min...UInt16.max).filter { $0 & 0x7fff <= 0x7c00 }
    var floats = [Float](repeating: 0, count: all.count)
    fd_half_to_float(all, &floats, all.count)
    #if !(os(macOS) && arch(x86_64))
      #expect(floats.map(\.bitPattern) == all.map { Float(Float16(bitPattern: $0)).bitPattern })
    #endif
    var back = [UInt16](repeating: 0, count: all.count)
    fd_float_to_half(floats, &back, all.count)
    #expect(back == all)
  }

  @Test func narrowingRoundsToNearestEven() {
    var random = SeededGenerator(6)
    var floats: [Float] = [
      65_504, 65_519.9, 65_520, 1e30, -.infinity, .infinity, 6.1e-5, 5.96e-8, 2.98e-8, 2.99e-8, 1e-20, -0.0,
      0,
    ]
    floats += (0..<20_000).map { _ in
      Float(bitPattern: UInt32.random(in: 0x3000_0000...0x4800_0000, using: &random))
    }
    var narrow = [UInt16](repeating: 0, count: floats.count)
    fd_float_to_half(floats, &narrow, floats.count)
    #if !(os(macOS) && arch(x86_64))
      #expect(narrow == floats.map { Float16($0).bitPattern })
    #endif
    var nan: [UInt16] = [0]
    fd_float_to_half([Float.nan], &nan, 1)
    #expect(nan[0] & 0x7c00 == 0x7c00 && nan[0] & 0x3ff != 0)
  }

  /// On every processor the ways that it has; the extremes are where saturation would show.
  @Test(arguments: [FD_WAY_PORTABLE, FD_WAY_AVX2, FD_WAY_VNNI, FD_WAY_NEON].map(Int32.init))
  func everyWayOfScanningIsExact(way: Int32) {
    guard fd_way_is_supported(way) else { return }
    var random = SeededGenerator(7)
    for stride in [64, 128, 192, 384, 1024] {
      for extreme in [false, true] {
        func code() -> Int8 {
          extreme ? (random.chance(0.5) ? 127 : -127) : Int8.random(in: -127...127, using: &random)
        }
        let rows = 5
        let codes = (0..<rows * stride).map { _ in code() }
        let query = (0..<stride).map { _ in code() }
        let scales: [Float] = [1, 0.5, 0, 2, 1e-3]
        var scores = [Float](repeating: .nan, count: rows)
        fd_scan_i8(way, codes, stride, scales, rows, query, 0.25, &scores)
        for row in 0..<rows {
          let sum = (0..<stride).reduce(0) { $0 + Int(codes[row * stride + $1]) * Int(query[$1]) }
          #expect(scores[row] == scales[row] * 0.25 * Float(sum))
        }
      }
    }
  }

  @Test(arguments: [FD_WAY_PORTABLE, FD_WAY_AVX2, FD_WAY_VNNI, FD_WAY_NEON].map(Int32.init))
  func everyWayOfGatheringIsExact(way: Int32) {
    guard fd_way_is_supported(way) else { return }
    var random = SeededGenerator(17)
    for stride in [64, 128, 192, 384, 1024] {
      for extreme in [false, true] {
        func code() -> Int8 {
          extreme ? (random.chance(0.5) ? 127 : -127) : Int8.random(in: -127...127, using: &random)
        }
        let codes = (0..<20 * stride).map { _ in code() }
        let query = (0..<2 * stride).map { _ in code() }
        let scales = (0..<20).map { _ in Float.random(in: 0...2, using: &random) }
        let rows = (0..<13).map { _ in UInt32.random(in: 0..<20, using: &random) }
        var scores = [Float](repeating: .nan, count: 13)
        fd_gather_i8(way, codes, stride, scales, rows, 13, query, 0.25, &scores)
        let expected = rows.map { row in
          let sum = (0..<stride).reduce(0) { $0 + Int(codes[Int(row) * stride + $1]) * Int(query[$1]) }
          return scales[Int(row)] * 0.25 * Float(sum)
        }
        #expect(scores == expected)
        let best = expected.max() ?? 0
        #expect(!fd_any_above_i8(way, codes, stride, scales, rows, 13, query, 0.25, best))
        #expect(fd_any_above_i8(way, codes, stride, scales, rows, 13, query, 0.25, best.nextDown))
        #expect(!fd_any_above_i8(way, codes, stride, scales, rows, 0, query, 0.25, -.infinity))

        // The same bytes as rows of half the numbers' bits.
        let nibbles = codes.map { extreme ? ($0 > 0 ? 0xff : 0x0f) : UInt8(bitPattern: $0) }
        fd_gather_u4(way, nibbles, stride, rows, 13, query, 0.5, -3, &scores)
        #expect(
          scores
            == rows.map { row in
              let sum = (0..<2 * stride).reduce(0) { sum, place in
                let byte = nibbles[Int(row) * stride + place / 64 * 32 + place % 32]
                return sum + Int(place % 64 < 32 ? byte & 15 : byte >> 4) * Int(query[place])
              }
              return 0.5 * Float(sum) - 3
            })
      }
    }
  }

  @Test func fourBitLevelsAreTheNearest() {
    let steps = [Float](repeating: 0.5, count: 99) + [0]
    let lowest = [Float](repeating: -1, count: 100)
    var random = SeededGenerator(18)
    let values = (0..<100).map { _ in Float.random(in: -3...9, using: &random) }
    var codes = [UInt8](repeating: 0xaa, count: 64)
    fd_quantise_u4(values, lowest, steps, 100, &codes)
    for (place, value) in values.enumerated() {
      let byte = codes[place / 64 * 32 + place % 32]
      let level = Int(place % 64 < 32 ? byte & 15 : byte >> 4)
      #expect(
        level == (place == 99 ? 0 : Int(min(15, max(0, ((value + 1) / 0.5).rounded(.toNearestOrEven))))))
    }
    // What is beyond the last number is 0.
    #expect(codes[36..<64].allSatisfy { $0 & 0xf0 == 0 })
  }

  @Test func unseenNeighboursAreTakenOnce() {
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 4)
    let touched = UnsafeMutablePointer<UInt32>.allocate(capacity: 5)
    words.initialize(repeating: 0, count: 4)
    defer {
      words.deallocate()
      touched.deallocate()
    }
    var seen = fd_seen_rows(words: words, touched: touched, touched_count: 0)
    var unseen = [UInt32](repeating: 0, count: 6)
    var isDamaged = false
    let none = FD_NO_NEIGHBOUR
    #expect(fd_take_unseen([3, 64, 3, 199, none, 7], 6, 200, &seen, &unseen, &isDamaged) == 3)
    #expect(Array(unseen[..<3]) == [3, 64, 199])
    #expect(fd_take_unseen([64, 5, 199, 65], 4, 200, &seen, &unseen, &isDamaged) == 2)
    #expect(Array(unseen[..<2]) == [5, 65])
    #expect(seen.touched_count == 3 && Set((0..<3).map { touched[$0] }) == [0, 1, 3])
    #expect(!isDamaged)
    #expect(fd_take_unseen([9, 200, 10], 3, 200, &seen, &unseen, &isDamaged) == 1)
    #expect(isDamaged)
  }

  @Test func aPoolKeepsTheBestInOrder() {
    var random = SeededGenerator(19)
    for breadth in [1, 2, 7, 40] {
      var pool = [fd_scored_row](repeating: fd_scored_row(), count: breadth)
      var found = 0
      var all: [(score: Float, row: UInt32)] = []
      for _ in 0..<12 {
        let count = Int.random(in: 0...9, using: &random)
        let rows = (0..<count).map { UInt32(all.count + $0) }
        // Few scores, so that many are equal; and some that are no number.
        let scores = rows.map { _ in
          random.chance(0.05) ? Float.nan : Float(Int.random(in: 0...20, using: &random))
        }
        let before = pool[..<found].map(\.row)
        let changed = fd_pool_offer(&pool, &found, breadth, rows, scores, count)
        all += zip(scores, rows).filter { !$0.0.isNaN }.map { ($0, $1) }
        all.sort { ($1.score, $0.row) < ($0.score, $1.row) }
        let expected = all.prefix(breadth).map(\.row)
        let now = pool[..<found].map(\.row)
        #expect(now == expected)
        #expect(
          changed
            == (zip(before, now).enumerated().first { $1.0 != $1.1 }?.offset ?? min(before.count, now.count)))
      }
    }
  }

  @Test func quantisationKeepsWithinHalfAStep() {
    var random = SeededGenerator(8)
    let values = random.unitVector(100)
    var codes = [Int8](repeating: 0, count: 100)
    let scale = fd_quantise_i8(values, 100, &codes)
    #expect(codes.map { abs(Int($0)) }.max() == 127)
    for (value, code) in zip(values, codes) { #expect(abs(value - Float(code) * scale) <= scale * 0.5001) }
    #expect(fd_quantise_i8([0, 0, 1e-38], 3, &codes) == 0)
    #expect(codes[..<3] == [0, 0, 0])
  }

  @Test func packedNumbersComeBack() {
    var random = SeededGenerator(11)
    for bits in 0...32 as ClosedRange<UInt32> {
      let limit = bits == 32 ? UInt32.max : (1 << bits) - 1
      var numbers = (0..<128).map { _ in UInt32.random(in: 0...limit, using: &random) }
      numbers[127] = limit
      // Guards on both sides: nothing is written beyond.
      var packed = [UInt8](repeating: 0xa5, count: fd_packed_block_bytes(bits) + 2)
      packed.withUnsafeMutableBufferPointer { fd_pack_block(numbers, bits, $0.baseAddress! + 1) }
      #expect(packed.first == 0xa5 && packed.last == 0xa5)
      var unpacked = [UInt32](repeating: 7, count: 128)
      packed.withUnsafeBufferPointer { fd_unpack_block($0.baseAddress! + 1, bits, &unpacked) }
      #expect(unpacked == numbers)
    }
  }

  @Test func whatTwoListsShareIsFound() {
    var random = SeededGenerator(12)
    for _ in 0..<200 {
      let lists = (0..<2).map { _ in
        Set(
          (0..<Int.random(in: 0...128, using: &random)).map { _ in UInt32.random(in: 0..<300, using: &random)
          }
        )
        .sorted()
      }
      var places = [UInt32](repeating: 0, count: 129)
      var otherPlaces = places
      let found = fd_intersect(
        lists[0], lists[0].count, lists[1], lists[1].count, &places, &otherPlaces)
      let shared = [places, otherPlaces].enumerated().map { list, places in
        places.prefix(found).map { lists[list][Int($0)] }
      }
      #expect(shared[0] == Set(lists[0]).intersection(lists[1]).sorted() && shared[1] == shared[0])
    }
  }
}
