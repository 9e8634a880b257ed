#include "graph_kernels.h"

#include <string.h>

// Whether a row was seen is as good as random, so neither loop branches on it.
size_t fd_take_unseen(
    const uint32_t *neighbours, size_t width, size_t rows, fd_seen_rows *seen, uint32_t *unseen,
    bool *is_damaged) {
  size_t count = 0, touched = seen->touched_count;
  for (size_t i = 0; i < width; i++) {
    uint32_t row = neighbours[i];
    if (row >= rows) {
      if (row != FD_NO_NEIGHBOUR) *is_damaged = true;
      break;
    }
    uint64_t before = seen->words[row / 64], bit = (uint64_t)1 << (row % 64);
    seen->words[row / 64] = before | bit;
    seen->touched[touched] = row / 64;
    touched += before == 0;
    unseen[count] = row;
    count += (before & bit) == 0;
  }
  seen->touched_count = touched;
  return count;
}

/// Rows of a score at least as high.
static inline size_t place_of(const fd_scored_row *pool, size_t found, float score) {
  const fd_scored_row *base = pool;
  size_t length = found;
  while (length > 1) {
    size_t half = length / 2;
    base += base[half - 1].score >= score ? half : 0;
    length -= half;
  }
  return (size_t)(base - pool) + (length == 1 && base->score >= score);
}

size_t fd_pool_offer(
    fd_scored_row *pool, size_t *found, size_t breadth, const uint32_t *rows, const float *scores,
    size_t count) {
  size_t held = *found, first = breadth;
  for (size_t i = 0; i < count; i++) {
    float score = scores[i];
    // A score that is not a number is no score.
    if (held == breadth ? !(score > pool[held - 1].score) : score != score) continue;
    size_t place = place_of(pool, held, score);
    size_t moved = held < breadth ? held - place : held - 1 - place;
    memmove(pool + place + 1, pool + place, moved * sizeof *pool);
    pool[place] = (fd_scored_row){score, rows[i]};
    held += held < breadth;
    first = place < first ? place : first;
  }
  *found = held;
  return first < held ? first : held;
}
