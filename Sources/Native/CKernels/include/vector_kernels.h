// Kernels of the search index: int8 scan, half precision, quantisation, checksum.
//
// Every function works on the caller's thread and allocates nothing. Pointers need no alignment. Numbers
// in memory are little-endian.
#ifndef FRONTDESK_VECTOR_KERNELS_H
#define FRONTDESK_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes to which a row of int8 codes is padded with zeros.
enum { FD_CODE_ALIGNMENT = 64 };

/// Quantises one vector symmetrically: code = round(value / scale), scale = largest magnitude / 127.
///
/// - Returns: the scale; 0, and all codes 0, for a vector of zeros. Values must be finite.
float fd_quantise_i8(const float *values, size_t count, int8_t *codes);

/// scores[r] = scales[r] * query_scale * (codes of row r . query), the inner product exact in int32.
///
/// `stride` is a multiple of FD_CODE_ALIGNMENT and at most 65536; `query` has `stride` codes. No code is
/// -128.
void fd_scan_i8(
    const int8_t *codes, size_t stride, const float *scales, size_t rows, const int8_t *query,
    float query_scale, float *scores);

/// Ways in which `fd_scan_i8` can be computed; all give the same bits.
enum { FD_SCAN_PORTABLE = 0, FD_SCAN_AVX2 = 1, FD_SCAN_VNNI = 2 };

/// Whether this processor has what a way of scanning needs.
bool fd_scan_supports(int way);

/// `fd_scan_i8` in a chosen way, which must be supported.
void fd_scan_i8_by(
    int way, const int8_t *codes, size_t stride, const float *scales, size_t rows, const int8_t *query,
    float query_scale, float *scores);

/// Widens IEEE 754 binary16 to binary32, exactly.
void fd_half_to_float(const uint16_t *halves, float *values, size_t count);

/// Narrows binary32 to binary16, rounding to nearest, ties to even; too large becomes infinity.
void fd_float_to_half(const float *values, uint16_t *halves, size_t count);

/// Inner product of a single-precision vector with one in half precision.
///
/// The order of summation depends on `count` and the processor alone.
float fd_dot_half(const float *values, const uint16_t *halves, size_t count);

/// Checksum XXH64 (Y. Collet, xxHash fast digest algorithm, specification 0.1.1), in one call or in parts.
uint64_t fd_hash64(const void *bytes, size_t count, uint64_t seed);

typedef struct {
  uint64_t lanes[4];
  uint64_t seed;
  uint64_t total;
  uint8_t pending[32];
} fd_hash64_state;

void fd_hash64_begin(fd_hash64_state *state, uint64_t seed);
void fd_hash64_update(fd_hash64_state *state, const void *bytes, size_t count);
uint64_t fd_hash64_value(const fd_hash64_state *state);

#ifdef __cplusplus
}
#endif

#endif
