#include "context.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf16.h>

enum {
  WINDOW = 16 * 1024,
  /// How far back a window's end looks for a place between words.
  CUT_SEARCH = 4 * 1024,
  /// Marks on one letter beyond this begin a new segment (as UAX #15's stream-safe format does): reordering
  /// them takes quadratic time.
  SEGMENT_LIMIT = 32,
  /// The longest folding of one character is 18 units (U+FDFA).
  SEGMENT_UNITS = SEGMENT_LIMIT * 18,
};

/// What must become something else before folding, because NFKC leaves it or deletes it.
static UChar32 replaced(UChar32 c) {
  switch (c) {
    case 0x2018: case 0x2019: case 0x201B: case 0x02BC: case 0x02B9: return '\'';
    case 0x2010: case 0x2011: return '-';
    case 0x200B: return ' ';
    default: break;
  }
  if (c >= 0x660 && u_charType(c) == U_DECIMAL_DIGIT_NUMBER) return '0' + u_charDigitValue(c);
  return c;
}

static uint16_t *fold_page(ctext_context *context, UChar32 c) {
  uint16_t **slot = &context->fold_pages[c >> 8];
  if (*slot) return *slot;
  uint16_t *page = malloc(PAGE_SIZE * sizeof *page);
  if (!page) return NULL;
  for (int i = 0; i < PAGE_SIZE; i++) {
    const UChar32 from = (c & ~0xFF) | i;
    page[i] = SLOW;
    if (U16_IS_SURROGATE(from)) continue;
    const UChar32 to = replaced(from);
    if (to != from) {
      page[i] = (uint16_t)to;
      continue;
    }
    if (!unorm2_hasBoundaryBefore(context->fold, from)) continue;
    const UChar source = (UChar)from;
    UChar folded[24];
    UErrorCode status = U_ZERO_ERROR;
    const int32_t count = unorm2_normalize(context->fold, &source, 1, folded, 24, &status);
    if (U_SUCCESS(status) && count == 1) page[i] = folded[0];
  }
  *slot = page;
  return page;
}

/// True where a text may be cut before this character without changing how either half folds.
static bool boundary_before(ctext_context *context, UChar32 c) {
  if (c < 0x80) return true;
  if (c < 0x10000) {
    const uint16_t *page = fold_page(context, c);
    if (page && page[c & 0xFF] != SLOW) return true;
  }
  return unorm2_hasBoundaryBefore(context->fold, c);
}

static bool grow(void **pointer, size_t count, size_t size) {
  void *larger = realloc(*pointer, count * size);
  if (!larger) return false;
  *pointer = larger;
  return true;
}

/// Makes room for so many more characters.
static bool reserve(ctext_context *context, size_t characters) {
  const size_t folded = context->folded_length + 4 * characters;
  if (folded > context->folded_capacity) {
    const size_t capacity = folded + folded / 2;
    if (!grow((void **)&context->folded, capacity, sizeof *context->folded)
        || !grow((void **)&context->source_start, capacity, sizeof *context->source_start)
        || !grow((void **)&context->source_end, capacity, sizeof *context->source_end)) {
      return false;
    }
    context->folded_capacity = capacity;
  }
  // One more than needed: the segmenter closes `unit_folded` with the end.
  const size_t units = context->unit_length + 2 * characters + 1;
  if (units > context->unit_capacity) {
    const size_t capacity = units + units / 2;
    if (!grow((void **)&context->units, capacity, sizeof *context->units)
        || !grow((void **)&context->unit_folded, capacity, sizeof *context->unit_folded)) {
      return false;
    }
    context->unit_capacity = capacity;
  }
  return true;
}

/// Appends a folded character; room is reserved.
static inline void append(ctext_context *context, UChar32 c, size_t start, size_t end) {
  const size_t at = context->folded_length;
  const size_t count = ctext_put(context->folded + at, c);
  for (size_t i = at; i < at + count; i++) {
    context->source_start[i] = (uint32_t)start;
    context->source_end[i] = (uint32_t)end;
  }
  context->folded_length = at + count;
  const size_t unit = context->unit_length;
  context->unit_folded[unit] = (uint32_t)at;
  if (ctext_is_cjk(c)) {
    // ICU would look each of these up in its dictionary; the segmenter takes them by itself.
    context->units[unit] = ' ';
    context->unit_length = unit + 1;
  } else if (c < 0x10000) {
    context->units[unit] = (UChar)c;
    context->unit_length = unit + 1;
  } else {
    context->units[unit] = U16_LEAD(c);
    context->units[unit + 1] = U16_TRAIL(c);
    context->unit_folded[unit + 1] = (uint32_t)at;
    context->unit_length = unit + 2;
  }
}

/// Folds one segment (a character and what combines with it) through ICU.
static bool append_segment(
  ctext_context *context, const uint8_t *text, size_t length, size_t base, size_t *index
) {
  const size_t start = *index;
  UChar source[2 * SEGMENT_LIMIT];
  int32_t units = 0;
  for (int count = 0; count < SEGMENT_LIMIT && *index < length; count++) {
    size_t next = *index;
    UChar32 c = ctext_next(text, length, &next);
    if (count > 0 && boundary_before(context, c)) break;
    c = replaced(c);
    U16_APPEND_UNSAFE(source, units, c);
    *index = next;
  }
  UChar folded[SEGMENT_UNITS];
  UErrorCode status = U_ZERO_ERROR;
  const int32_t count = unorm2_normalize(context->fold, source, units, folded, SEGMENT_UNITS, &status);
  if (U_FAILURE(status)) return false;
  if (!reserve(context, (size_t)count + 1)) return false;
  for (int32_t i = 0; i < count;) {
    UChar32 c;
    U16_NEXT(folded, i, count, c);
    append(context, c, start - base, *index - base);
  }
  return true;
}

/// Where the window that begins at `offset` ends: behind white space or CJK punctuation if there is any near.
static size_t window_end(const uint8_t *text, size_t length, size_t offset) {
  if (length - offset <= WINDOW) return length;
  size_t end = offset + WINDOW;
  for (size_t i = end; i > end - CUT_SEARCH; i--) {
    if (text[i - 1] <= ' ') return i;
    // U+3000 to U+303F: the ideographic space, comma and full stop.
    if (text[i] == 0xE3 && text[i + 1] == 0x80 && i + 3 <= end) return i + 3;
  }
  while ((text[end] & 0xC0) == 0x80) end--;
  return end;
}

bool ctext_fill(
  ctext_context *context, const uint8_t *text, size_t length, size_t offset, size_t *source_length
) {
  const size_t end = window_end(text, length, offset);
  context->folded_length = 0;
  context->unit_length = 0;
  // Characters that fold to one take no more room than they had bytes; segments reserve their own.
  size_t i = offset;
  while (i < end) {
    if (!reserve(context, 64)) return false;
    for (int room = 64; room > 0 && i < end; room--) {
      const size_t start = i;
      const uint8_t byte = text[i];
      if (byte < 0x80 && (i + 1 >= end || text[i + 1] < 0x80)) {
        append(context, byte >= 'A' && byte <= 'Z' ? byte + 32 : byte, start - offset, start + 1 - offset);
        i++;
        continue;
      }
      size_t next = i;
      const UChar32 c = ctext_next(text, end, &next);
      UChar32 folded = SLOW;
      if (c < 0x80) {
        folded = c >= 'A' && c <= 'Z' ? c + 32 : c;
      } else if (c < 0x10000) {
        const uint16_t *page = fold_page(context, c);
        if (page) folded = page[c & 0xFF];
      }
      if (folded != SLOW) {
        size_t after = next;
        if (next >= end || boundary_before(context, ctext_next(text, end, &after))) {
          append(context, folded, start - offset, next - offset);
          i = next;
          continue;
        }
      }
      if (!append_segment(context, text, end, offset, &i)) return false;
      break;  // it used an unknown part of the room
    }
  }
  *source_length = end - offset;
  return true;
}

bool ctext_normalize(const uint8_t *text, size_t length, size_t offset, ctext_window *window) {
  ctext_context *context = ctext_current();
  size_t source_length = 0;
  if (!context || !ctext_fill(context, text, length, offset, &source_length)) return false;
  *window = (ctext_window){
    .folded = context->folded, .source_start = context->source_start, .source_end = context->source_end,
    .folded_length = context->folded_length, .source_length = source_length,
  };
  return true;
}
