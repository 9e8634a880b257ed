// zlib: inflates the members of ZIP archives (DOCX).
#include <zlib.h>
