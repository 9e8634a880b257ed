// Kernels of the search index: quantisation, half precision, checksum.
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

/// Bytes of a vector of so many numbers in 4 bits.
#define FD_U4_BYTES(count) (((count) + 63) / 64 * 32)

/// Quantises one vector to 4 bits a number: level = round((value - lowest) / step), held to 0 to 15; 0 where
/// the step is.
///
/// Writes FD_U4_BYTES(count) bytes. Of 64 numbers the first 32 are in the low halves of 32 bytes, the others in
/// the high halves. Values must be finite.
void fd_quantise_u4(
    const float *values, const float *lowest, const float *steps, size_t count, uint8_t *codes);

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
