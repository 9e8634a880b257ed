import TextAnalysis

/// Joins both halves' scores of a chunk into one.
///
/// Convex combination with a fixed scale for BM25 (Bruch, Gai and Ingber, "An Analysis of Fusion Functions
/// for Hybrid Retrieval", ACM TOIS 2023, doi:10.1145/3596512): unlike rank fusion it keeps how much better
/// a hit is, so one half's clear winner is not buried.
public struct ConvexFusion: Sendable, Hashable {
  /// Share of the lexical half, 0-1.
  public var lexicalWeight: Double
  /// BM25F score that counts as 1.
  public var lexicalScale: Double

  public init(lexicalWeight: Double, lexicalScale: Double) {
    self.lexicalWeight = lexicalWeight
    self.lexicalScale = lexicalScale
  }

  /// Found with `BM25FParameters.passages` (`tools/adr/0003`).
  public static let standard = ConvexFusion(lexicalWeight: 0.4, lexicalScale: 45)

  /// The lexical half's share where a query is nothing but identifiers.
  static let identifierWeight = 0.9

  /// Weights for one query: to an embedding model an error code or a SKU is a string of syllables, near to
  /// every other code, so a query of identifiers alone is left to the half that knows them exactly.
  func adapted(to terms: [QueryTerm]) -> ConvexFusion {
    let isExact = !terms.isEmpty && terms.allSatisfy { $0.kind == .identifier || $0.kind == .identifierPart }
    guard isExact, lexicalWeight > 0 else { return self }
    return ConvexFusion(
      lexicalWeight: max(lexicalWeight, Self.identifierWeight), lexicalScale: lexicalScale)
  }

  /// - Parameters:
  ///   - lexical: BM25F; 0 where no term matches.
  ///   - dense: cosine; 0 where the chunk has no vector.
  public func score(lexical: Double, dense: Double) -> Double {
    lexicalWeight * lexical / lexicalScale + (1 - lexicalWeight) * dense
  }

  /// The sum, written out for `explain`.
  func arithmetic(lexical: Double, dense: Double) -> String {
    func f(_ x: Double) -> String { Self.format(x) }
    return "\(f(lexicalWeight)) x \(f(lexical))/\(f(lexicalScale)) + \(f(1 - lexicalWeight)) x \(f(dense)) = "
      + f(score(lexical: lexical, dense: dense))
  }

  static func format(_ value: Double) -> String {
    let rounded = (value * 10_000).rounded() / 10_000
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}
