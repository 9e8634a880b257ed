import Synchronization

/// Actions of 256 neighbouring scalars, worked out when first needed and kept for the process's life.
final class ScalarPage: Sendable {
  /// One place for each page of Unicode, filled once and then only read.
  private nonisolated(unsafe) static let places: UnsafeMutablePointer<AtomicLazyReference<ScalarPage>> = {
    let count = 0x110000 >> 8
    let places = UnsafeMutablePointer<AtomicLazyReference<ScalarPage>>.allocate(capacity: count)
    for index in 0..<count { (places + index).initialize(to: AtomicLazyReference()) }
    return places
  }()

  let number: UInt32
  /// By the scalar's low byte.
  let actions: [ScalarAction]
  let expansions: [ScalarAction]

  /// The page of `scalar`, a Unicode scalar value.
  static func containing(_ scalar: UInt32) -> ScalarPage {
    let number = scalar >> 8
    let place = places + Int(number)
    if let page = place.pointee.load() { return page }
    return place.pointee.storeIfNil(ScalarPage(number))
  }

  private init(_ number: UInt32) {
    var expansions: [ScalarAction] = []
    actions = (0..<256).map { offset in
      guard let scalar = Unicode.Scalar(number << 8 | UInt32(offset)) else { return .drop }
      let actions = ScalarAction.actions(for: scalar)
      if actions.count <= 1 { return actions.first ?? .drop }
      let start = UInt16(expansions.count)
      expansions += actions
      return .several(start: start, end: UInt16(expansions.count))
    }
    self.expansions = expansions
    self.number = number
  }
}
