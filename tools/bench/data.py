#!/usr/bin/env python3
"""Makes the data of the search benchmarks from real texts, once, in the user's cache folder.

  tools/bench/data.py [lexical|vectors] [--binary BIN] [--windows N] [--real N] [--rows N]

Without a name both are made. Prints the folder of each; a run that was cut off goes on where it stood.
lexical: windows.jsonl (windows of 100 words), queries.txt (natural questions, one a line).
vectors: texts.jsonl (windows of about 20 words), real.f32 (their vectors by `frontdesk embed`), base.f32 (the
real ones, then points between a real one and one of its 10 nearest), queries.f32, truth-N.i32 (the 100 rows
with the largest inner product among the first N). Vectors are row-major float32 of unit length, 384 wide.
`--windows`, `--real` and `--rows` make small sets for tests. Prints 'skipped' where there are no texts.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import pathlib
import random
import re
import sys
import tarfile

import environment
from frontdesk import ROOT, Frontdesk, cache, scratch, shared

SEED = 20250
MODEL, DIMENSION = "all-MiniLM-L6-v2", 384
LEXICAL = {"format": 1, "words": 100, "stride": 13, "shortest": 1, "seed": SEED}
VECTORS = {"format": 1, "words": 20, "stride": 20, "shortest": 8, "seed": SEED, "model": MODEL}
LEXICAL_SOURCES = (
    "m365-support",
    "arduino-help",
    "tldr",
    "scifact",
    "cranfield",
    "stackfaq",
    "xquad-en",
    "tldr in other languages",
)
VECTOR_SOURCES = (*LEXICAL_SOURCES[:-1], "goemotions", "banking77", "clinc150")
QUESTIONS = ("xquad-en", "stackfaq", "scifact", "cranfield")
NEIGHBOURS, TRUTH, QUERIES = 10, 100, 2000
CHUNK, BLOCK = 5000, 10_000


def files(folder, source):
    """The files that a source is read from, in a fixed order."""
    if source.startswith("tldr"):
        return [folder / "corpora/tldr-38k-pages.tar.xz"]
    for kind, pattern in (("corpora", "**/*.md"), ("retrieval", "corpus.jsonl"), ("*", "*train.tsv")):
        found = sorted(path for path in folder.glob(f"{kind}/{source}/{pattern}") if path.name != "README.md")
        if found:
            return found
    raise FileNotFoundError(f"no texts of {source} in {folder}")


def documents(folder, source):
    """The texts of a source, Markdown without front matter and link targets."""
    for path in files(folder, source):
        if path.suffix == ".xz":
            yield from tldr_pages(path, english=source == "tldr")
        elif path.suffix == ".md":
            yield plain(path.read_text(errors="replace"))
        elif path.suffix == ".tsv":
            yield from (line.split("\t")[0] for line in path.read_text().splitlines())
        else:
            for row in map(json.loads, path.open()):
                yield f"{row['title']} {row['text']}"


def tldr_pages(path, english):
    with tarfile.open(path) as archive:
        for member in archive:
            if (
                member.name.endswith(".md")
                and "/pages" in member.name
                and ("/pages/" in member.name) == english
            ):
                yield plain(archive.extractfile(member).read().decode(errors="replace"))


def plain(markdown):
    body = re.sub(r"\A---\r?\n.*?\n---\s*\n", "", markdown, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", body)


def windows(text, words, stride, shortest):
    """Windows of `words` words; the last is what is left, and is dropped where it has under `shortest`."""
    all_words = text.split()
    start = 0
    while len(all_words) - start >= shortest:
        yield " ".join(all_words[start : start + words])
        if start + words >= len(all_words):
            break
        start += stride


def distinct_windows(folder, sources, parameters):
    """[(source, text)], each text once, in the order of the sources."""
    seen, rows = set(), []
    for source in sources:
        for text in documents(folder, source):
            for window in windows(text, *(parameters[name] for name in ("words", "stride", "shortest"))):
                if window not in seen:
                    seen.add(window)
                    rows.append((source, window))
    return rows


def questions(folder):
    texts = {
        " ".join(json.loads(line)["text"].split()): None
        for name in QUESTIONS
        for line in (folder / "retrieval" / name / "queries.jsonl").open()
    }
    shuffled = list(texts)
    random.Random(SEED).shuffle(shuffled)
    return shuffled


@contextlib.contextmanager
def made_once(name, folder, sources, parameters):
    """A folder named by what goes into it, locked while it is made; yields it and whether it is complete."""
    digest = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode())
    inputs = [path for source in sources for path in files(folder, source)]
    inputs += [folder / "retrieval" / question / "queries.jsonl" for question in QUESTIONS]
    for path in inputs:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    made = cache("bench", "data", f"{name}-{digest.hexdigest()[:12]}")
    with (made / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield made, (made / "complete").exists()
        (made / "complete").touch()


def write_about(made, parameters, rows):
    counts = {source: 0 for source, _ in rows}
    for source, _ in rows:
        counts[source] += 1
    about = {"parameters": parameters, "windows": len(rows), "from": counts}
    (made / "about.json").write_text(json.dumps(about, indent=1) + "\n")


def write_windows(path, rows):
    with path.open("w") as out:
        for number, (_, text) in enumerate(rows):
            out.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")


def lexical(limit=0):
    """The folder with windows.jsonl and queries.txt; `limit` windows spread over the sources (0: all)."""
    folder, parameters = shared() / "data", dict(LEXICAL, limit=limit)
    with made_once("lexical", folder, LEXICAL_SOURCES, parameters) as (made, complete):
        if not complete:
            rows = distinct_windows(folder, LEXICAL_SOURCES, parameters)
            if limit:
                rows = [rows[number * len(rows) // limit] for number in range(limit)]
            write_windows(made / "windows.jsonl", rows)
            (made / "queries.txt").write_text("\n".join(questions(folder)) + "\n")
            write_about(made, parameters, rows)
        return made


def vectors(binary, real=200_000, rows=1_000_000):
    """The folder with base.f32, queries.f32 and truth-N.i32, `real` rows of the base from real texts."""
    folder, parameters = shared() / "data", dict(VECTORS, real=real, rows=rows)
    with made_once("vectors", folder, VECTOR_SOURCES, parameters) as (made, complete):
        if not complete:
            if not (made / "texts.jsonl").exists():
                windows_of_all = distinct_windows(folder, VECTOR_SOURCES, parameters)
                random.Random(SEED).shuffle(windows_of_all)
                if len(windows_of_all) < real:
                    raise ValueError(f"there are {len(windows_of_all)} windows, {real} are wanted")
                write_about(made, parameters, windows_of_all[:real])
                write_windows(made / "texts.partial", windows_of_all[:real])
                (made / "texts.partial").rename(made / "texts.jsonl")
            texts = [json.loads(line)["text"] for line in (made / "texts.jsonl").open()]
            embed(binary, texts, made / "real.f32")
            embed(binary, questions(folder)[:QUERIES], made / "queries.f32", "--query")
            interpolate(made, rows)
            find_truth(made, rows)
        return made


def embed(binary, texts, path, *how):
    """Appends the vectors of the texts that `path` does not hold yet, a chunk at a time."""
    import numpy

    chunk_bytes = CHUNK * DIMENSION * 4
    done = path.stat().st_size if path.exists() else 0
    if done == len(texts) * DIMENSION * 4:
        return
    with scratch("data") as data, path.open("ab") as out:
        frontdesk = Frontdesk(binary, data)
        if not frontdesk.has_model(MODEL):
            sys.exit(f"error: the model is missing: {binary} model install {MODEL}")
        out.truncate(done // chunk_bytes * chunk_bytes)
        for start in range(done // chunk_bytes * CHUNK, len(texts), CHUNK):
            part = texts[start : start + CHUNK]
            command = ("embed", "--model", MODEL, "--threads", 2, *how, "-")
            lines = frontdesk.run(*command, stdin="\n".join(part).encode(), timeout=3600).out.splitlines()
            embedded = numpy.array([json.loads(line)["embedding"] for line in lines], numpy.float32)
            if embedded.shape != (len(part), DIMENSION):
                raise ValueError(f"{len(part)} texts gave vectors of shape {embedded.shape}")
            out.write(unit(embedded).tobytes())
            out.flush()
            print(f"embedded {start + len(part)} of {len(texts)}", file=sys.stderr, flush=True)


def unit(rows):
    import numpy

    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def load(path, rows=None):
    """The vectors of a file, mapped into memory."""
    import numpy

    mapped = numpy.memmap(path, numpy.float32, "r").reshape(-1, DIMENSION)
    return mapped if rows is None else mapped[:rows]


def interpolate(made, rows):
    """base.f32: the real vectors, then points between a random real one and one of its nearest."""
    import faiss
    import numpy

    real = numpy.array(load(made / "real.f32"))
    if (made / "base.f32").exists():
        return
    nearest = numpy.empty((len(real), NEIGHBOURS), numpy.int64)
    for start in range(0, len(real), BLOCK):
        block = real[start : start + BLOCK]
        found = faiss.knn(block, real, NEIGHBOURS + 1, metric=faiss.METRIC_INNER_PRODUCT)[1]
        # A row is its own nearest, except beside an equal one.
        itself = found == numpy.arange(start, start + len(block))[:, None]
        itself[~itself.any(axis=1), -1] = True
        nearest[start : start + BLOCK] = found[~itself].reshape(-1, NEIGHBOURS)
        print(f"neighbours of {start + len(block)} of {len(real)}", file=sys.stderr, flush=True)
    seeded = numpy.random.default_rng(SEED)
    with (made / "base.partial").open("wb") as out:
        out.write(real[:rows].tobytes())
        for start in range(len(real), rows, BLOCK):
            count = min(BLOCK, rows - start)
            first = seeded.integers(len(real), size=count)
            second = nearest[first, seeded.integers(NEIGHBOURS, size=count)]
            t = seeded.uniform(0.2, 0.8, (count, 1)).astype(numpy.float32)
            out.write(unit((1 - t) * real[first] + t * real[second]).tobytes())
    (made / "base.partial").rename(made / "base.f32")


def find_truth(made, rows):
    """truth-N.i32 for each N of `prefixes`, by exact search of the base, block after block."""
    import faiss
    import numpy

    base, queries = load(made / "base.f32"), numpy.array(load(made / "queries.f32"))
    scores = numpy.full((len(queries), TRUTH), -numpy.inf, numpy.float32)
    ids = numpy.full((len(queries), TRUTH), -1, numpy.int64)
    start = 0
    for end in sorted({*range(BLOCK, rows, BLOCK), *prefixes(rows)}):
        block = numpy.array(base[start:end])
        found = faiss.knn(queries, block, min(TRUTH, len(block)), metric=faiss.METRIC_INNER_PRODUCT)
        scores = numpy.hstack([scores, found[0]])
        ids = numpy.hstack([ids, found[1] + start])
        order = numpy.argsort(-scores, axis=1, kind="stable")[:, :TRUTH]
        scores, ids = numpy.take_along_axis(scores, order, 1), numpy.take_along_axis(ids, order, 1)
        if end in prefixes(rows):
            ids.astype(numpy.int32).tofile(made / f"truth-{end}.i32")
        start = end


def prefixes(rows):
    return sorted({rows, *(count for count in (10_000, 100_000, 1_000_000) if count < rows)})


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=("lexical", "vectors"))
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / ".build/release/frontdesk")
    parser.add_argument("--windows", type=int, default=0, help="this many windows (default: all)")
    parser.add_argument("--real", type=int, default=200_000, help="vectors of real texts")
    parser.add_argument("--rows", type=int, default=1_000_000, help="vectors in all")
    options = parser.parse_args()
    if shared() is None:
        print("skipped: there is no folder of real data (FRONTDESK_SHARED)")
        return 0
    environment.enter()
    if options.name in (None, "lexical"):
        print(lexical(options.windows))
    if options.name in (None, "vectors"):
        print(vectors(options.binary.resolve(), options.real, options.rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
