#ifndef CTEXT_H
#define CTEXT_H

// Unicode text analysis over ICU and Snowball.
//
// Architecture invariant: no ICU or Snowball type appears in this header (ICU's own headers clash with those
// that Foundation carries).
//
// Every function works on a context that belongs to the calling thread: made at its first call, freed when the
// thread ends. Results that point into the context stay valid until the next call of `ctext_segment` or
// `ctext_normalize` on the same thread, and may be used on that thread only. Texts are valid UTF-8 and may
// hold NUL bytes: lengths count, terminators do not.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What a word is made of, after folding.
enum {
  /// A run of Han, kana or Hangul; no other flag is set with it.
  CTEXT_CJK = 1,
  CTEXT_LETTER = 2,
  CTEXT_DIGIT = 4,
  /// One of `_ . : ,` or another mark that stands inside a word.
  CTEXT_MARK = 8,
  CTEXT_APOSTROPHE = 16,
  /// The original's case divides it, as in `TeamsMeeting`.
  CTEXT_INNER_CASE = 32,
};

/// Half-open byte range in a window's folded text.
typedef struct {
  uint32_t start;
  uint32_t end;
  uint32_t flags;
} ctext_word;

/// A piece of a text: folded (NFKC with case folding, accents kept), mapped back, and cut into words.
typedef struct {
  const uint8_t *folded;
  /// For each folded byte, where the characters it came from begin and end, relative to the window's start.
  /// Both never decrease.
  const uint32_t *source_start;
  const uint32_t *source_end;
  size_t folded_length;
  /// Ascending, not overlapping. NULL after `ctext_normalize`.
  const ctext_word *words;
  size_t word_count;
  /// How many bytes of the text the window covers; more than 0.
  size_t source_length;
} ctext_window;

/// Folds and segments the next window of a text (about 16 KiB, cut where words end, if they do).
///
/// Besides NFKC case folding: curly apostrophes and hyphens become ASCII, decimal digits of any script become
/// 0-9, a zero-width space becomes a space. Words follow UAX #29, with dictionaries for Thai, Lao, Khmer and
/// Burmese; runs of Han, kana and Hangul are left whole.
///
/// - offset: less than length, and the start of a character.
/// - returns: false if ICU's data or memory is missing.
bool ctext_segment(const uint8_t *text, size_t length, size_t offset, ctext_window *window);

/// The same without words.
bool ctext_normalize(const uint8_t *text, size_t length, size_t offset, ctext_window *window);

/// The number that `ctext_stem` knows a Snowball algorithm by.
///
/// - name: "english", "german", ...
/// - returns: -1 for an unknown name.
int32_t ctext_stemmer(const char *name);

/// Stems a folded word and then folds its accents.
///
/// - stemmer: from `ctext_stemmer`, or -1 to fold accents only.
/// - output: takes at least `CTEXT_EXPANSION * length` bytes.
/// - returns: bytes written. Never more than that.
size_t ctext_stem(int32_t stemmer, const uint8_t *word, size_t length, uint8_t *output);

/// A stem is at most so many times as long as its word.
enum { CTEXT_EXPANSION = 2 };

#endif
