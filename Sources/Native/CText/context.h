#ifndef CTEXT_CONTEXT_H
#define CTEXT_CONTEXT_H

#include "ctext.h"

#include <libstemmer.h>
#include <unicode/ubrk.h>
#include <unicode/unorm2.h>
#include <unicode/utypes.h>

enum { STEMMER_LIMIT = 64, PAGES = 256, PAGE_SIZE = 256 };

/// Words whose stems a thread remembers, and the longest of them; a text says most of its words many times.
enum { REMEMBERED_STEMS = 4096, REMEMBERED_BYTES = 14 };

/// A word with its stem, accents folded; all zero where there is none.
typedef struct {
  uint8_t stemmer_and_one;
  uint8_t length, stem_length;
  uint8_t word[REMEMBERED_BYTES];
  uint8_t stem[REMEMBERED_BYTES];
} remembered_stem;

/// In a page: this character has no single-character answer.
enum { SLOW = 0xFFFF };

/// A thread's own ICU and Snowball objects (neither kind may be shared) and buffers.
typedef struct {
  const UNormalizer2 *fold;
  const UNormalizer2 *decompose;
  UBreakIterator *word_breaks;
  struct sb_stemmer *stemmers[STEMMER_LIMIT];
  remembered_stem stems[REMEMBERED_STEMS];

  // Folding of the basic plane, learnt page by page: one table look-up in place of an ICU call a character.
  uint16_t *fold_pages[PAGES];
  uint16_t *accent_pages[PAGES];

  // The current window. The UTF-16 form exists for ICU's break iterator.
  uint8_t *folded;
  uint32_t *source_start;
  uint32_t *source_end;
  size_t folded_length, folded_capacity;
  UChar *units;
  uint32_t *unit_folded;
  size_t unit_length, unit_capacity;
  ctext_word *words;
  size_t word_count, word_capacity;
} ctext_context;

/// - returns: the calling thread's context, or NULL if it cannot be made.
ctext_context *ctext_current(void);

/// Fills the context's window from `text + offset`.
bool ctext_fill(
  ctext_context *context, const uint8_t *text, size_t length, size_t offset, size_t *source_length);

/// Reads one character of valid UTF-8 and moves the index behind it.
static inline UChar32 ctext_next(const uint8_t *text, size_t length, size_t *index) {
  size_t i = *index;
  const uint8_t lead = text[i];
  const size_t count = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (count == 1 || count > length - i) {
    *index = i + 1;
    return count == 1 ? lead : 0xFFFD;
  }
  UChar32 c = lead & (0x7F >> count);
  for (size_t k = 1; k < count; k++) c = (c << 6) | (text[i + k] & 0x3F);
  *index = i + count;
  return c;
}

/// Writes one character; at most four bytes.
static inline size_t ctext_put(uint8_t *output, UChar32 c) {
  if (c < 0x80) {
    output[0] = (uint8_t)c;
    return 1;
  }
  if (c < 0x800) {
    output[0] = (uint8_t)(0xC0 | (c >> 6));
    output[1] = (uint8_t)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    output[0] = (uint8_t)(0xE0 | (c >> 12));
    output[1] = (uint8_t)(0x80 | ((c >> 6) & 0x3F));
    output[2] = (uint8_t)(0x80 | (c & 0x3F));
    return 3;
  }
  output[0] = (uint8_t)(0xF0 | (c >> 18));
  output[1] = (uint8_t)(0x80 | ((c >> 12) & 0x3F));
  output[2] = (uint8_t)(0x80 | ((c >> 6) & 0x3F));
  output[3] = (uint8_t)(0x80 | (c & 0x3F));
  return 4;
}

/// Scripts whose words are not marked by spaces and that are indexed by characters: Han, kana, Hangul.
static inline bool ctext_is_cjk(UChar32 c) {
  if (c < 0x1100) return false;
  if (c >= 0x4E00 && c <= 0x9FFF) return true;
  if (c >= 0xAC00 && c <= 0xD7A3) return true;
  if (c >= 0x3041 && c <= 0x30FF) return c != 0x30A0 && c != 0x30FB && (c < 0x3097 || c > 0x309C);
  return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x1100 && c <= 0x11FF) || c == 0x3005 || c == 0x3007
    || (c >= 0x3105 && c <= 0x312F) || (c >= 0x31F0 && c <= 0x31FF) || (c >= 0xF900 && c <= 0xFAFF)
    || (c >= 0x20000 && c <= 0x3FFFF);
}

#endif
