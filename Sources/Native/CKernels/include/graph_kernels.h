// Kernels of walking a graph of neighbours: what was seen, and the best so far.
//
// Every function works on the caller's thread and allocates nothing.
#ifndef FRONTDESK_GRAPH_KERNELS_H
#define FRONTDESK_GRAPH_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// In place of a neighbour: a row has no more.
#define FD_NO_NEIGHBOUR UINT32_MAX

/// Rows that were seen in a search.
typedef struct {
  /// A bit per row.
  uint64_t *words;
  /// Numbers of the words that are not 0, with room for one more than there are words.
  uint32_t *touched;
  size_t touched_count;
} fd_seen_rows;

/// Copies the neighbours that were not seen before to `unseen`, and marks them as seen.
///
/// A row is `width` numbers, ended by FD_NO_NEIGHBOUR where it has fewer. `rows` is the number of rows; a
/// neighbour beyond ends the row too, and sets `is_damaged`. `unseen` has room for `width` numbers.
///
/// - Returns: how many.
size_t fd_take_unseen(
    const uint32_t *neighbours, size_t width, size_t rows, fd_seen_rows *seen, uint32_t *unseen,
    bool *is_damaged);

/// A row that was compared with the query, and its score. The row's top bit is the caller's.
typedef struct {
  float score;
  uint32_t row;
} fd_scored_row;

/// Takes rows into a pool that is sorted by descending score, and keeps the best of them; a new row goes
/// behind those of the same score.
///
/// - Parameters: `found` rows of at most `breadth` are in the pool, and after the call.
/// - Returns: the first place that changed, or the number of rows found where none did.
size_t fd_pool_offer(
    fd_scored_row *pool, size_t *found, size_t breadth, const uint32_t *rows, const float *scores,
    size_t count);

/// Starts to fetch memory that will be read soon.
static inline void fd_prefetch(const void *start, size_t count) {
  for (size_t i = 0; i < count; i += 64) __builtin_prefetch((const char *)start + i);
}

#ifdef __cplusplus
}
#endif

#endif
