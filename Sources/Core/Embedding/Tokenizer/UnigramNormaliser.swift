/// What a Unigram model's text becomes before it is cut into pieces, scalar by scalar: most stand for themselves.
///
/// The model's file lists what replaces single scalars; composing what was written decomposed (`UnigramWordScanner`)
/// makes NFKC of it, but for marks in an unusual order, which the model's own normaliser leaves in theirs too.
struct UnigramNormaliser: Sendable {
  private let scalars: [UInt32]
  /// One more than there are scalars: where the replacement of each begins.
  private let starts: [Int32]
  private let replacements: [UInt32]
  /// Whether any of 256 neighbouring scalars is replaced.
  private var hasReplacements = [Bool](repeating: false, count: 0x110000 >> 8)

  /// - Throws: `model_corrupt`.
  init(_ pieces: FourBitFile.Pieces) throws(EmbeddingError) {
    var scalars: [UInt32] = []
    var starts: [Int32] = [0]
    var replacements: [UInt32] = []
    do {
      var reader = ByteReader(pieces.replacements)
      for _ in 0..<pieces.replacementCount {
        let scalar = try reader.read(UInt32.self)
        guard Unicode.Scalar(scalar) != nil, scalar > scalars.last ?? 0 else { throw ByteReader.Truncated() }
        scalars.append(scalar)
        hasReplacements[Int(scalar >> 8)] = true
        for _ in 0..<(try reader.count(UInt8.self)) {
          let replacement = try reader.read(UInt32.self)
          guard Unicode.Scalar(replacement) != nil else { throw ByteReader.Truncated() }
          replacements.append(replacement)
        }
        starts.append(Int32(replacements.count))
      }
      guard reader.position == pieces.replacements.count else { throw ByteReader.Truncated() }
    } catch {
      throw .modelCorrupt("the vocabulary's normaliser is cut short or out of order", cause: error)
    }
    self.scalars = scalars
    self.starts = starts
    self.replacements = replacements
  }

  /// - Returns: what replaces a scalar, perhaps nothing; nil where it stands for itself.
  func replacement(of scalar: UInt32) -> ArraySlice<UInt32>? {
    guard hasReplacements[Int(scalar >> 8)] else { return nil }
    var (low, high) = (0, scalars.count)
    while low < high {
      let middle = (low + high) / 2
      if scalars[middle] < scalar { low = middle + 1 } else { high = middle }
    }
    guard low < scalars.count, scalars[low] == scalar else { return nil }
    return replacements[Int(starts[low])..<Int(starts[low + 1])]
  }
}
