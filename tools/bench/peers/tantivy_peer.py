#!/usr/bin/env python3
"""tantivy: BM25 with k1 1.2, b 0.75 over frequencies without positions; passage lengths are quantised.

One writer thread whose memory holds all passages leaves one segment, the form that is searched fastest; more
leave one each, for the Python package cannot merge. Queries are built of term queries beforehand, and a
search is timed until the scores and places of its hits are known; ids are read from a fast field, which is
not timed.
"""

import lexical_peer

HEAP_BYTES = 2_000_000_000


class Tantivy:
    package = "tantivy"

    def __init__(self, options):
        import tantivy

        self.tantivy, self.options = tantivy, options
        builder = tantivy.SchemaBuilder()
        builder.add_unsigned_field("id", fast=True)
        analysis = "en_stem" if options.text else "whitespace"
        builder.add_text_field("body", tokenizer_name=analysis, index_option="freq")
        self.schema = builder.build()

    def prepare(self, rows):
        field = "text" if self.options.text else "terms"
        from_dict = self.tantivy.Document.from_dict
        return [from_dict({"id": row["id"], "body": row[field]}, self.schema) for row in rows]

    def build(self, documents):
        index = self.tantivy.Index(self.schema, str(self.options.work))
        writer = index.writer(HEAP_BYTES, self.options.threads)
        for document in documents:
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self.searcher = index.searcher()

    def measured(self):
        sizes = lexical_peer.on_disk(self.options.work, lambda path: path.suffix or path.name)
        return {"segments": self.searcher.num_segments, **sizes}

    def prepare_query(self, terms):
        should = self.tantivy.Occur.Should
        return self.tantivy.Query.boolean_query(
            [(should, self.tantivy.Query.term_query(self.schema, "body", term, "freq")) for term in terms]
        )

    def search(self, query):
        return self.searcher.search(query, self.options.limit, count=False)

    def hits(self, found):
        scores = [score for score, _ in found.hits]
        ids = self.searcher.fast_field_values("id", [address for _, address in found.hits])
        return [[int(number), score] for number, score in zip(ids, scores)]


if __name__ == "__main__":
    lexical_peer.main(Tantivy)
