// libxml2: the push parsers of HTML and XML.
// Its header of encodings includes ICU's, which clash with those inside Foundation.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
