import CKernels
import Foundation

/// Gives strings consecutive numbers, comparing them byte by byte.
///
/// Swift's own `String` equality is canonical equivalence, which is not what a file in byte order needs.
struct TermTable {
  private var bytes: [UInt8] = []
  private var starts: [Int] = [0]
  /// Open addressing; a number + 1, or 0 for a free slot.
  private var slots = [UInt32](repeating: 0, count: 1024)

  var count: Int { starts.count - 1 }
  var byteCount: Int { bytes.count + starts.count * 8 + slots.count * 4 }

  /// - Returns: nil for a string that is too long to be a term.
  mutating func intern(_ string: String) -> UInt32? {
    var string = string
    return string.withUTF8 { utf8 in
      utf8.count > FieldTerms.maxTermBytes ? nil : intern(UnsafeRawBufferPointer(utf8))
    }
  }

  private mutating func intern(_ term: UnsafeRawBufferPointer) -> UInt32 {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: fd_hash64(term.baseAddress, term.count, 0)) & mask
    while slots[slot] != 0 {
      let number = slots[slot] - 1
      if withTerm(Int(number), { $0.count == term.count && $0.compare(term) == 0 }) { return number }
      slot = (slot + 1) & mask
    }
    bytes.append(contentsOf: term)
    starts.append(bytes.count)
    slots[slot] = UInt32(count)
    if count * 2 > slots.count { grow() }
    return UInt32(count - 1)
  }

  func withTerm<Result>(_ number: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[starts[number]..<starts[number + 1]])) }
  }

  /// Numbers in the order of their terms' bytes.
  func sorted(_ numbers: [Int]) -> [Int] {
    bytes.withUnsafeBytes { all in
      func term(_ number: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: all[starts[number]..<starts[number + 1]])
      }
      return numbers.sorted { term($0).compare(term($1)) < 0 }
    }
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    let mask = slots.count - 1
    for number in 0..<count {
      var slot = withTerm(number) { Int(truncatingIfNeeded: fd_hash64($0.baseAddress, $0.count, 0)) & mask }
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = UInt32(number + 1)
    }
  }
}
