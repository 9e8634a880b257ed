import CKernels
import Testing

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
  @Test(arguments: [FD_SCAN_PORTABLE, FD_SCAN_AVX2, FD_SCAN_VNNI].map(Int32.init))
  func everyWayOfScanningIsExact(way: Int32) {
    guard fd_scan_supports(way) else { return }
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
        fd_scan_i8_by(way, codes, stride, scales, rows, query, 0.25, &scores)
        for row in 0..<rows {
          let sum = (0..<stride).reduce(0) { $0 + Int(codes[row * stride + $1]) * Int(query[$1]) }
          #expect(scores[row] == scales[row] * 0.25 * Float(sum))
        }
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
