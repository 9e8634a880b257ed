"""What the lexical peers share: options, timing, the report.

  PEER.py --passages FILE --queries FILE --work DIR [--text] [--threads 1] [--limit 100]
          [--repeats 5] [--build-only]

FILE of passages: {"id", "terms"} a line, terms analysed already and separated by spaces; with --text {"id",
"text"}, which the peer analyses as English. FILE of queries: terms separated by spaces, a query a line.
Prints one JSON report: build_seconds (passages held in memory, until the index is on disk or complete), bytes
and sections on disk, ms[repeat][query] after a pass that warms, hits[query] = [[id, score], ...] of that
first pass.
"""

import argparse
import importlib.metadata
import json
import pathlib
import shutil
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import environment  # noqa: E402


def main(engine_type):
    """`engine_type(options)` has package, prepare(rows), build(prepared), measured(),
    prepare_query(terms), search(query) and hits(found); only build and search are timed. Its files go into
    options.work, which starts empty."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passages", type=pathlib.Path, required=True)
    parser.add_argument("--queries", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--text", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--build-only", action="store_true")
    options = parser.parse_args()
    environment.enter()
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)

    engine = engine_type(options)
    with options.passages.open() as lines:
        rows = [json.loads(line) for line in lines]
    prepared = engine.prepare(rows)
    began = time.perf_counter()
    engine.build(prepared)
    report = {
        "peer": engine.package,
        "version": importlib.metadata.version(engine.package),
        "analysed_here": options.text,
        "threads": options.threads,
        "passages": len(rows),
        "build_seconds": time.perf_counter() - began,
        **engine.measured(),
    }
    if not options.build_only:
        queries = [engine.prepare_query(line.split()) for line in options.queries.read_text().splitlines()]
        report["hits"] = [engine.hits(engine.search(query)) for query in queries]
        report["queries"] = len(queries)
        report["ms"] = [[milliseconds(engine, query) for query in queries] for _ in range(options.repeats)]
    print(json.dumps(report))


def milliseconds(engine, query):
    began = time.perf_counter()
    engine.search(query)
    return (time.perf_counter() - began) * 1000


def on_disk(folder, section):
    """Bytes of a folder, and of each section of it: `section` names that of a file."""
    sections = {}
    for path in sorted(folder.iterdir()):
        sections[section(path)] = sections.get(section(path), 0) + path.stat().st_size
    return {"bytes": sum(sections.values()), "sections": sections}
