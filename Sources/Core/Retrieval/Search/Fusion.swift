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
  /// Cosines that count as 0 and as 1.
  public var cosineRange: ClosedRange<Double>

  public init(lexicalWeight: Double, lexicalScale: Double, cosineRange: ClosedRange<Double> = 0...1) {
    self.lexicalWeight = lexicalWeight
    self.lexicalScale = lexicalScale
    self.cosineRange = cosineRange
  }

  /// Found with `BM25FParameters.passages` (`tools/adr/0003`).
  public static let standard = ConvexFusion(lexicalWeight: 0.4, lexicalScale: 45)

  /// The lexical half's share where a query is nothing but identifiers.
  static let identifierWeight = 0.9

  /// Weights for one query: to an embedding model an error code or a SKU is a string of syllables, near to
  /// every other code, so a query of identifiers alone is left to the half that knows them exactly.
  ///
  /// - Parameter isRare: whether a term stands in few passages. A word with hyphens that does is a name however it
  ///   is typed (`get-userphoto`), and its parts go with it.
  func adapted(to terms: [QueryTerm], isRare: (String) -> Bool = { _ in false }) -> ConvexFusion {
    let names = terms.filter {
      $0.kind == .word && $0.alternatives.contains { $0.contains("-") && isRare($0) }
    }
    let isExact =
      !terms.isEmpty
      && terms.allSatisfy { term in
        term.kind == .identifier || term.kind == .identifierPart
          || names.contains { $0.span.start <= term.span.start && term.span.end <= $0.span.end }
      }
    guard isExact, lexicalWeight > 0 else { return self }
    var adapted = self
    adapted.lexicalWeight = max(lexicalWeight, Self.identifierWeight)
    return adapted
  }

  /// - Parameters:
  ///   - lexical: BM25F; 0 where no term matches.
  ///   - dense: cosine; nil where the chunk has no vector, which counts as 0.
  public func score(lexical: Double, dense: Double?) -> Double {
    lexicalWeight * lexical / lexicalScale + (1 - lexicalWeight) * (dense.map(scaled) ?? 0)
  }

  /// What a cosine counts for; below 0 and above 1 outside the range.
  func scaled(_ cosine: Double) -> Double {
    (cosine - cosineRange.lowerBound) / (cosineRange.upperBound - cosineRange.lowerBound)
  }

  /// The sum, written out for `explain`.
  func arithmetic(lexical: Double, dense: Double?, boost: Double = 0) -> String {
    func f(_ x: Double) -> String { Self.format(x) }
    let named = boost > 0 ? "\(f(boost)) for what was named + " : ""
    return named
      + "\(f(lexicalWeight)) x \(f(lexical))/\(f(lexicalScale)) + \(f(1 - lexicalWeight)) x "
      + "\(dense.map { cosineTerm(f($0)) } ?? "0") = "
      + f(boost + score(lexical: lexical, dense: dense))
  }

  /// How a cosine enters the sum.
  func cosineTerm(_ cosine: String) -> String {
    let (low, high) = (cosineRange.lowerBound, cosineRange.upperBound)
    return cosineRange == 0...1 ? cosine : "(\(cosine) - \(Self.format(low)))/\(Self.format(high - low))"
  }

  static func format(_ value: Double) -> String {
    let rounded = (value * 10_000).rounded() / 10_000
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}
