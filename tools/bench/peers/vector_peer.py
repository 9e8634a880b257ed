"""What the vector peers share: options, the index kept between runs, timing, memory, the report.

  PEER.py --base FILE --queries FILE --truth FILE --work DIR [--rows N] [--threads 2] [--m 16]
          [--ef-construction 100] [--ef 32,64,128] [--repeats 5] [--build-only]

Builds the index of the first N rows of the base on so many threads, or takes the one that an earlier run left
in the work folder, and searches it on one thread for the 10 nearest of all queries in one call. Prints one
JSON report: build_seconds, bytes (the file), resident_bytes_per_vector, results: for each setting, until one
has a recall of .995, recall and qps of each repeat. Resident is what the process grows by between its
start, queries loaded, and the index loaded and 10,000 searched.
"""

import argparse
import ctypes
import hashlib
import importlib.metadata
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import data  # noqa: E402
import environment  # noqa: E402

K, BLOCK = 10, 50_000
ENOUGH = 0.995


def main(engine_type, add_arguments=lambda parser: None):
    """`engine_type(options)` has package, parameters (they name the index), load(path), settings(),
    build(blocks, rows, path) -> seconds, set(**setting) and search(queries) -> ids."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("base", "queries", "truth", "work"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--m", type=int, default=16)
    parser.add_argument("--ef-construction", type=int, default=100)
    parser.add_argument("--ef", type=numbers, default=[32, 64, 128])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--build-only", action="store_true")
    add_arguments(parser)
    options = parser.parse_args()
    environment.enter()

    base = data.load(options.base, options.rows)
    engine = engine_type(options)
    version = importlib.metadata.version(engine.package)
    path = index_path(options, engine, version, base)
    built = path.with_suffix(".json")
    if options.build_only:
        build(engine, base, path, built)
        return
    if not built.exists():
        # In a process of its own, so that what building leaves behind is not taken for memory of the index.
        subprocess.run([sys.executable, *sys.argv, "--build-only"], check=True)
    report = {
        "peer": engine.package,
        "version": version,
        "parameters": engine.parameters,
        "rows": len(base),
        **json.loads(built.read_text()),
        "bytes": path.stat().st_size,
        **measure(engine, path, options),
    }
    print(json.dumps(report))


def numbers(text):
    return [int(part) for part in text.split(",")]


def index_path(options, engine, version, base):
    """Named by all that the index depends on; the rows by up to 1,024 of them."""
    spread = base[:: max(1, len(base) // 1024)].tobytes()
    parts = [engine.package, version, *engine.parameters.values(), len(base), f"{options.threads}threads"]
    options.work.mkdir(parents=True, exist_ok=True)
    return options.work / ("-".join(map(str, [*parts, hashlib.sha256(spread).hexdigest()[:12]])) + ".index")


def build(engine, base, path, built):
    blocks = (base[start : start + BLOCK] for start in range(0, len(base), BLOCK))
    seconds = engine.build(blocks, len(base), path)
    about = {
        "build_seconds": seconds,
        "build_load_average": os.getloadavg()[0],
        "build_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    built.write_text(json.dumps(about))


def measure(engine, path, options):
    import numpy

    queries = numpy.array(data.load(options.queries))
    nearest = numpy.fromfile(options.truth, numpy.int32).reshape(len(queries), -1)[:, :K]
    before = resident()
    engine.load(path)
    settings = engine.settings()
    engine.set(**settings[len(settings) // 2])
    for _ in range(-(-10_000 // len(queries))):
        engine.search(queries)
    rows = options.rows or len(data.load(options.base))
    result = {"resident_bytes_per_vector": (resident() - before) / rows, "results": []}
    for setting in settings:
        engine.set(**setting)
        found = engine.search(queries)
        same = sum(len(numpy.intersect1d(ours, true)) for ours, true in zip(found, nearest))
        result["results"].append({**setting, "recall": same / nearest.size, "qps": []})
        if same / nearest.size >= ENOUGH:
            break
    for _ in range(options.repeats):
        for setting, row in zip(settings, result["results"]):
            engine.set(**setting)
            began = time.perf_counter()
            engine.search(queries)
            row["qps"].append(len(queries) / (time.perf_counter() - began))
    return result


def resident():
    """Bytes of memory in use, mapped files included, after what is free was given back."""
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def timed(action, *arguments, **named):
    began = time.perf_counter()
    action(*arguments, **named)
    return time.perf_counter() - began
