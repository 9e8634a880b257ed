#!/usr/bin/env python3
"""bm25s: BM25 as Lucene has it, k1 1.2, b 0.75, exact lengths, scores computed when the index is built.

Searched by its numba backend, compiled before anything is timed; the terms of queries are numbers beforehand.
"""

import lexical_peer


class BM25S:
    package = "bm25s"

    def __init__(self, options):
        import bm25s

        self.bm25s, self.options = bm25s, options
        self.index = bm25s.BM25(k1=1.2, b=0.75, method="lucene", backend="numba")
        self.index.index([["a"], ["b"]], show_progress=False)
        self.index.retrieve([[0]], k=1, show_progress=False)

    def prepare(self, rows):
        self.ids = [row["id"] for row in rows]
        return [row["text"] if self.options.text else row["terms"].split() for row in rows]

    def build(self, passages):
        if self.options.text:
            import Stemmer

            stemmer = Stemmer.Stemmer("english")
            passages = self.bm25s.tokenize(passages, stopwords="en", stemmer=stemmer, show_progress=False)
        self.index.index(passages, show_progress=False)
        self.index.save(self.options.work, show_progress=False)

    def measured(self):
        return lexical_peer.on_disk(self.options.work, lambda path: path.name)

    def prepare_query(self, terms):
        return [self.index.get_tokens_ids(terms)]

    def search(self, query):
        if not query[0]:
            return None
        limit = min(self.options.limit, len(self.ids))
        return self.index.retrieve(query, k=limit, show_progress=False)

    def hits(self, found):
        places, scores = found or ([[]], [[]])
        return [[self.ids[place], float(score)] for place, score in zip(places[0], scores[0]) if score > 0]


if __name__ == "__main__":
    lexical_peer.main(BM25S)
