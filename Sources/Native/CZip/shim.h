// libzip: the members of ZIP archives (DOCX).
#include <zip.h>
