// Times fd_multiply_packed beside OpenBLAS sgemm on one thread, on the shapes of the encoder; see tools/bench/matrix.
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "transformer_kernels.h"

void openblas_set_num_threads(int threads);

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  enum { MAX_REPEATS = 1001 };
  int repeats = argc > 1 ? atoi(argv[1]) : 31;
  if (repeats < 1 || repeats > MAX_REPEATS) return 2;
  openblas_set_num_threads(1);
  const int shapes[][3] = {  // rows, outputs, inputs
      {512, 1152, 384}, {512, 384, 384}, {512, 1536, 384}, {512, 384, 1536},
      {11, 1152, 384},  {11, 384, 384},  {11, 1536, 384},  {11, 384, 1536}};
  printf("%-22s %22s %22s %8s\n", "rows x outputs x inputs", "ours, GFLOP/s", "OpenBLAS, GFLOP/s", "ratio");
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    size_t rows = (size_t)shapes[s][0], columns = (size_t)shapes[s][1], depth = (size_t)shapes[s][2];
    float *input = malloc(rows * depth * sizeof(float)), *weights = malloc(columns * depth * sizeof(float));
    float *packed = aligned_alloc(64, (fd_packed_count(columns, depth) * sizeof(float) + 63) / 64 * 64);
    float *ours = malloc(rows * columns * sizeof(float)), *theirs = malloc(rows * columns * sizeof(float));
    for (size_t i = 0; i < rows * depth; i++) input[i] = (float)((i * 2654435761u) % 2001) / 1000 - 1;
    for (size_t i = 0; i < columns * depth; i++) weights[i] = (float)((i * 40503u) % 2001) / 1000 - 1;
    fd_pack_weights(weights, columns, depth, packed);
    // Enough products in one timing that the clock's grain does not show.
    int inner = (int)(2e8 / (2.0 * (double)(rows * columns * depth))) + 1;
    double work = 2.0 * (double)(rows * columns * depth) * inner * 1e-9;
    double a[MAX_REPEATS], b[MAX_REPEATS];
    for (int r = 0; r < repeats; r++) {
      double start = now();
      for (int i = 0; i < inner; i++)
        fd_multiply_packed(input, depth, rows, depth, packed, columns, NULL, ours, columns);
      a[r] = work / (now() - start);
      start = now();
      for (int i = 0; i < inner; i++)
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)columns, (int)depth, 1, input, (int)depth,
            weights, (int)depth, 0, theirs, (int)columns);
      b[r] = work / (now() - start);
    }
    for (size_t i = 0; i < rows * columns; i++)
      if (fabsf(ours[i] - theirs[i]) > 1e-2f) {
        fprintf(stderr, "error: results differ at %zu: %f and %f\n", i, ours[i], theirs[i]);
        return 1;
      }
    qsort(a, (size_t)repeats, sizeof *a, ascending);
    qsort(b, (size_t)repeats, sizeof *b, ascending);
    char shape[64], first[64], second[64];
    snprintf(shape, sizeof shape, "%zu x %zu x %zu", rows, columns, depth);
    snprintf(first, sizeof first, "%.1f (%.1f to %.1f)", a[repeats / 2], a[0], a[repeats - 1]);
    snprintf(second, sizeof second, "%.1f (%.1f to %.1f)", b[repeats / 2], b[0], b[repeats - 1]);
    printf("%-22s %22s %22s %8.2f\n", shape, first, second, a[repeats / 2] / b[repeats / 2]);
    free(input), free(weights), free(packed), free(ours), free(theirs);
  }
  return 0;
}
