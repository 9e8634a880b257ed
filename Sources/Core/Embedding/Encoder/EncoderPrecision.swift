/// How an encoder multiplies.
///
/// What a model is does not change with it: vectors of both may stand in one index (`tools/adr/0007`).
public enum EncoderPrecision: String, CaseIterable, Sendable {
  /// Weights and activations of linear layers in 8 bits, sums exact; the rest in single precision. About twice
  /// as fast; the cosine to `single` is about 0.998 for passages.
  case int8
  /// Single precision throughout.
  case single = "fp32"
}
