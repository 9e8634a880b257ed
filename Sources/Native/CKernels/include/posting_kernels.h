// Kernels of the search index's lexical half: packed postings, their scores and the bounds of their scores.
//
// Every function works on the caller's thread and allocates nothing. Pointers need no alignment. Numbers
// in memory are little-endian.
#ifndef FRONTDESK_POSTING_KERNELS_H
#define FRONTDESK_POSTING_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Postings of a whole block.
enum { FD_BLOCK_POSTINGS = 128 };

/// Bytes that `fd_pack_block` writes: 4 lanes of 32 numbers.
static inline size_t fd_packed_block_bytes(unsigned bits) { return (size_t)bits * 16; }

/// Packs 128 numbers below 2^bits, bits 0 to 32.
///
/// Four numbers stand side by side in the lanes of a 128-bit word and each lane is packed by itself, so that
/// four are packed or unpacked at a time (Lemire and Boytsov 2015, doi:10.1002/spe.2203).
void fd_pack_block(const uint32_t *numbers, unsigned bits, uint8_t *packed);
void fd_unpack_block(const uint8_t *packed, unsigned bits, uint32_t *numbers);

/// Unpacks `count` numbers that stand one after the other, lowest bits first; bits 0 to 32.
///
/// Reads up to 7 bytes beyond the last number.
void fd_unpack_run(const uint8_t *packed, unsigned bits, size_t count, uint32_t *numbers);

/// Turns gaps into ordinals, in place: ordinal = the one before + 1 + gap, the first = first + gap.
///
/// - Returns: the last ordinal + 1, exact; above 2^32 the ordinals have wrapped around.
uint64_t fd_ordinals(uint32_t *gaps, size_t count, uint64_t first);

/// Lengths of one field, `width` bytes each: 0 (all are 0), 1 or 2.
typedef struct {
  const uint8_t *start;
  unsigned width;
} fd_lengths;

static inline uint16_t fd_length(const fd_lengths *lengths, size_t ordinal) {
  if (lengths->width == 0) return 0;
  if (lengths->width == 1) return lengths->start[ordinal];
  const uint8_t *bytes = lengths->start + 2 * ordinal;
  return (uint16_t)(bytes[0] | bytes[1] << 8);
}

/// One field of BM25F: factor(length) = weight / (base + slope * length) is what one occurrence adds to a
/// term's weighted frequency.
typedef struct {
  double weight, base, slope;
  /// `factor` of the lengths below 256.
  const double *factors;
} fd_bm25f_field;

/// What all postings of one term share.
typedef struct {
  /// Score = gain * f / (k1 + f), f the weighted frequency; 0 where f is.
  double gain, k1;
  /// 1.5 * 2^52 times the unit to whose multiples scores are rounded.
  double rounding;
} fd_bm25f_term;

/// scores[i] = gain * f / (k1 + f), rounded to a multiple of the unit.
///
/// `numbers` has for each of `fields` its number in the index. `frequencies` holds by such number a pointer
/// to as many frequencies as there are `ordinals`, or null where all are 0; `lengths` holds by such number the
/// lengths of every ordinal. Where `postings` is not null it names the `count` places in
/// `ordinals` that are scored; else the first `count` are.
void fd_bm25f_scores(
    const fd_bm25f_term *term, const fd_bm25f_field *fields, const size_t *numbers, size_t field_count,
    const uint32_t *ordinals, const uint32_t *const *frequencies, const fd_lengths *lengths,
    const uint32_t *postings, size_t count, double *scores);

/// bounds[b] = not less than the score of any posting in block b.
///
/// `table` has an entry of `entry_bytes` for each block, in which field i's largest frequency and smallest
/// length stand as two u16 at offsets[i].
void fd_bm25f_bounds(
    const fd_bm25f_term *term, const fd_bm25f_field *fields, const size_t *offsets, size_t field_count,
    const uint8_t *table, size_t entry_bytes, size_t blocks, double *bounds);

/// Scores of a window of ordinals: which were touched is known without reading them all.
typedef struct {
  /// `64 * words` scores and `words` words of bits, all zero while the window is empty.
  double *scores;
  uint64_t *touched;
  size_t words;
} fd_score_window;

/// scores[ordinal - start] += score, for postings that lie in the window.
void fd_window_add(
    const fd_score_window *window, uint32_t start, const uint32_t *ordinals, const double *scores,
    size_t count);

/// As `fd_window_add`, with the larger of both in place of the sum.
void fd_window_raise(
    const fd_score_window *window, uint32_t start, const uint32_t *ordinals, const double *scores,
    size_t count);

/// Empties a window into lists, by ascending ordinal: what is above 0, not below `least`, and allowed.
///
/// - Parameter allowed: a bit for each ordinal of the window, `words` words; null allows all.
/// - Returns: how many they are, at most 64 * words.
size_t fd_window_take(
    const fd_score_window *window, uint32_t start, const uint64_t *allowed, double least,
    uint32_t *ordinals, double *scores);

/// Keeps the candidates whose score is not below `least`, in their order.
///
/// - Returns: how many they are.
size_t fd_keep_candidates(uint32_t *ordinals, double *scores, size_t count, double least);

/// Finds the numbers that two ascending lists share.
///
/// - Returns: how many they are; their places in each list go to `places` and `other_places`.
size_t fd_intersect(
    const uint32_t *list, size_t count, const uint32_t *other, size_t other_count, uint32_t *places,
    uint32_t *other_places);

#ifdef __cplusplus
}
#endif

#endif
