#include "context.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>

int32_t ctext_stemmer(const char *name) {
  const char **names = sb_stemmer_list();
  for (int32_t i = 0; names[i] && i < STEMMER_LIMIT; i++) {
    if (strcmp(names[i], name) == 0) return i;
  }
  return -1;
}

static struct sb_stemmer *stemmer_of(ctext_context *context, int32_t number) {
  if (number < 0 || number >= STEMMER_LIMIT) return NULL;
  if (context->stemmers[number]) return context->stemmers[number];
  const char **names = sb_stemmer_list();
  for (int32_t i = 0; i <= number; i++) {
    if (!names[i]) return NULL;
  }
  context->stemmers[number] = sb_stemmer_new(names[number], "UTF_8");
  return context->stemmers[number];
}

/// Marks that go in any script they stand in: Latin and Greek accents, Arabic and Hebrew vowel points.
/// Vowel signs of Thai or Devanagari and the voicing marks of kana are letters' parts and stay.
static bool is_dropped(UChar32 c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x64B && c <= 0x65F) || c == 0x670 || c == 0x640
    || (c >= 0x591 && c <= 0x5C7 && c != 0x5BE && c != 0x5C0 && c != 0x5C3 && c != 0x5C6);
}

/// Letters that Unicode does not decompose, or whose decomposition is not wanted.
static const char *spelled(UChar32 c) {
  switch (c) {
    case 0xE6: case 0x1FD: case 0x1E3: return "ae";
    case 0x153: return "oe";
    case 0xFE: return "th";
    case 0xDF: return "ss";
    case 0xF0: case 0x111: return "d";
    case 0xF8: case 0x1FF: return "o";
    case 0x127: return "h";
    case 0x131: return "i";
    case 0x142: return "l";
    case 0x14B: return "n";
    case 0x167: return "t";
    case 0x180: return "b";
    case 0x192: return "f";
    case 0x451: return "\xD0\xB5";                          // Cyrillic io -> ie
    case 0x622: case 0x623: case 0x625: case 0x671: return "\xD8\xA7";  // alef with marks -> alef
    case 0x649: case 0x6CC: return "\xD9\x8A";              // alef maksura, Persian yeh -> yeh
    case 0x6A9: return "\xD9\x83";                          // Persian keheh -> kaf
    default: return NULL;
  }
}

static bool has_accents(UChar32 c) {
  return (c >= 0xC0 && c <= 0x24F) || (c >= 0x370 && c <= 0x3FF) || (c >= 0x1E00 && c <= 0x1FFF);
}

static uint16_t *accent_page(ctext_context *context, UChar32 c) {
  uint16_t **slot = &context->accent_pages[c >> 8];
  if (*slot) return *slot;
  uint16_t *page = malloc(PAGE_SIZE * sizeof *page);
  if (!page) return NULL;
  for (int i = 0; i < PAGE_SIZE; i++) {
    const UChar32 from = (c & ~0xFF) | i;
    page[i] = (uint16_t)from;
    if (is_dropped(from) || spelled(from)) {
      page[i] = SLOW;
    } else if (has_accents(from)) {
      UChar parts[24];
      UErrorCode status = U_ZERO_ERROR;
      const int32_t count = unorm2_getDecomposition(context->decompose, from, parts, 24, &status);
      if (U_SUCCESS(status) && count > 0) page[i] = parts[0];
    }
  }
  *slot = page;
  return page;
}

static size_t fold_accents(ctext_context *context, const uint8_t *word, size_t length, uint8_t *output) {
  size_t written = 0;
  for (size_t i = 0; i < length;) {
    if (word[i] < 0x80) {
      output[written++] = word[i++];
      continue;
    }
    const UChar32 c = ctext_next(word, length, &i);
    const uint16_t *page = c < 0x10000 ? accent_page(context, c) : NULL;
    if (!page) {
      written += ctext_put(output + written, c);
    } else if (page[c & 0xFF] != SLOW) {
      written += ctext_put(output + written, page[c & 0xFF]);
    } else if (!is_dropped(c)) {
      // U+FFFF, which no page can hold, has no spelling.
      const char *letters = spelled(c);
      if (letters) {
        const size_t count = strlen(letters);
        memcpy(output + written, letters, count);
        written += count;
      } else {
        written += ctext_put(output + written, c);
      }
    }
  }
  return written;
}

/// The place of a short word among the remembered ones: the only one that it can have.
static remembered_stem *place_of(
  ctext_context *context, int32_t stemmer, const uint8_t *word, size_t length
) {
  uint64_t low = 0, high = 0;
  memcpy(&low, word, length < 8 ? length : 8);
  if (length > 8) memcpy(&high, word + 8, length - 8);
  const uint64_t odd = 0xD6E8FEB86659FD93u;
  uint64_t hash = (low ^ high * 0x9E3779B97F4A7C15u ^ (uint64_t)stemmer << 56) * odd;
  hash ^= hash >> 32;
  return &context->stems[(hash * odd >> 40) % REMEMBERED_STEMS];
}

static size_t stem_anew(
  ctext_context *context, int32_t stemmer, const uint8_t *word, size_t length, uint8_t *output
) {
  struct sb_stemmer *snowball = stemmer_of(context, stemmer);
  if (snowball && length <= INT32_MAX) {
    const sb_symbol *stem = sb_stemmer_stem(snowball, word, (int)length);
    const int stem_length = stem ? sb_stemmer_length(snowball) : 0;
    // Some stems gain letters; folding accents never does. Nothing left is no stem.
    if (stem_length > 0 && (size_t)stem_length <= CTEXT_EXPANSION * length) {
      return fold_accents(context, stem, (size_t)stem_length, output);
    }
  }
  return fold_accents(context, word, length, output);
}

size_t ctext_stem(int32_t stemmer, const uint8_t *word, size_t length, uint8_t *output) {
  ctext_context *context = ctext_current();
  if (!context) {
    memcpy(output, word, length);
    return length;
  }
  // Without a stemmer folding alone is faster than looking it up.
  if (stemmer < 0 || stemmer >= STEMMER_LIMIT || length == 0 || length > REMEMBERED_BYTES) {
    return stem_anew(context, stemmer, word, length, output);
  }
  remembered_stem *place = place_of(context, stemmer, word, length);
  if (place->stemmer_and_one == stemmer + 1 && place->length == length
      && memcmp(place->word, word, length) == 0) {
    memcpy(output, place->stem, place->stem_length);
    return place->stem_length;
  }
  const size_t count = stem_anew(context, stemmer, word, length, output);
  if (count <= REMEMBERED_BYTES) {
    place->stemmer_and_one = (uint8_t)(stemmer + 1);
    place->length = (uint8_t)length;
    place->stem_length = (uint8_t)count;
    memcpy(place->word, word, length);
    memcpy(place->stem, output, count);
  }
  return count;
}
