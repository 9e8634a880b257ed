// cmark-gfm: Markdown as GitHub reads it, and with it the character references of HTML 5.
#include <cmark-gfm.h>
#include <cmark-gfm-core-extensions.h>
