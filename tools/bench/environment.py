"""The Python packages of the benchmarks: virtual environments in the user's cache folder, made once."""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from frontdesk import cache  # noqa: E402

SEARCH = (
    "bm25s==0.3.16",
    "faiss-cpu==1.15.1",
    "hnswlib==0.8.0",
    "numba==0.68.1",
    "numpy==2.4.6",
    "PyStemmer==3.1.0",
    "tantivy==0.27.0",
    "usearch==2.26.6",
)
ONNX = ("numpy==2.4.6", "onnx==1.23.2", "onnxruntime==1.32.0")
PICTURES = ("matplotlib==3.11.2",)
NAMES = {SEARCH: "search", ONNX: "onnx", PICTURES: "pictures"}


def python(packages=SEARCH):
    """The interpreter of an environment; hnswlib is compiled for this processor, which takes a minute."""
    name = f"venv-{NAMES[packages]}-" + hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    folder = cache("bench") / name
    if not (folder / "complete").exists():
        print(f"making {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return folder / "bin/python"


def enter(packages=SEARCH):
    """Runs the calling script again inside an environment, unless it is there already."""
    inside = python(packages)
    if pathlib.Path(sys.prefix) != inside.parents[1]:
        os.execv(inside, [inside, *sys.argv])
