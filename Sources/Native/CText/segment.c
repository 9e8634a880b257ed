#include "context.h"

#include <stdlib.h>

static bool add_word(ctext_context *context, size_t start, size_t end, uint32_t flags) {
  if (context->word_count == context->word_capacity) {
    const size_t capacity = context->word_capacity ? 2 * context->word_capacity : 256;
    ctext_word *larger = realloc(context->words, capacity * sizeof *larger);
    if (!larger) return false;
    context->words = larger;
    context->word_capacity = capacity;
  }
  context->words[context->word_count++] =
    (ctext_word){.start = (uint32_t)start, .end = (uint32_t)end, .flags = flags};
  return true;
}

/// Adds the CJK runs of a stretch that ICU sees as blank.
static bool add_cjk(ctext_context *context, size_t start, size_t end) {
  size_t run = end;
  for (size_t i = start; i < end;) {
    // Blanks and punctuation are most of what comes here.
    if (context->folded[i] < 0x80 && run == end) {
      i++;
      continue;
    }
    size_t next = i;
    const bool inside = ctext_is_cjk(ctext_next(context->folded, end, &next));
    if (inside && run == end) run = i;
    if (!inside && run != end) {
      if (!add_word(context, run, i, CTEXT_CJK)) return false;
      run = end;
    }
    i = next;
  }
  return run == end || add_word(context, run, end, CTEXT_CJK);
}

static inline bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static inline bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }

/// True where a new part begins at `i`: `fooBar`, `XMLParser`, but not the plural in `SKUs`.
static bool case_boundary(const uint8_t *source, size_t length, size_t i) {
  if (!is_upper(source[i])) return false;
  if (is_lower(source[i - 1])) return true;
  return is_upper(source[i - 1]) && i + 2 < length && is_lower(source[i + 1]) && is_lower(source[i + 2]);
}

static uint32_t flags_of(const ctext_context *context, const uint8_t *text, size_t start, size_t end) {
  uint32_t flags = 0;
  for (size_t i = start; i < end; i++) {
    const uint8_t c = context->folded[i];
    if (is_lower(c) || c >= 0x80) {
      flags |= CTEXT_LETTER;
    } else if (c >= '0' && c <= '9') {
      flags |= CTEXT_DIGIT;
    } else {
      flags |= c == '\'' ? CTEXT_APOSTROPHE : CTEXT_MARK;
    }
  }
  const uint8_t *source = text + context->source_start[start];
  const size_t length = context->source_end[end - 1] - context->source_start[start];
  for (size_t i = 1; i < length; i++) {
    if (case_boundary(source, length, i)) return flags | CTEXT_INNER_CASE;
  }
  return flags;
}

bool ctext_segment(const uint8_t *text, size_t length, size_t offset, ctext_window *window) {
  ctext_context *context = ctext_current();
  size_t source_length = 0;
  if (!context || !ctext_fill(context, text, length, offset, &source_length)) return false;
  context->word_count = 0;
  if (context->unit_length > 0) {
    context->unit_folded[context->unit_length] = (uint32_t)context->folded_length;
    UErrorCode status = U_ZERO_ERROR;
    ubrk_setText(context->word_breaks, context->units, (int32_t)context->unit_length, &status);
    if (U_FAILURE(status)) return false;
    int32_t from = 0;
    for (int32_t to = ubrk_next(context->word_breaks); to != UBRK_DONE;
         to = ubrk_next(context->word_breaks)) {
      const size_t start = context->unit_folded[from];
      const size_t end = context->unit_folded[to];
      const bool word = ubrk_getRuleStatus(context->word_breaks) >= UBRK_WORD_NONE_LIMIT;
      if (end > start) {
        const bool added = word
          ? add_word(context, start, end, flags_of(context, text + offset, start, end))
          : add_cjk(context, start, end);
        if (!added) return false;
      }
      from = to;
    }
  }
  *window = (ctext_window){
    .folded = context->folded, .source_start = context->source_start, .source_end = context->source_end,
    .folded_length = context->folded_length, .words = context->words, .word_count = context->word_count,
    .source_length = source_length,
  };
  return true;
}
