#include "quantised_kernels.h"

#include <math.h>
#include <string.h>

#include "transformer_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define FD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FD_CLONES
#endif
#if defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

#pragma clang diagnostic ignored "-Wpsabi"
#define FD_INLINE static inline __attribute__((always_inline))

// Every operation rounds: the same bits with fused multiply-add instructions and without.
#pragma clang fp contract(off)

// A group of inputs is what a 32-bit broadcast holds. AVX2 adds the products of two groups in 16 bits: those
// at 0, 1 of both in one lane, those at 2, 3 in the next.
// BLOCK_ROWS rows of 1536 codes fit the second-level cache while every panel of weights passes over them.
enum { W = FD_I8_PANEL, GROUP = 4, PAIR = FD_I8_DEPTH_MULTIPLE, BLOCK_ROWS = 168 };

typedef float Floats __attribute__((vector_size(W * sizeof(float)), aligned(4)));
typedef int32_t Ints __attribute__((vector_size(W * sizeof(int32_t)), aligned(4)));
typedef uint8_t Bytes __attribute__((vector_size(W), aligned(1)));
typedef float PairFloats __attribute__((vector_size(PAIR * sizeof(float)), aligned(4)));
typedef int32_t PairInts __attribute__((vector_size(PAIR * sizeof(int32_t))));
typedef int8_t PairCodes __attribute__((vector_size(PAIR)));

FD_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
FD_INLINE size_t panels_of(size_t columns) { return (columns + W - 1) / W; }

// MARK: Activations

FD_CLONES void fd_quantise_rows_i8(
    const float *values, size_t rows, size_t width, uint8_t *codes, fd_i8_row *row_codes) {
  const int32_t magic_bits = 0x4B400000;  // 1.5 * 2^23: adding it rounds to the nearest integer
  const float magic = 12582912.0f;
  for (size_t r = 0; r < rows; r++, values += width, codes += width) {
    Floats lows = {0}, highs = {0};
    float low = 0, high = 0;
    size_t i = 0;
    for (; i + W <= width; i += W) {
      Floats v = *(const Floats *)(values + i);
      lows = __builtin_elementwise_min(lows, v);
      highs = __builtin_elementwise_max(highs, v);
    }
    for (int lane = 0; lane < W; lane++) {
      low = lows[lane] < low ? lows[lane] : low;
      high = highs[lane] > high ? highs[lane] : high;
    }
    for (; i < width; i++) {
      low = values[i] < low ? values[i] : low;
      high = values[i] > high ? values[i] : high;
    }
    float range = high - low;
    if (!(range > 1e-30f)) {  // below this the inverse overflows; such a row is zero for every purpose
      memset(codes, 0, width);
      row_codes[r] = (fd_i8_row){0, 0};
      continue;
    }
    float inverse = FD_I8_INPUT_MAX / range;
    int32_t zero = (int32_t)rintf(-low * inverse);
    row_codes[r] = (fd_i8_row){range / FD_I8_INPUT_MAX, zero};
    // The least value becomes 0 exactly; both ends may have rounded up, so the largest is held back.
    for (i = 0; i + W <= width; i += W) {
      Floats shifted = *(const Floats *)(values + i) * inverse + magic;
      Ints code = (Ints)shifted - (magic_bits - zero);
      code = __builtin_elementwise_min(code, (Ints){0} + FD_I8_INPUT_MAX);
      *(Bytes *)(codes + i) = __builtin_convertvector(code, Bytes);
    }
    for (; i < width; i++) {
      int32_t code = (int32_t)rintf(values[i] * inverse) + zero;
      codes[i] = (uint8_t)(code > FD_I8_INPUT_MAX ? FD_I8_INPUT_MAX : code);
    }
  }
}

// MARK: Weights

// After a panel's codes, which lie as [depth / GROUP][W][GROUP].
typedef struct {
  float scales[W];
  float biases[W];
  int32_t sums[W];  // of a column's codes
} Columns;

FD_INLINE size_t panel_bytes(size_t depth) { return depth * W + sizeof(Columns); }

size_t fd_packed_bytes_i8(size_t columns, size_t depth) { return panels_of(columns) * panel_bytes(depth); }

// The scale of a column: codes are within 127, and those of one sign which meet in a 16-bit lane add up to at
// most 32767 / FD_I8_INPUT_MAX, after up to four of them were rounded up by half.
FD_CLONES static float column_scale(const float *weights, size_t depth) {
  PairFloats largest = {0}, largest_sum = {0};
  for (size_t d = 0; d < depth; d += PAIR) {
    PairFloats v = *(const PairFloats *)(weights + d);
    for (int sign = -1; sign <= 1; sign += 2) {
      PairFloats part = __builtin_elementwise_max(v * (float)sign, (PairFloats){0});
      largest = __builtin_elementwise_max(largest, part);
      part += __builtin_shufflevector(part, part, 4, 5, 6, 7, 0, 1, 2, 3);
      part += __builtin_shufflevector(part, part, 1, 0, 3, 2, 5, 4, 7, 6);
      largest_sum = __builtin_elementwise_max(largest_sum, part);
    }
  }
  PairFloats least = __builtin_elementwise_max(
      largest / INT8_MAX, largest_sum / (INT16_MAX / FD_I8_INPUT_MAX - 2));
  float scale = 0;
  for (int i = 0; i < PAIR; i++) scale = fmaxf(scale, least[i]);
  return scale;
}

// Writes the codes of the column at `lane` of a panel; returns their sum.
FD_CLONES static int32_t pack_column(
    const float *weights, float scale, size_t depth, size_t lane, int8_t *codes) {
  PairInts sums = {0};
  for (size_t d = 0; d < depth; d += PAIR) {
    PairFloats scaled = __builtin_elementwise_rint(*(const PairFloats *)(weights + d) / scale);
    PairInts rounded = __builtin_convertvector(scaled, PairInts);
    PairCodes pair = __builtin_convertvector(rounded, PairCodes);
    memcpy(codes + d * W + lane * GROUP, &pair, GROUP);
    memcpy(codes + (d + GROUP) * W + lane * GROUP, (const int8_t *)&pair + GROUP, GROUP);
    sums += rounded;
  }
  return __builtin_reduce_add(sums);
}

void fd_pack_weights_i8(
    const float *weights, const float *bias, size_t columns, size_t depth, void *packed) {
  for (size_t panel = 0; panel < panels_of(columns); panel++) {
    int8_t *codes = (int8_t *)packed + panel * panel_bytes(depth);
    Columns parameters = {0};
    memset(codes, 0, depth * W);
    for (size_t lane = 0; lane < smaller(W, columns - panel * W); lane++) {
      size_t column = panel * W + lane;
      const float *source = weights + column * depth;
      float scale = column_scale(source, depth);
      parameters.biases[lane] = bias ? bias[column] : 0;
      if (!(scale > 1e-30f)) continue;
      parameters.scales[lane] = scale;
      parameters.sums[lane] = pack_column(source, scale, depth, lane, codes);
    }
    memcpy(codes + depth * W, &parameters, sizeof parameters);
  }
}

// MARK: Product

// Rows of one panel's product: what the tiles below share.
typedef struct {
  const uint8_t *codes;
  const fd_i8_row *row_codes;
  size_t rows, depth;
  const int8_t *panel;
  float *output;
  size_t output_stride;
} Block;

FD_INLINE int32_t group_at(const uint8_t *codes) {
  int32_t group;
  memcpy(&group, codes, sizeof group);
  return group;
}

// What a sum of products of codes stands for: the same operations whatever computed the sum.
FD_INLINE void finish(const Block *b, size_t row, const void *sums) {
  const Columns *columns = (const Columns *)(b->panel + b->depth * W);
  fd_i8_row code = b->row_codes[row];
  Ints sum = *(const Ints *)sums - *(const Ints *)columns->sums * code.zero;
  *(Floats *)(b->output + row * b->output_stride) =
      __builtin_convertvector(sum, Floats) * (*(const Floats *)columns->scales * code.scale)
      + *(const Floats *)columns->biases;
}

static void tiles_portable(const Block *b) {
  for (size_t row = 0; row < b->rows; row++) {
    const uint8_t *codes = b->codes + row * b->depth;
    int32_t sums[W] = {0};
    for (size_t d = 0; d < b->depth; d += GROUP)
      for (size_t lane = 0; lane < W; lane++)
        for (size_t i = 0; i < GROUP; i++)
          sums[lane] += codes[d + i] * b->panel[d * W + lane * GROUP + i];
    finish(b, row, sums);
  }
}

// Defines tiles_NAME, which takes TILE rows at a time, at most 12, and what is left at once. `rows` is a
// constant where tile_NAME is inlined, so the accumulators stay in registers.
#define FD_REST(NAME, TILE, ROWS)                 \
  case ROWS:                                      \
    if (ROWS < TILE) tile_##NAME(b, row, ROWS);   \
    break;
#define FD_TILES(NAME, TARGET, TILE)                                       \
  TARGET static void tiles_##NAME(const Block *b) {                        \
    size_t row = 0;                                                        \
    for (; row + TILE <= b->rows; row += TILE) tile_##NAME(b, row, TILE);  \
    switch (b->rows - row) {                                               \
      FD_REST(NAME, TILE, 1) FD_REST(NAME, TILE, 2) FD_REST(NAME, TILE, 3) \
      FD_REST(NAME, TILE, 4) FD_REST(NAME, TILE, 5) FD_REST(NAME, TILE, 6) \
      FD_REST(NAME, TILE, 7) FD_REST(NAME, TILE, 8) FD_REST(NAME, TILE, 9) \
      FD_REST(NAME, TILE, 10) FD_REST(NAME, TILE, 11)                      \
      default: break;                                                      \
    }                                                                      \
  }

#if defined(__x86_64__)
#define FD_AVX2 __attribute__((target("avx2")))
#define FD_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

// vpmaddubsw multiplies unsigned by signed bytes and adds two products in 16 bits, where two such sums fit.
FD_AVX2 FD_INLINE void tile_avx2(const Block *b, size_t row, size_t rows) {
  const uint8_t *codes = b->codes + row * b->depth;
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[4][2];
  for (size_t r = 0; r < rows; r++) sums[r][0] = sums[r][1] = _mm256_setzero_si256();
  for (size_t d = 0; d < b->depth; d += PAIR) {
    const __m256i *weights = (const __m256i *)(b->panel + d * W);
    __m256i first[2] = {_mm256_loadu_si256(weights), _mm256_loadu_si256(weights + 1)};
    __m256i second[2] = {_mm256_loadu_si256(weights + 2), _mm256_loadu_si256(weights + 3)};
    for (size_t r = 0; r < rows; r++) {
      __m256i group = _mm256_set1_epi32(group_at(codes + r * b->depth + d));
      __m256i next = _mm256_set1_epi32(group_at(codes + r * b->depth + d + GROUP));
      for (size_t half = 0; half < 2; half++) {
        __m256i products = _mm256_add_epi16(
            _mm256_maddubs_epi16(group, first[half]), _mm256_maddubs_epi16(next, second[half]));
        sums[r][half] = _mm256_add_epi32(sums[r][half], _mm256_madd_epi16(products, ones));
      }
    }
  }
  for (size_t r = 0; r < rows; r++) finish(b, row + r, &sums[r]);
}
FD_TILES(avx2, FD_AVX2, 4)

// vpdpbusd adds four products of unsigned by signed bytes to 32 bits.
FD_VNNI FD_INLINE void tile_vnni(const Block *b, size_t row, size_t rows) {
  const uint8_t *codes = b->codes + row * b->depth;
  __m512i sums[12];
  for (size_t r = 0; r < rows; r++) sums[r] = _mm512_setzero_si512();
  for (size_t d = 0; d < b->depth; d += GROUP) {
    __m512i weights = _mm512_loadu_si512(b->panel + d * W);
    for (size_t r = 0; r < rows; r++) {
      __m512i group = _mm512_set1_epi32(group_at(codes + r * b->depth + d));
      sums[r] = _mm512_dpbusd_epi32(sums[r], group, weights);
    }
  }
  for (size_t r = 0; r < rows; r++) finish(b, row + r, &sums[r]);
}
FD_TILES(vnni, FD_VNNI, 12)
#endif

#if defined(__aarch64__)
#define FD_DOT __attribute__((target("dotprod")))

// sdot adds four products of signed by signed bytes to 32 bits: a code c is taken as c - 128 (its top bit
// flipped), and 128 times the sum of the weights is added again.
FD_DOT FD_INLINE void tile_dot(const Block *b, size_t row, size_t rows) {
  const uint8_t *codes = b->codes + row * b->depth;
  const Columns *columns = (const Columns *)(b->panel + b->depth * W);
  int32x4_t sums[4][4];
  for (size_t r = 0; r < rows; r++)
    for (size_t q = 0; q < 4; q++) sums[r][q] = vshlq_n_s32(vld1q_s32(columns->sums + 4 * q), 7);
  for (size_t d = 0; d < b->depth; d += GROUP) {
    int8x16_t weights[4];
    for (size_t q = 0; q < 4; q++) weights[q] = vld1q_s8(b->panel + d * W + 16 * q);
    for (size_t r = 0; r < rows; r++) {
      int32_t flipped = group_at(codes + r * b->depth + d) ^ (int32_t)0x80808080;
      int8x16_t group = vreinterpretq_s8_s32(vdupq_n_s32(flipped));
      for (size_t q = 0; q < 4; q++)
        sums[r][q] = vdotq_s32(sums[r][q], group, weights[q]);
    }
  }
  for (size_t r = 0; r < rows; r++) finish(b, row + r, &sums[r]);
}
FD_TILES(dot, FD_DOT, 4)
#endif

bool fd_i8_supports(int way) {
  if (way == FD_I8_PORTABLE) return true;
#if defined(__x86_64__)
  if (way == FD_I8_AVX2) return __builtin_cpu_supports("avx2");
  if (way == FD_I8_AVX512_VNNI) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  }
#endif
#if defined(__aarch64__) && defined(__linux__)
  if (way == FD_I8_NEON_DOT) return getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
#elif defined(__aarch64__) && defined(__APPLE__)
  if (way == FD_I8_NEON_DOT) return true;
#endif
  return false;
}

void fd_multiply_i8_by(
    int way, const uint8_t *codes, const fd_i8_row *row_codes, size_t rows, size_t depth,
    const void *packed, size_t columns, float *output, size_t output_stride) {
  void (*tiles)(const Block *) = tiles_portable;
#if defined(__x86_64__)
  if (way == FD_I8_AVX2) tiles = tiles_avx2;
  if (way == FD_I8_AVX512_VNNI) tiles = tiles_vnni;
#endif
#if defined(__aarch64__)
  if (way == FD_I8_NEON_DOT) tiles = tiles_dot;
#endif
  for (size_t row = 0; row < rows; row += BLOCK_ROWS) {
    for (size_t panel = 0; panel < panels_of(columns); panel++) {
      Block block = {
          .codes = codes + row * depth,
          .row_codes = row_codes + row,
          .rows = smaller(BLOCK_ROWS, rows - row),
          .depth = depth,
          .panel = (const int8_t *)packed + panel * panel_bytes(depth),
          .output = output + row * output_stride + panel * W,
          .output_stride = output_stride,
      };
      tiles(&block);
    }
  }
}

void fd_multiply_i8(
    const uint8_t *codes, const fd_i8_row *row_codes, size_t rows, size_t depth, const void *packed,
    size_t columns, float *output, size_t output_stride) {
  int way = fd_i8_supports(FD_I8_AVX512_VNNI) ? FD_I8_AVX512_VNNI
      : fd_i8_supports(FD_I8_AVX2)            ? FD_I8_AVX2
      : fd_i8_supports(FD_I8_NEON_DOT)        ? FD_I8_NEON_DOT
                                              : FD_I8_PORTABLE;
  fd_multiply_i8_by(way, codes, row_codes, rows, depth, packed, columns, output, output_stride);
}

void fd_multiply_gelu_i8(
    const uint8_t *codes, const fd_i8_row *row_codes, size_t rows, size_t depth, const void *packed,
    size_t columns, float *scratch, uint8_t *output, fd_i8_row *output_row_codes) {
  for (size_t row = 0; row < rows; row += FD_I8_BLOCK_ROWS) {
    size_t block = smaller(FD_I8_BLOCK_ROWS, rows - row);
    fd_multiply_i8(codes + row * depth, row_codes + row, block, depth, packed, columns, scratch, columns);
    fd_gelu(scratch, block * columns);
    fd_quantise_rows_i8(scratch, block, columns, output + row * columns, output_row_codes + row);
  }
}
