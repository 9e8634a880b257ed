#include "context.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool key_made;

static void destroy(void *pointer) {
  ctext_context *context = pointer;
  if (context->word_breaks) ubrk_close(context->word_breaks);
  for (int i = 0; i < STEMMER_LIMIT; i++) {
    if (context->stemmers[i]) sb_stemmer_delete(context->stemmers[i]);
  }
  for (int i = 0; i < PAGES; i++) {
    free(context->fold_pages[i]);
    free(context->accent_pages[i]);
  }
  free(context->folded);
  free(context->source_start);
  free(context->source_end);
  free(context->units);
  free(context->unit_folded);
  free(context->words);
  free(context);
}

static void make_key(void) { key_made = pthread_key_create(&key, destroy) == 0; }

static ctext_context *create(void) {
  ctext_context *context = calloc(1, sizeof *context);
  if (!context) return NULL;
  UErrorCode status = U_ZERO_ERROR;
  context->fold = unorm2_getNFKCCasefoldInstance(&status);
  context->decompose = unorm2_getNFDInstance(&status);
  // The root locale: breaks must not depend on where the program runs.
  context->word_breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
  if (U_FAILURE(status)) {
    destroy(context);
    return NULL;
  }
  return context;
}

ctext_context *ctext_current(void) {
  static _Thread_local ctext_context *current;
  if (current) return current;
  pthread_once(&once, make_key);
  if (!key_made) return NULL;
  ctext_context *context = create();
  if (!context) return NULL;
  // Only the key's destructor frees it; without the key it would leak with each thread.
  if (pthread_setspecific(key, context) != 0) {
    destroy(context);
    return NULL;
  }
  current = context;
  return context;
}
