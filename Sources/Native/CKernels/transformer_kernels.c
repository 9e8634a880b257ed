#include "transformer_kernels.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

// One body, compiled for several instruction sets and chosen when the program starts. On arm64 NEON is
// always there, so one version is enough.
#if defined(__x86_64__)
#define FD_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FD_CLONES
#endif

// Helpers pass vectors wider than the default target's registers; they are always inlined, so no call
// ever does.
#pragma clang diagnostic ignored "-Wpsabi"
#define FD_INLINE static inline __attribute__((always_inline))

// Products feed sums without rounding between. Reassociation is left off in this file except where a
// function says so: matrix products must sum in one order whatever the number of rows.
#pragma clang fp contract(fast)

// BLOCK_ROWS rows of 384 floats fit the second-level cache while every panel of weights passes over them.
enum { W = FD_PANEL_WIDTH, TILE_ROWS = 6, BLOCK_ROWS = 168, QUERY_ROWS = 48 };

typedef float Panel __attribute__((vector_size(W * sizeof(float)), aligned(4)));

FD_INLINE size_t panels_of(size_t columns) { return (columns + W - 1) / W; }
FD_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

size_t fd_packed_count(size_t columns, size_t depth) { return panels_of(columns) * W * depth; }

void fd_pack_weights(const float *weights, size_t columns, size_t depth, float *packed) {
  for (size_t panel = 0; panel < panels_of(columns); panel++) {
    float *target = packed + panel * W * depth;
    size_t width = smaller(W, columns - panel * W);
    if (width < W) memset(target, 0, W * depth * sizeof(float));
    for (size_t lane = 0; lane < width; lane++) {
      const float *source = weights + (panel * W + lane) * depth;
      for (size_t d = 0; d < depth; d++) target[d * W + lane] = source[d];
    }
  }
}

// One block of a product: what the tiles below share.
typedef struct {
  const float *input;
  size_t input_stride, rows, depth;
  const float *packed;
  size_t packed_stride;  // between panels
  const float *bias;     // as many as the panels have columns
  float *output;
  size_t output_stride;
} Block;

// `rows` and `wide` are constants where this is inlined, so the accumulators stay in registers: 6 rows of
// one panel fill twelve of AVX2's sixteen registers, or of two panels twelve of AVX-512's.
FD_INLINE void tile(const Block *b, size_t row, size_t rows, size_t wide) {
  const float *input = b->input + row * b->input_stride;
  float *output = b->output + row * b->output_stride;
  size_t input_stride = b->input_stride, output_stride = b->output_stride, depth = b->depth;
  Panel sum[TILE_ROWS][2];
  for (size_t p = 0; p < wide; p++)
    for (size_t r = 0; r < rows; r++)
      sum[r][p] = *(const Panel *)(b->bias + p * W);
  for (size_t d = 0; d < depth; d++) {
    for (size_t p = 0; p < wide; p++) {
      Panel column = *(const Panel *)(b->packed + p * b->packed_stride + d * W);
      for (size_t r = 0; r < rows; r++) sum[r][p] += input[r * input_stride + d] * column;
    }
  }
  for (size_t r = 0; r < rows; r++)
    for (size_t p = 0; p < wide; p++) *(Panel *)(output + r * output_stride + p * W) = sum[r][p];
}

FD_INLINE void tiles(const Block *b, size_t wide) {
  size_t row = 0;
  for (; row + TILE_ROWS <= b->rows; row += TILE_ROWS) tile(b, row, TILE_ROWS, wide);
  switch (b->rows - row) {
    case 5: tile(b, row, 5, wide); break;
    case 4: tile(b, row, 4, wide); break;
    case 3: tile(b, row, 3, wide); break;
    case 2: tile(b, row, 2, wide); break;
    case 1: tile(b, row, 1, wide); break;
    default: break;
  }
}

FD_CLONES static void tiles_of_one_panel(const Block *block) { tiles(block, 1); }

#if defined(__x86_64__)
FD_CLONES static void tiles_of_two_panels(const Block *block) { tiles(block, 2); }
static size_t panels_at_once(void) { return __builtin_cpu_supports("x86-64-v4") ? 2 : 1; }
#else
#define tiles_of_two_panels tiles_of_one_panel
static size_t panels_at_once(void) { return 1; }
#endif

static void multiply_block(Block block, const float *bias, size_t columns) {
  static const float zero[2 * W] = {0};
  size_t panels = panels_of(columns), step = panels_at_once();
  const float *packed = block.packed;
  float *output = block.output, padded_bias[W] = {0};
  for (size_t panel = 0, taken; panel < panels; panel += taken) {
    size_t left = columns - panel * W;
    taken = left >= step * W ? step : 1;
    block.packed = packed + panel * block.packed_stride;
    block.output = output + panel * W;
    block.bias = bias ? bias + panel * W : zero;
    if (bias && left < W) block.bias = memcpy(padded_bias, block.bias, left * sizeof(float));
    if (taken == 2)
      tiles_of_two_panels(&block);
    else
      tiles_of_one_panel(&block);
  }
}

void fd_multiply_packed(
    const float *input, size_t input_stride, size_t rows, size_t depth, const float *packed,
    size_t columns, const float *bias, float *output, size_t output_stride) {
  for (size_t row = 0; row < rows; row += BLOCK_ROWS) {
    Block block = {
        .input = input + row * input_stride,
        .input_stride = input_stride,
        .rows = smaller(BLOCK_ROWS, rows - row),
        .depth = depth,
        .packed = packed,
        .packed_stride = depth * W,
        .output = output + row * output_stride,
        .output_stride = output_stride,
    };
    multiply_block(block, bias, columns);
  }
}

// erf(v) as v * P(v^2) / Q(v^2) on [-4, 4], fitted for this file by reweighted least squares (largest error
// of the fit 2.2e-8); beyond 4 erf differs from 1 by less than 2e-8.
FD_INLINE float error_function(float v) {
  v = v > 4.0f ? 4.0f : v < -4.0f ? -4.0f : v;
  float s = v * v;
  float p = 1.9747985e-06f;
  p = p * s + 2.8803832e-04f;
  p = p * s + 4.00362749e-03f;
  p = p * s + 5.34674278e-02f;
  p = p * s + 1.96248946e-01f;
  p = p * s + 1.12837898f;
  float q = 3.74803648e-05f;
  q = q * s + 1.21635007e-03f;
  q = q * s + 1.54443927e-02f;
  q = q * s + 1.16476371e-01f;
  q = q * s + 5.0725226e-01f;
  q = q * s + 1.0f;
  float result = v * p / q;
  return result > 1.0f ? 1.0f : result < -1.0f ? -1.0f : result;
}

FD_CLONES void fd_gelu(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float x = values[i];
    values[i] = 0.5f * x * (1.0f + error_function(x * 0.70710678118654752f));
  }
}

FD_CLONES void fd_layer_norm(
    float *values, const float *residual, const float *scale, const float *shift, float epsilon,
    size_t rows, size_t width) {
#pragma clang fp reassociate(on) contract(fast)
  for (size_t r = 0; r < rows; r++) {
    float *row = values + r * width;
    float sum = 0;
    if (residual) {
      const float *other = residual + r * width;
      for (size_t i = 0; i < width; i++) {
        row[i] += other[i];
        sum += row[i];
      }
    } else {
      for (size_t i = 0; i < width; i++) sum += row[i];
    }
    float mean = sum / (float)width;
    float squares = 0;
    for (size_t i = 0; i < width; i++) {
      float difference = row[i] - mean;
      squares += difference * difference;
    }
    float factor = 1.0f / sqrtf(squares / (float)width + epsilon);
    for (size_t i = 0; i < width; i++) row[i] = (row[i] - mean) * factor * scale[i] + shift[i];
  }
}

FD_CLONES void fd_sum3(const float *a, const float *b, const float *c, float *values, size_t width) {
  for (size_t i = 0; i < width; i++) values[i] = a[i] + b[i] + c[i];
}

// e^x for x <= 0: x = n ln 2 + r with |r| <= ln 2 / 2, the Taylor series of e^r to the seventh power
// (remainder below 1e-8), and 2^n through the exponent's bits. Below -87 the result is about 1e-38.
FD_INLINE float exponential(float x) {
  x = x < -87.0f ? -87.0f : x;
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
  float shifted = x * 1.44269504088896341f + magic;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  float n = shifted - magic;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t power = (bits - 0x4B400000 + 127) << 23;
  float scale;
  memcpy(&scale, &power, sizeof scale);
  return p * scale;
}

// Rows of `stride` floats, of which `count` are scores: scaled, softmaxed; the rest become zero.
FD_CLONES static void softmax(float *scores, size_t rows, size_t count, size_t stride, float scale) {
  for (size_t r = 0; r < rows; r++) {
#pragma clang fp reassociate(on) contract(fast)
    float *row = scores + r * stride;
    float largest = row[0];
    for (size_t i = 1; i < count; i++) largest = row[i] > largest ? row[i] : largest;
    for (size_t i = 0; i < count; i++) row[i] = exponential((row[i] - largest) * scale);
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum += row[i];
    float factor = 1.0f / sum;
    for (size_t i = 0; i < count; i++) row[i] *= factor;
    for (size_t i = count; i < stride; i++) row[i] = 0;
  }
}

size_t fd_attention_scratch_count(size_t length, size_t head_width) {
  size_t padded = panels_of(length) * W;
  return padded * head_width + length * head_width + smaller(QUERY_ROWS, length) * padded;
}

void fd_attention(
    const float *qkv, size_t length, size_t queries, size_t heads, size_t head_width, float *scratch,
    float *output) {
  size_t hidden = heads * head_width, stride = 3 * hidden, padded = panels_of(length) * W;
  float *keys = scratch;                          // packed: one column a position
  float *values = keys + padded * head_width;     // packed: one column a dimension
  float *scores = values + length * head_width;   // a block of queries by all positions
  float scale = 1.0f / sqrtf((float)head_width);
  for (size_t head = 0; head < heads; head++) {
    const float *query = qkv + head * head_width;
    const float *key = query + hidden, *value = key + hidden;
    if (length % W) memset(keys + (padded - W) * head_width, 0, W * head_width * sizeof(float));
    for (size_t t = 0; t < length; t++) {
      float *target = keys + t / W * W * head_width + t % W;
      for (size_t d = 0; d < head_width; d++) target[d * W] = key[t * stride + d];
    }
    for (size_t panel = 0; panel < head_width / W; panel++)
      for (size_t t = 0; t < length; t++)
        memcpy(values + (panel * length + t) * W, value + t * stride + panel * W, W * sizeof(float));
    for (size_t row = 0; row < queries; row += QUERY_ROWS) {
      size_t block = smaller(QUERY_ROWS, queries - row);
      fd_multiply_packed(
          query + row * stride, stride, block, head_width, keys, length, NULL, scores, padded);
      softmax(scores, block, length, padded, scale);
      fd_multiply_packed(
          scores, padded, block, length, values, head_width, NULL,
          output + row * hidden + head * head_width, hidden);
    }
  }
}

FD_CLONES void fd_mean_normalised(const float *values, size_t rows, size_t width, float *output) {
  memcpy(output, values, width * sizeof(float));
  for (size_t r = 1; r < rows; r++)
    for (size_t i = 0; i < width; i++) output[i] += values[r * width + i];
  double squares = 0;
  for (size_t i = 0; i < width; i++) {
    output[i] /= (float)rows;
    squares += (double)output[i] * output[i];
  }
  float factor = squares > 0 ? (float)(1.0 / sqrt(squares)) : 0.0f;
  for (size_t i = 0; i < width; i++) output[i] *= factor;
}

FD_INLINE int32_t code_value(uint8_t code, int is_signed) { return is_signed ? (int8_t)code : code; }

void fd_dequantise(
    const uint8_t *codes, int is_signed, int32_t zero, float scale, size_t count, float *values) {
  for (size_t i = 0; i < count; i++) values[i] = (float)(code_value(codes[i], is_signed) - zero) * scale;
}

void fd_dequantise_transposed(
    const uint8_t *codes, int is_signed, const int32_t *zeros, const float *scales, size_t rows,
    size_t columns, float *values) {
  for (size_t c = 0; c < columns; c++)
    for (size_t r = 0; r < rows; r++)
      values[c * rows + r] = (float)(code_value(codes[r * columns + c], is_signed) - zeros[c]) * scales[c];
}

static float single_from_half(const uint8_t *bytes) {
  uint32_t half = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
  uint32_t exponent = half >> 10 & 0x1F, fraction = half & 0x3FF;
  if (exponent == 0) {
    float small = (float)fraction * 0x1p-24f;
    return half & 0x8000 ? -small : small;
  }
  uint32_t bits = (half & 0x8000) << 16 | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

FD_CLONES void fd_dequantise_four_bit(const uint8_t *blocks, size_t count, float *values) {
  enum { HALF = FD_FOUR_BIT_BLOCK / 2 };
  for (; count >= FD_FOUR_BIT_BLOCK; count -= FD_FOUR_BIT_BLOCK) {
    float scale = single_from_half(blocks);
    for (size_t i = 0; i < HALF; i++) {
      uint8_t codes = blocks[2 + i];
      values[i] = (float)((codes & 15) - 8) * scale;
      values[i + HALF] = (float)((codes >> 4) - 8) * scale;
    }
    blocks += FD_FOUR_BIT_BYTES;
    values += FD_FOUR_BIT_BLOCK;
  }
}
