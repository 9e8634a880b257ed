// Kernels that compare a query with quantised vectors: rows in order, or rows that lie anywhere.
//
// Every function works on the caller's thread and allocates nothing. Pointers need no alignment. Inner
// products are exact in int32, so every way of computing them gives the same bits.
#ifndef FRONTDESK_DISTANCE_KERNELS_H
#define FRONTDESK_DISTANCE_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Ways of computing; each needs something of the processor.
enum { FD_WAY_PORTABLE = 0, FD_WAY_AVX2 = 1, FD_WAY_VNNI = 2, FD_WAY_NEON = 3 };

/// Whether this processor has what a way needs.
bool fd_way_is_supported(int way);

/// The fastest way that this processor supports.
int fd_best_way(void);

/// scores[r] = scales[r] * query_scale * (codes of row r . query).
///
/// `stride` is a multiple of FD_CODE_ALIGNMENT and at most 65536; `query` has `stride` codes. No code is
/// -128. `way` must be supported.
void fd_scan_i8(
    int way, const int8_t *codes, size_t stride, const float *scales, size_t rows, const int8_t *query,
    float query_scale, float *scores);

/// scores[i] = scales[r] * query_scale * (codes of row r . query) with r = rows[i]: as `fd_scan_i8`, for rows
/// that lie anywhere. The next rows are fetched from memory while one is compared.
void fd_gather_i8(
    int way, const int8_t *codes, size_t stride, const float *scales, const uint32_t *rows, size_t count,
    const int8_t *query, float query_scale, float *scores);

/// Whether any of the rows has a score above a bound, as `fd_gather_i8` computes it.
bool fd_any_above_i8(
    int way, const int8_t *codes, size_t stride, const float *scales, const uint32_t *rows, size_t count,
    const int8_t *query, float query_scale, float bound);

/// scores[i] = scale * (levels of row r . query) + offset with r = rows[i].
///
/// Rows are as `fd_quantise_u4` writes them; `stride` is a multiple of 32 and at most 32768. `query` has
/// 2 * stride codes, none -128. `way` must be supported.
void fd_gather_u4(
    int way, const uint8_t *codes, size_t stride, const uint32_t *rows, size_t count, const int8_t *query,
    float scale, float offset, float *scores);

#ifdef __cplusplus
}
#endif

#endif
