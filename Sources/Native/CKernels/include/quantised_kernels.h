// Kernels of a transformer encoder in 8 bits: linear layers on quantised weights and activations.
//
// Weights are quantised once, symmetrically, a scale for each output (column); activations in every pass,
// asymmetrically, a scale and a zero for each row (as Jacob et al. 2018, arXiv:1712.05877, but by row). The
// scale of a column is such that any four products which AVX2 adds in 16 bits fit there: sums are exact in
// int32, hence equal on every processor; so is what follows them, rounded after every operation.
//
// Matrices are row-major. Every function works on the caller's thread, allocates nothing, and computes each
// row of its output from that row of its input alone: a batch gives bit for bit what its texts give alone.
// Pointers need no alignment beyond that of their type; packed weights are aligned to 4 bytes, best to 64.
#ifndef FRONTDESK_QUANTISED_KERNELS_H
#define FRONTDESK_QUANTISED_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// FD_I8_PANEL: columns of one panel of packed weights. FD_I8_INPUT_MAX: activation codes are 0...208; the more,
/// the coarser the weights, and between 200 and 230 the loss is flat. FD_I8_DEPTH_MULTIPLE: what the inputs of
/// a layer must be a multiple of. FD_I8_BLOCK_ROWS: rows that go through a fused layer together.
enum { FD_I8_PANEL = 16, FD_I8_INPUT_MAX = 208, FD_I8_DEPTH_MULTIPLE = 8, FD_I8_BLOCK_ROWS = 32 };

/// How the codes of one row read: value = (code - zero) * scale.
typedef struct {
  float scale;
  int32_t zero;
} fd_i8_row;

/// Quantises rows of activations: the range from the least to the largest value, 0 included, becomes
/// 0...FD_I8_INPUT_MAX, rounded to nearest. A row of zeros gets scale 0. Values must be finite.
void fd_quantise_rows_i8(
    const float *values, size_t rows, size_t width, uint8_t *codes, fd_i8_row *row_codes);

/// Bytes that a linear layer of `columns` outputs and `depth` inputs takes: a whole number of panels, each
/// self-contained, so that a run of panels is a layer of those outputs.
size_t fd_packed_bytes_i8(size_t columns, size_t depth);

/// Quantises and packs a linear layer for `fd_multiply_i8`.
///
/// `weights` has `columns` rows of `depth` floats (out x in), `depth` being a multiple of
/// FD_I8_DEPTH_MULTIPLE and at most 65536; `bias` has `columns` floats, null means zero.
void fd_pack_weights_i8(
    const float *weights, const float *bias, size_t columns, size_t depth, void *packed);

/// output[r][c] = bias[c] + sum over d of input[r][d] * weights[c][d], input and weights quantised.
///
/// `codes` has `rows` rows of `depth` codes. `output_stride` is at least `columns` rounded up to whole
/// panels, all of which are written.
void fd_multiply_i8(
    const uint8_t *codes, const fd_i8_row *row_codes, size_t rows, size_t depth, const void *packed,
    size_t columns, float *output, size_t output_stride);

/// `fd_multiply_i8`, then GELU (`fd_gelu`), then `fd_quantise_rows_i8`: the first half of a feed-forward
/// block. `columns` is a whole number of panels; `scratch` has min(rows, FD_I8_BLOCK_ROWS) * columns floats.
void fd_multiply_gelu_i8(
    const uint8_t *codes, const fd_i8_row *row_codes, size_t rows, size_t depth, const void *packed,
    size_t columns, float *scratch, uint8_t *output, fd_i8_row *output_row_codes);

/// Ways in which `fd_multiply_i8` can be computed; all give the same bits.
enum { FD_I8_PORTABLE = 0, FD_I8_AVX2 = 1, FD_I8_AVX512_VNNI = 2, FD_I8_NEON_DOT = 3 };

/// Whether this processor has what a way of multiplying needs.
bool fd_i8_supports(int way);

/// `fd_multiply_i8` in a chosen way, which must be supported.
void fd_multiply_i8_by(
    int way, const uint8_t *codes, const fd_i8_row *row_codes, size_t rows, size_t depth,
    const void *packed, size_t columns, float *output, size_t output_stride);

#ifdef __cplusplus
}
#endif

#endif
