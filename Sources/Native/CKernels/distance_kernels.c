#include "distance_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Multiplication and addition stay two roundings on every processor.
#pragma STDC FP_CONTRACT OFF

/// Rows that are on their way from memory while one is compared.
enum { PREFETCHED_ROWS = 6, CACHE_LINE = 64 };

static inline void prefetch_row(const void *rows, size_t stride, uint32_t row) {
  const char *start = (const char *)rows + (size_t)row * stride;
  for (size_t i = 0; i < stride; i += CACHE_LINE) __builtin_prefetch(start + i);
}

// MARK: Portable

static inline int32_t dot_i8_portable(const int8_t *row, const int8_t *query, size_t stride) {
  int32_t sum = 0;
  for (size_t i = 0; i < stride; i++) sum += (int32_t)row[i] * (int32_t)query[i];
  return sum;
}

static inline int32_t dot_u4_portable(const uint8_t *row, const int8_t *query, size_t stride) {
  int32_t sum = 0;
  for (size_t i = 0; i < stride; i += 32, query += 64) {
    for (size_t j = 0; j < 32; j++) {
      sum += (int32_t)(row[i + j] & 15) * query[j] + (int32_t)(row[i + j] >> 4) * query[32 + j];
    }
  }
  return sum;
}

#if defined(__x86_64__)

// MARK: AVX2

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline int32_t sum_avx2(__m256i sums) {
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, _MM_SHUFFLE(1, 0, 3, 2)));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, _MM_SHUFFLE(2, 3, 0, 1)));
  return _mm_cvtsi128_si32(half);
}

AVX2 static inline __m256i load_avx2(const void *start) { return _mm256_loadu_si256((const __m256i *)start); }

// vpmaddubsw multiplies unsigned by signed bytes: |c| by q with the sign of c. Two products of at most
// 127 * 127 fit in 16 bits, so nothing saturates.
AVX2 static inline int32_t dot_i8_avx2(const int8_t *row, const int8_t *query, size_t stride) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
  for (size_t i = 0; i < stride; i += 64) {
    __m256i c = load_avx2(row + i), q = load_avx2(query + i);
    __m256i products = _mm256_maddubs_epi16(_mm256_abs_epi8(c), _mm256_sign_epi8(q, c));
    even = _mm256_add_epi32(even, _mm256_madd_epi16(products, ones));
    c = load_avx2(row + i + 32), q = load_avx2(query + i + 32);
    products = _mm256_maddubs_epi16(_mm256_abs_epi8(c), _mm256_sign_epi8(q, c));
    odd = _mm256_add_epi32(odd, _mm256_madd_epi16(products, ones));
  }
  return sum_avx2(_mm256_add_epi32(even, odd));
}

// Two products of 15 and 127 fit in 16 bits, and so do the sums of four such pairs of halves.
AVX2 static inline int32_t dot_u4_avx2(const uint8_t *row, const int8_t *query, size_t stride) {
  const __m256i ones = _mm256_set1_epi16(1), mask = _mm256_set1_epi8(15);
  __m256i sums = _mm256_setzero_si256();
  for (size_t i = 0; i < stride;) {
    __m256i some = _mm256_setzero_si256();
    for (size_t end = i + 128 < stride ? i + 128 : stride; i < end; i += 32) {
      __m256i c = load_avx2(row + i);
      __m256i low = _mm256_and_si256(c, mask), high = _mm256_and_si256(_mm256_srli_epi16(c, 4), mask);
      some = _mm256_add_epi16(some, _mm256_maddubs_epi16(low, load_avx2(query + 2 * i)));
      some = _mm256_add_epi16(some, _mm256_maddubs_epi16(high, load_avx2(query + 2 * i + 32)));
    }
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(some, ones));
  }
  return sum_avx2(sums);
}

// MARK: AVX-512 VNNI

#define VNNI __attribute__((target("avx2,avx512f,avx512vl,avx512vnni")))

VNNI static inline int32_t dot_i8_vnni(const int8_t *row, const int8_t *query, size_t stride) {
  __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
  for (size_t i = 0; i < stride; i += 64) {
    __m256i c = load_avx2(row + i), q = load_avx2(query + i);
    even = _mm256_dpbusd_epi32(even, _mm256_abs_epi8(c), _mm256_sign_epi8(q, c));
    c = load_avx2(row + i + 32), q = load_avx2(query + i + 32);
    odd = _mm256_dpbusd_epi32(odd, _mm256_abs_epi8(c), _mm256_sign_epi8(q, c));
  }
  return sum_avx2(_mm256_add_epi32(even, odd));
}

VNNI static inline int32_t dot_u4_vnni(const uint8_t *row, const int8_t *query, size_t stride) {
  const __m256i mask = _mm256_set1_epi8(15);
  __m256i even = _mm256_setzero_si256(), odd = _mm256_setzero_si256();
  for (size_t i = 0; i < stride; i += 32) {
    __m256i c = load_avx2(row + i);
    __m256i low = _mm256_and_si256(c, mask), high = _mm256_and_si256(_mm256_srli_epi16(c, 4), mask);
    even = _mm256_dpbusd_epi32(even, low, load_avx2(query + 2 * i));
    odd = _mm256_dpbusd_epi32(odd, high, load_avx2(query + 2 * i + 32));
  }
  return sum_avx2(_mm256_add_epi32(even, odd));
}

#elif defined(__aarch64__)

// MARK: NEON

// Two products of at most 127 * 127 fit in 16 bits.
static inline int32_t dot_i8_neon(const int8_t *row, const int8_t *query, size_t stride) {
  int32x4_t even = vdupq_n_s32(0), odd = vdupq_n_s32(0);
  for (size_t i = 0; i < stride; i += 32) {
    int8x16_t c = vld1q_s8(row + i), q = vld1q_s8(query + i);
    even = vpadalq_s16(even, vmlal_high_s8(vmull_s8(vget_low_s8(c), vget_low_s8(q)), c, q));
    c = vld1q_s8(row + i + 16), q = vld1q_s8(query + i + 16);
    odd = vpadalq_s16(odd, vmlal_high_s8(vmull_s8(vget_low_s8(c), vget_low_s8(q)), c, q));
  }
  return vaddvq_s32(vaddq_s32(even, odd));
}

static inline int32_t dot_u4_neon(const uint8_t *row, const int8_t *query, size_t stride) {
  int32x4_t sums = vdupq_n_s32(0);
  for (size_t i = 0; i < stride; i += 32, query += 64) {
    for (size_t j = 0; j < 32; j += 16) {
      uint8x16_t c = vld1q_u8(row + i + j);
      int8x16_t low = vreinterpretq_s8_u8(vandq_u8(c, vdupq_n_u8(15)));
      int8x16_t high = vreinterpretq_s8_u8(vshrq_n_u8(c, 4));
      int8x16_t q = vld1q_s8(query + j), r = vld1q_s8(query + 32 + j);
      int16x8_t some = vmlal_high_s8(vmull_s8(vget_low_s8(low), vget_low_s8(q)), low, q);
      some = vmlal_high_s8(vmlal_s8(some, vget_low_s8(high), vget_low_s8(r)), high, r);
      sums = vpadalq_s16(sums, some);
    }
  }
  return vaddvq_s32(sums);
}
#endif

// MARK: Loops

// The loops over rows, once for each way, so that the inner product is compiled into them.
#define LOOPS(WAY, TARGET)                                                                                \
  TARGET static void scan_i8_##WAY(                                                                       \
      const int8_t *codes, size_t stride, const float *scales, size_t rows, const int8_t *query,          \
      float query_scale, float *scores) {                                                                 \
    for (size_t r = 0; r < rows; r++) {                                                                   \
      scores[r] = scales[r] * query_scale * (float)dot_i8_##WAY(codes + r * stride, query, stride);       \
    }                                                                                                     \
  }                                                                                                       \
  TARGET static void gather_i8_##WAY(                                                                     \
      const int8_t *codes, size_t stride, const float *scales, const uint32_t *rows, size_t count,        \
      const int8_t *query, float query_scale, float *scores) {                                            \
    for (size_t i = 0; i < count && i < PREFETCHED_ROWS; i++) prefetch_row(codes, stride, rows[i]);       \
    for (size_t i = 0; i < count; i++) {                                                                  \
      if (i + PREFETCHED_ROWS < count) prefetch_row(codes, stride, rows[i + PREFETCHED_ROWS]);            \
      int32_t sum = dot_i8_##WAY(codes + (size_t)rows[i] * stride, query, stride);                        \
      scores[i] = scales[rows[i]] * query_scale * (float)sum;                                             \
    }                                                                                                     \
  }                                                                                                       \
  TARGET static bool any_above_i8_##WAY(                                                                  \
      const int8_t *codes, size_t stride, const float *scales, const uint32_t *rows, size_t count,        \
      const int8_t *query, float query_scale, float bound) {                                              \
    for (size_t i = 0; i < count; i++) {                                                                  \
      int32_t sum = dot_i8_##WAY(codes + (size_t)rows[i] * stride, query, stride);                        \
      if (scales[rows[i]] * query_scale * (float)sum > bound) return true;                                \
    }                                                                                                     \
    return false;                                                                                         \
  }                                                                                                       \
  TARGET static void gather_u4_##WAY(                                                                     \
      const uint8_t *codes, size_t stride, const uint32_t *rows, size_t count, const int8_t *query,       \
      float scale, float offset, float *scores) {                                                         \
    for (size_t i = 0; i < count && i < PREFETCHED_ROWS; i++) prefetch_row(codes, stride, rows[i]);       \
    for (size_t i = 0; i < count; i++) {                                                                  \
      if (i + PREFETCHED_ROWS < count) prefetch_row(codes, stride, rows[i + PREFETCHED_ROWS]);            \
      int32_t sum = dot_u4_##WAY(codes + (size_t)rows[i] * stride, query, stride);                        \
      scores[i] = scale * (float)sum + offset;                                                            \
    }                                                                                                     \
  }

LOOPS(portable, )
#if defined(__x86_64__)
LOOPS(avx2, AVX2)
LOOPS(vnni, VNNI)
#elif defined(__aarch64__)
LOOPS(neon, )
#endif

// MARK: Choice

bool fd_way_is_supported(int way) {
  if (way == FD_WAY_PORTABLE) return true;
#if defined(__x86_64__)
  if (way == FD_WAY_AVX2) return __builtin_cpu_supports("avx2");
  if (way == FD_WAY_VNNI) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("avx512f")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  }
#elif defined(__aarch64__)
  if (way == FD_WAY_NEON) return true;
#endif
  return false;
}

int fd_best_way(void) {
#if defined(__aarch64__)
  return FD_WAY_NEON;
#else
  return fd_way_is_supported(FD_WAY_VNNI) ? FD_WAY_VNNI
      : fd_way_is_supported(FD_WAY_AVX2)  ? FD_WAY_AVX2
                                          : FD_WAY_PORTABLE;
#endif
}

#if defined(__x86_64__)
#define CALL(NAME, ...)                                                \
  (way == FD_WAY_VNNI       ? NAME##_vnni(__VA_ARGS__)                 \
       : way == FD_WAY_AVX2 ? NAME##_avx2(__VA_ARGS__)                 \
                            : NAME##_portable(__VA_ARGS__))
#elif defined(__aarch64__)
#define CALL(NAME, ...) (way == FD_WAY_NEON ? NAME##_neon(__VA_ARGS__) : NAME##_portable(__VA_ARGS__))
#else
#define CALL(NAME, ...) ((void)way, NAME##_portable(__VA_ARGS__))
#endif

void fd_scan_i8(
    int way, const int8_t *codes, size_t stride, const float *scales, size_t rows, const int8_t *query,
    float query_scale, float *scores) {
  CALL(scan_i8, codes, stride, scales, rows, query, query_scale, scores);
}

void fd_gather_i8(
    int way, const int8_t *codes, size_t stride, const float *scales, const uint32_t *rows, size_t count,
    const int8_t *query, float query_scale, float *scores) {
  CALL(gather_i8, codes, stride, scales, rows, count, query, query_scale, scores);
}

bool fd_any_above_i8(
    int way, const int8_t *codes, size_t stride, const float *scales, const uint32_t *rows, size_t count,
    const int8_t *query, float query_scale, float bound) {
  return CALL(any_above_i8, codes, stride, scales, rows, count, query, query_scale, bound);
}

void fd_gather_u4(
    int way, const uint8_t *codes, size_t stride, const uint32_t *rows, size_t count, const int8_t *query,
    float scale, float offset, float *scores) {
  CALL(gather_u4, codes, stride, rows, count, query, scale, offset, scores);
}
