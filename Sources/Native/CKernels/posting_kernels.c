#include "posting_kernels.h"

#include <string.h>

#if defined(__x86_64__)
#define FD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FD_CLONES
#endif

#define FD_INLINE static inline __attribute__((always_inline))

// A score must not depend on the processor: no product is fused with the sum that follows.
#pragma STDC FP_CONTRACT OFF

// MARK: Packed numbers

enum { LANES = 4, ROWS = FD_BLOCK_POSTINGS / LANES };

typedef uint32_t Row __attribute__((vector_size(LANES * sizeof(uint32_t)), aligned(1)));

static inline uint32_t mask_of(unsigned bits) { return bits == 32 ? UINT32_MAX : (1u << bits) - 1; }

void fd_pack_block(const uint32_t *numbers, unsigned bits, uint8_t *packed) {
  memset(packed, 0, fd_packed_block_bytes(bits));
  if (bits == 0) return;
  const Row *rows = (const Row *)numbers;
  Row *words = (Row *)packed;
  for (unsigned row = 0; row < ROWS; row++) {
    unsigned bit = row * bits, word = bit / 32, shift = bit % 32;
    words[word] |= rows[row] << shift;
    if (shift + bits > 32) words[word + 1] |= rows[row] >> (32 - shift);
  }
}

void fd_unpack_block(const uint8_t *packed, unsigned bits, uint32_t *numbers) {
  if (bits == 0) {
    memset(numbers, 0, FD_BLOCK_POSTINGS * sizeof *numbers);
    return;
  }
  const Row *words = (const Row *)packed;
  Row *rows = (Row *)numbers;
  uint32_t mask = mask_of(bits);
  Row current = words[0];
  unsigned word = 0, shift = 0;
  for (unsigned row = 0; row < ROWS; row++) {
    Row value = current >> shift;
    shift += bits;
    if (shift >= 32) {
      shift -= 32;
      // The last row ends with the last word: nothing is read beyond.
      if (row + 1 < ROWS || shift > 0) current = words[++word];
      if (shift > 0) value |= current << (bits - shift);
    }
    rows[row] = value & mask;
  }
}

void fd_unpack_run(const uint8_t *packed, unsigned bits, size_t count, uint32_t *numbers) {
  uint32_t mask = mask_of(bits);
  for (size_t i = 0; i < count; i++) {
    size_t bit = i * bits;
    uint64_t word;
    memcpy(&word, packed + bit / 8, sizeof word);
    numbers[i] = (uint32_t)(word >> (bit % 8)) & mask;
  }
}

uint64_t fd_ordinals(uint32_t *gaps, size_t count, uint64_t first) {
  for (size_t i = 0; i < count; i++) {
    first += gaps[i];
    gaps[i] = (uint32_t)first;
    first++;
  }
  return first;
}

// MARK: BM25F

static inline double factor_of(const fd_bm25f_field *field, uint16_t length) {
  if (length < 256) return field->factors[length];
  double norm = field->base + field->slope * (double)length;
  return norm > 0 ? field->weight / norm : 0;
}

// `lengths` has a constant width where this is inlined.
FD_INLINE void add_field(
    const fd_bm25f_field *field, const uint32_t *ordinals, const uint32_t *counts, fd_lengths lengths,
    const uint32_t *postings, size_t count, double *frequencies) {
  if (postings) {
    for (size_t i = 0; i < count; i++) {
      uint16_t length = fd_length(&lengths, ordinals[postings[i]]);
      frequencies[i] += factor_of(field, length) * (double)counts[postings[i]];
    }
  } else {
    for (size_t i = 0; i < count; i++) {
      frequencies[i] += factor_of(field, fd_length(&lengths, ordinals[i])) * (double)counts[i];
    }
  }
}

FD_CLONES
void fd_bm25f_scores(
    const fd_bm25f_term *term, const fd_bm25f_field *fields, const size_t *numbers, size_t field_count,
    const uint32_t *ordinals, const uint32_t *const *frequencies, const fd_lengths *lengths,
    const uint32_t *postings, size_t count, double *scores) {
  for (size_t i = 0; i < count; i++) scores[i] = 0;
  for (size_t f = 0; f < field_count; f++) {
    const uint32_t *counts = frequencies[numbers[f]];
    if (!counts) continue;
    fd_lengths own = lengths[numbers[f]];
    switch (own.width) {
      case 0: own.width = 0; add_field(fields + f, ordinals, counts, own, postings, count, scores); break;
      case 1: own.width = 1; add_field(fields + f, ordinals, counts, own, postings, count, scores); break;
      default: own.width = 2; add_field(fields + f, ordinals, counts, own, postings, count, scores);
    }
  }
  double gain = term->gain, k1 = term->k1, rounding = term->rounding;
  for (size_t i = 0; i < count; i++) {
    double frequency = scores[i];
    double share = frequency / (k1 + frequency);
    double score = (gain * share + rounding) - rounding;
    scores[i] = frequency > 0 ? score : 0;
  }
}

FD_CLONES
void fd_bm25f_bounds(
    const fd_bm25f_term *term, const fd_bm25f_field *fields, const size_t *offsets, size_t field_count,
    const uint8_t *table, size_t entry_bytes, size_t blocks, double *bounds) {
  double gain = term->gain, k1 = term->k1, rounding = term->rounding;
  for (size_t b = 0; b < blocks; b++) {
    const uint8_t *entry = table + b * entry_bytes;
    double frequency = 0;
    for (size_t f = 0; f < field_count; f++) {
      uint16_t bound[2];
      memcpy(bound, entry + offsets[f], sizeof bound);
      if (bound[0] > 0) frequency += factor_of(fields + f, bound[1]) * (double)bound[0];
    }
    bounds[b] = frequency;
  }
  // Each step is monotone but for its rounding, which a part in 2^40 covers many times over.
  for (size_t b = 0; b < blocks; b++) {
    double frequency = bounds[b] * (1 + 0x1p-40);
    double score = (gain * (frequency / (k1 + frequency)) * (1 + 0x1p-40) + rounding) - rounding;
    bounds[b] = frequency > 0 ? score : 0;
  }
}

// MARK: Candidates

void fd_window_add(
    const fd_score_window *window, uint32_t start, const uint32_t *ordinals, const double *scores,
    size_t count) {
  double *sums = window->scores;
  uint64_t *touched = window->touched;
  for (size_t i = 0; i < count; i++) {
    uint32_t place = ordinals[i] - start;
    sums[place] += scores[i];
    touched[place / 64] |= (uint64_t)1 << (place % 64);
  }
}

void fd_window_raise(
    const fd_score_window *window, uint32_t start, const uint32_t *ordinals, const double *scores,
    size_t count) {
  double *best = window->scores;
  uint64_t *touched = window->touched;
  for (size_t i = 0; i < count; i++) {
    uint32_t place = ordinals[i] - start;
    if (scores[i] > best[place]) best[place] = scores[i];
    touched[place / 64] |= (uint64_t)1 << (place % 64);
  }
}

size_t fd_window_take(
    const fd_score_window *window, uint32_t start, const uint64_t *allowed, double least,
    uint32_t *ordinals, double *scores) {
  size_t taken = 0;
  for (size_t word = 0; word < window->words; word++) {
    uint64_t rest = window->touched[word];
    if (rest == 0) continue;
    window->touched[word] = 0;
    double *own = window->scores + word * 64;
    uint64_t wanted = allowed ? allowed[word] : UINT64_MAX;
    while (rest != 0) {
      unsigned bit = (unsigned)__builtin_ctzll(rest);
      rest &= rest - 1;
      double score = own[bit];
      own[bit] = 0;
      // Without a branch: whether a candidate stays cannot be foretold.
      ordinals[taken] = start + (uint32_t)(word * 64) + bit;
      scores[taken] = score;
      taken += (score >= least) & (score > 0) & (wanted >> bit & 1);
    }
  }
  return taken;
}

size_t fd_keep_candidates(uint32_t *ordinals, double *scores, size_t count, double least) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    double score = scores[i];
    ordinals[kept] = ordinals[i];
    scores[kept] = score;
    kept += score >= least;
  }
  return kept;
}

size_t fd_intersect(
    const uint32_t *list, size_t count, const uint32_t *other, size_t other_count, uint32_t *places,
    uint32_t *other_places) {
  size_t found = 0, i = 0, j = 0;
  while (i < count && j < other_count) {
    uint32_t a = list[i], b = other[j];
    places[found] = (uint32_t)i;
    other_places[found] = (uint32_t)j;
    found += a == b;
    i += a <= b;
    j += b <= a;
  }
  return found;
}
