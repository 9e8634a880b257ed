"""Reads a data folder as a killed process left it, without touching it: a copy is opened, not the store."""

import pathlib
import shutil
import sqlite3
import tempfile


class State:
    """The live documents of one knowledge base, by external id, and what does not fit together."""

    def __init__(self, documents, faults, head):
        self.documents, self.faults, self.head = documents, faults, head

    @property
    def texts(self):
        """What a user can see of each document: title, text and chunk texts, without internal ids."""
        return {
            name: (d["title"], d["text"], [c[1] for c in d["chunks"]]) for name, d in self.documents.items()
        }

    @property
    def chunk_count(self):
        return sum(len(d["chunks"]) for d in self.documents.values())


def read(data, kb):
    """The state of `kb` in the folder `data`; an empty one where nothing was made yet."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-state-") as folder:
        for file in pathlib.Path(data).glob("knowledge.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, folder)
        path = pathlib.Path(folder, "knowledge.db")
        if not path.exists():
            return State({}, [], 0)
        database = sqlite3.connect(path)
        try:
            return _read(database, kb)
        finally:
            database.close()


def _read(database, kb):
    faults = [row[0] for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
    faults += [f"foreign key: {row}" for row in database.execute("PRAGMA foreign_key_check")]
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "documents" not in tables:
        return State({}, faults, 0)
    row = database.execute(
        "SELECT id, document_count, chunk_count FROM knowledge_bases WHERE name = ?", (kb,)
    ).fetchone()
    if row is None:
        return State({}, faults, 0)
    identifier, document_count, chunk_count = row
    documents = {}
    by_id = {}
    for number, name, version, generation, title, count, text in database.execute(
        "SELECT d.id, d.external_id, d.version, d.generation, d.title, d.chunk_count, v.text FROM documents d"
        " LEFT JOIN versions v ON v.document = d.id AND v.version = d.version WHERE d.kb = ? AND d.live = 1",
        (identifier,),
    ):
        if text is None:
            faults.append(f"{name}: no text of version {version}")
        documents[name] = by_id[number] = {
            "id": number,
            "version": version,
            "generation": generation,
            "title": bytes(title),
            "text": bytes(text or b""),
            "chunks": [],
            "count": count,
        }
    for number, chunk, text in database.execute(
        "SELECT document, id, text FROM chunks WHERE document IN (SELECT id FROM documents WHERE kb = ?)"
        " ORDER BY document, ordinal",
        (identifier,),
    ):
        if number in by_id:
            by_id[number]["chunks"].append((chunk, bytes(text)))
        else:
            faults.append(f"chunk {chunk}: its document {number} is not live")
    for name, document in documents.items():
        if document.pop("count") != len(document["chunks"]):
            faults.append(f"{name}: its chunk count is not that of its chunks")
    feed = dict(
        database.execute(
            "SELECT document, seq FROM changes WHERE kb = ? AND document IS NOT NULL", (identifier,)
        )
    )
    for name, document in documents.items():
        if feed.get(document["id"]) != document["generation"]:
            faults.append(f"{name}: generation {document['generation']}, feed {feed.get(document['id'])}")
    if document_count != len(documents) or chunk_count != sum(len(d["chunks"]) for d in documents.values()):
        faults.append("the knowledge base's counts are not those of its documents")
    head = database.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0]
    return State(documents, faults, head)
