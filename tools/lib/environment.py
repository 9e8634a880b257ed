"""Python environments for the scripts in tools/, each made once with exact versions."""

import hashlib
import os
import pathlib
import subprocess
import sys
import venv

from frontdesk import cache


def python(name, packages):
    """The interpreter of an environment with these packages."""
    folder = cache("venv") / f"{name}-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:12]}"
    if not (folder / "complete").exists():
        print(f"making {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, *packages], check=True, stdout=sys.stderr)
        (folder / "complete").touch()
    return folder / "bin/python"


def enter(name, packages):
    """Runs the calling script again inside an environment, unless it is there already."""
    inside = python(name, packages)
    if pathlib.Path(sys.prefix) != inside.parents[1]:
        os.execv(inside, [inside, *sys.argv])
