"""Questions to the knowledge base of ../shared/data/corpora/m365-support: its own, and those of another business."""

import json
import pathlib
import random

from frontdesk import ROOT, cache

KB, QUESTIONS = "m365", 100


def write_set(folder, queries, judgements=()):
    """An evaluation set without documents."""
    folder.mkdir()
    (folder / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    rows = ["query-id\tcorpus-id\tscore", *(f"{query}\t{document}\t1" for query, document in judgements)]
    (folder / "qrels.tsv").write_text("\n".join(rows) + "\n")
    (folder / "corpus.path").write_text(".")
    return folder


def own_questions():
    """Those that were written before any tuning, and which documents answer them."""
    lines = [
        json.loads(line)
        for name in ("m365-questions.jsonl", "m365-answerable.jsonl")
        for line in (ROOT / "tools/eval" / name).read_text().splitlines()
    ]
    queries = [{"_id": one["_id"], "text": one["text"], "answerable": True} for one in lines]
    return queries, [(one["_id"], document) for one in lines for document in one["documents"]]


def foreign_questions(data):
    """Of banking77's test questions, drawn with seed 1."""
    lines = (data / "data/intent/banking77/test.tsv").read_text().splitlines()[1:]
    random.Random(1).shuffle(lines)
    texts = [line.split("\t")[0] for line in lines[:QUESTIONS]]
    return [{"_id": f"b{place}", "text": text, "answerable": False} for place, text in enumerate(texts)]


def data_folder():
    return pathlib.Path(cache("eval", KB))


def ingest(frontdesk, data):
    """Makes the knowledge base, or brings it up to date (about five minutes the first time)."""
    frontdesk.json(
        "ingest", data / "data/corpora/m365-support", "--kb", KB, codes=(0, 3), timeout=3600
    )
