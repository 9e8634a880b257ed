#!/usr/bin/env python3
"""usearch: HNSW over f16 or bf16, or over i8 without a second look at finer vectors, with the inner product.

Its own option: --dtype f16|bf16|i8.
"""

import vector_peer


class USearch:
    package = "usearch"

    def __init__(self, options):
        from usearch.index import Index

        self.options = options
        self.parameters = {
            "dtype": options.dtype,
            "m": options.m,
            "ef_construction": options.ef_construction,
        }
        self.index = Index(
            ndim=vector_peer.data.DIMENSION,
            metric="ip",
            dtype=options.dtype,
            connectivity=options.m,
            expansion_add=options.ef_construction,
        )

    def build(self, blocks, rows, path):
        import numpy

        seconds, start = 0, 0
        for block in blocks:
            keys = numpy.arange(start, start + len(block))
            seconds += vector_peer.timed(self.index.add, keys, block, threads=self.options.threads)
            start += len(block)
        self.index.save(str(path))
        return seconds

    def load(self, path):
        self.index.load(str(path))

    def settings(self):
        return [{"ef": ef} for ef in self.options.ef]

    def set(self, ef):
        self.index.expansion_search = ef

    def search(self, queries):
        return self.index.search(queries, vector_peer.K, threads=1).keys


if __name__ == "__main__":
    vector_peer.main(
        USearch, lambda parser: parser.add_argument("--dtype", choices=("f16", "bf16", "i8"), default="f16")
    )
