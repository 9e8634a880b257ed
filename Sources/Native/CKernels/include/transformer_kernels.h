// Kernels of a transformer encoder in single precision.
//
// All matrices are row-major. Every function works on the caller's thread, allocates nothing, and computes
// each row of its output in an order that does not depend on the other rows: a batch gives bit for bit what
// its texts give alone. Pointers need no alignment beyond that of float.
#ifndef FRONTDESK_TRANSFORMER_KERNELS_H
#define FRONTDESK_TRANSFORMER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Columns of one panel of a packed matrix.
enum { FD_PANEL_WIDTH = 16 };

/// Floats that a packed matrix of `columns` by `depth` takes (columns are padded to whole panels).
size_t fd_packed_count(size_t columns, size_t depth);

/// Packs weights for `fd_multiply_packed`.
///
/// `weights` has `columns` rows of `depth` floats, as a linear layer stores them (out x in).
/// `packed` holds panels of FD_PANEL_WIDTH columns, each depth-major; missing columns are zero.
void fd_pack_weights(const float *weights, size_t columns, size_t depth, float *packed);

/// output[r][c] = bias[c] + sum over d of input[r][d] * weights[c][d].
///
/// Sums run in ascending d. `output_stride` must be at least `columns` rounded up to whole panels, all of
/// which are written. `bias` has `columns` floats; null means zero.
void fd_multiply_packed(
    const float *input, size_t input_stride, size_t rows, size_t depth, const float *packed,
    size_t columns, const float *bias, float *output, size_t output_stride);

/// x = x * Phi(x), Phi the normal distribution function (GELU in its exact form, not the tanh one;
/// Hendrycks and Gimpel 2016, arXiv:1606.08415). Absolute error below 4e-7 * max(1, |x|).
void fd_gelu(float *values, size_t count);

/// Normalises each row of `values + residual` to mean 0 and variance 1, then scales and shifts (Ba et al.
/// 2016, arXiv:1607.06450). `residual` may be null.
void fd_layer_norm(
    float *values, const float *residual, const float *scale, const float *shift, float epsilon,
    size_t rows, size_t width);

/// values[0..<width] = a + b + c, elementwise: the sum of word, position and segment embeddings.
void fd_sum3(const float *a, const float *b, const float *c, float *values, size_t width);

/// Floats of scratch that `fd_attention` needs for a sequence.
size_t fd_attention_scratch_count(size_t length, size_t head_width);

/// Multi-head self-attention over one sequence, every position seeing every other (Vaswani et al. 2017,
/// arXiv:1706.03762), of its first `queries` positions.
///
/// `qkv` has `length` rows of 3 * heads * head_width floats: queries, keys, values, each head by head.
/// `output` has `queries` rows of heads * head_width. `head_width` must be a multiple of FD_PANEL_WIDTH.
void fd_attention(
    const float *qkv, size_t length, size_t queries, size_t heads, size_t head_width, float *scratch,
    float *output);

/// output = the mean of `rows` rows, scaled to length 1 (all zero where the mean is).
void fd_mean_normalised(const float *values, size_t rows, size_t width, float *output);

/// values[i] = (codes[i] - zero) * scale. `is_signed` says how the bytes of `codes` read.
void fd_dequantise(
    const uint8_t *codes, int is_signed, int32_t zero, float scale, size_t count, float *values);

/// values[c][r] = (codes[r][c] - zeros[c]) * scales[c]: `rows` by `columns` codes become `columns` rows.
void fd_dequantise_transposed(
    const uint8_t *codes, int is_signed, const int32_t *zeros, const float *scales, size_t rows,
    size_t columns, float *values);

/// FD_FOUR_BIT_BLOCK: values of a block of 4-bit weights. FD_FOUR_BIT_BYTES: bytes that a block takes.
enum { FD_FOUR_BIT_BLOCK = 32, FD_FOUR_BIT_BYTES = 18 };

/// values = (code - 8) * scale, from whole blocks: a little-endian half-precision scale, then 16 bytes, of which
/// byte i holds code i in its low half and code i + 16 in its high half ("Q4_0" in ggml). `count` is a multiple of
/// FD_FOUR_BIT_BLOCK.
void fd_dequantise_four_bit(const uint8_t *blocks, size_t count, float *values);

#ifdef __cplusplus
}
#endif

#endif
