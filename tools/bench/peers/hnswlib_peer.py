#!/usr/bin/env python3
"""hnswlib: HNSW over float32 with the inner product, compiled for this processor."""

import vector_peer


class HNSWLib:
    package = "hnswlib"

    def __init__(self, options):
        import hnswlib

        self.options = options
        self.parameters = {"dtype": "f32", "m": options.m, "ef_construction": options.ef_construction}
        self.index = hnswlib.Index("ip", vector_peer.data.DIMENSION)

    def build(self, blocks, rows, path):
        self.index.init_index(
            rows, M=self.options.m, ef_construction=self.options.ef_construction, random_seed=1
        )
        seconds = sum(
            vector_peer.timed(self.index.add_items, block, num_threads=self.options.threads)
            for block in blocks
        )
        self.index.save_index(str(path))
        return seconds

    def load(self, path):
        self.index.load_index(str(path))
        self.index.set_num_threads(1)

    def settings(self):
        return [{"ef": ef} for ef in self.options.ef]

    def set(self, ef):
        self.index.set_ef(ef)

    def search(self, queries):
        return self.index.knn_query(queries, k=vector_peer.K)[0]


if __name__ == "__main__":
    vector_peer.main(HNSWLib)
