#include "vector_kernels.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#define FD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FD_CLONES
#endif

// MARK: Quantisation

FD_CLONES
float fd_quantise_i8(const float *values, size_t count, int8_t *codes) {
  float largest = 0;
  for (size_t i = 0; i < count; i++) {
    float magnitude = fabsf(values[i]);
    largest = magnitude > largest ? magnitude : largest;
  }
  // Below this the inverse overflows; such a vector is zero for every purpose.
  if (!(largest > 1e-30f)) {
    memset(codes, 0, count);
    return 0;
  }
  float inverse = 127.0f / largest;
  for (size_t i = 0; i < count; i++) {
    float scaled = rintf(values[i] * inverse);
    scaled = scaled > 127 ? 127 : scaled;
    scaled = scaled < -127 ? -127 : scaled;
    codes[i] = (int8_t)scaled;
  }
  return largest / 127.0f;
}

void fd_quantise_u4(const float *values, const float *lowest, const float *steps, size_t count, uint8_t *codes) {
  memset(codes, 0, FD_U4_BYTES(count));
  for (size_t i = 0; i < count; i++) {
    float level = steps[i] > 0 ? rintf((values[i] - lowest[i]) / steps[i]) : 0;
    level = level > 0 ? level : 0;
    level = level < 15 ? level : 15;
    codes[i / 64 * 32 + i % 32] |= (uint8_t)((int)level << (i % 64 < 32 ? 0 : 4));
  }
}

// MARK: Half precision

static inline float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float widened(uint16_t half) {
  uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
  // 2^112 moves the exponent's bias from 15 to 127, subnormals included.
  uint32_t bits = bits_of_float(float_of_bits(magnitude) * 0x1p112f);
  uint32_t special = magnitude >= 0x0f800000u ? 0x7f800000u : 0u;
  return float_of_bits(bits | special | ((uint32_t)(half & 0x8000) << 16));
}

static inline uint16_t narrowed(float value) {
  uint32_t bits = bits_of_float(value);
  uint32_t sign = (bits >> 16) & 0x8000u;
  bits &= 0x7fffffffu;
  // Adding 1/2 leaves a binary16 subnormal in the low bits, rounded by the addition itself.
  uint32_t subnormal = bits_of_float(float_of_bits(bits) + 0.5f) - 0x3f000000u;
  uint32_t normal = (bits + 0xfffu + ((bits >> 13) & 1u) - 0x38000000u) >> 13;
  uint32_t special = bits > 0x7f800000u ? 0x7e00u : 0x7c00u;
  uint32_t half = bits < 0x38800000u ? subnormal : normal;
  half = bits >= 0x47800000u ? special : half;
  return (uint16_t)(sign | half);
}

FD_CLONES
void fd_half_to_float(const uint16_t *halves, float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = widened(halves[i]);
}

FD_CLONES
void fd_float_to_half(const float *values, uint16_t *halves, size_t count) {
  for (size_t i = 0; i < count; i++) halves[i] = narrowed(values[i]);
}

FD_CLONES
float fd_dot_half(const float *values, const uint16_t *halves, size_t count) {
#pragma clang fp reassociate(on) contract(fast)
  float sum = 0;
  for (size_t i = 0; i < count; i++) sum += values[i] * widened(halves[i]);
  return sum;
}

// MARK: Checksum

static const uint64_t prime1 = 0x9E3779B185EBCA87ull;
static const uint64_t prime2 = 0xC2B2AE3D27D4EB4Full;
static const uint64_t prime3 = 0x165667B19E3779F9ull;
static const uint64_t prime4 = 0x85EBCA77C2B2AE63ull;
static const uint64_t prime5 = 0x27D4EB2F165667C5ull;

static inline uint64_t rotated(uint64_t x, int bits) { return (x << bits) | (x >> (64 - bits)); }

static inline uint64_t word64(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

static inline uint32_t word32(const uint8_t *bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

static inline uint64_t hash_round(uint64_t lane, uint64_t input) {
  return rotated(lane + input * prime2, 31) * prime1;
}

static inline uint64_t merged(uint64_t hash, uint64_t lane) {
  return (hash ^ hash_round(0, lane)) * prime1 + prime4;
}

static inline void consume_stripe(uint64_t *lanes, const uint8_t *stripe) {
  for (int i = 0; i < 4; i++) lanes[i] = hash_round(lanes[i], word64(stripe + 8 * i));
}

void fd_hash64_begin(fd_hash64_state *state, uint64_t seed) {
  state->seed = seed;
  state->total = 0;
  state->lanes[0] = seed + prime1 + prime2;
  state->lanes[1] = seed + prime2;
  state->lanes[2] = seed;
  state->lanes[3] = seed - prime1;
}

void fd_hash64_update(fd_hash64_state *state, const void *bytes, size_t count) {
  if (count == 0) return;
  const uint8_t *input = bytes;
  size_t held = state->total & 31;
  state->total += count;
  if (held > 0) {
    size_t taken = 32 - held < count ? 32 - held : count;
    memcpy(state->pending + held, input, taken);
    input += taken;
    count -= taken;
    if (held + taken < 32) return;
    consume_stripe(state->lanes, state->pending);
  }
  uint64_t lanes[4];
  memcpy(lanes, state->lanes, sizeof lanes);
  for (; count >= 32; input += 32, count -= 32) consume_stripe(lanes, input);
  memcpy(state->lanes, lanes, sizeof lanes);
  if (count > 0) memcpy(state->pending, input, count);
}

uint64_t fd_hash64_value(const fd_hash64_state *state) {
  const uint64_t *lanes = state->lanes;
  uint64_t hash = state->seed + prime5;
  if (state->total >= 32) {
    hash = rotated(lanes[0], 1) + rotated(lanes[1], 7) + rotated(lanes[2], 12) + rotated(lanes[3], 18);
    for (int i = 0; i < 4; i++) hash = merged(hash, lanes[i]);
  }
  hash += state->total;
  const uint8_t *rest = state->pending;
  size_t count = state->total & 31;
  for (; count >= 8; rest += 8, count -= 8) {
    hash = rotated(hash ^ hash_round(0, word64(rest)), 27) * prime1 + prime4;
  }
  if (count >= 4) {
    hash = rotated(hash ^ (word32(rest) * prime1), 23) * prime2 + prime3;
    rest += 4;
    count -= 4;
  }
  for (; count > 0; rest++, count--) hash = rotated(hash ^ (*rest * prime5), 11) * prime1;
  hash = (hash ^ (hash >> 33)) * prime2;
  hash = (hash ^ (hash >> 29)) * prime3;
  return hash ^ (hash >> 32);
}

uint64_t fd_hash64(const void *bytes, size_t count, uint64_t seed) {
  fd_hash64_state state;
  fd_hash64_begin(&state, seed);
  fd_hash64_update(&state, bytes, count);
  return fd_hash64_value(&state);
}
