#!/usr/bin/env python3
"""faiss: HNSW over vectors of 8 bits a dimension (hnsw-sq8), or IVF over 4-bit PQ by fast scan whose best are
looked at again with 8 bits a dimension (ivf-pq), with the inner product.

Its own options: --kind hnsw-sq8|ivf-pq; for ivf-pq --nprobe 8,16,... and --k-factor 4,10,... (how many times
10 candidates are looked at again), which take the place of --ef.
"""

import math

import vector_peer

TRAINING_ROWS_A_LIST = 64
SEED = 1


class Faiss:
    package = "faiss-cpu"

    def __init__(self, options):
        import faiss

        self.faiss, self.options = faiss, options
        faiss.omp_set_num_threads(options.threads)

    def build(self, blocks, rows, path):
        import numpy

        index = self.empty(rows)
        seconds, waiting = 0, []
        for block in map(numpy.array, blocks):
            waiting.append(block)
            known = sum(map(len, waiting))
            if not index.is_trained and known >= min(rows, self.training_rows(rows)):
                seconds += vector_peer.timed(index.train, numpy.vstack(waiting))
            while index.is_trained and waiting:
                seconds += vector_peer.timed(index.add, waiting.pop(0))
        self.faiss.write_index(index, str(path))
        return seconds

    def load(self, path):
        self.index = self.faiss.read_index(str(path))
        self.faiss.omp_set_num_threads(1)

    def search(self, queries):
        return self.index.search(queries, vector_peer.K)[1]


class HNSW(Faiss):
    def __init__(self, options):
        super().__init__(options)
        self.parameters = {
            "kind": "hnsw-sq8",
            "m": options.m,
            "ef_construction": options.ef_construction,
        }

    def empty(self, rows):
        index = self.faiss.IndexHNSWSQ(
            vector_peer.data.DIMENSION,
            self.faiss.ScalarQuantizer.QT_8bit,
            self.options.m,
            self.faiss.METRIC_INNER_PRODUCT,
        )
        index.hnsw.efConstruction = self.options.ef_construction
        return index

    def training_rows(self, rows):
        return vector_peer.BLOCK

    def settings(self):
        return [{"ef": ef} for ef in self.options.ef]

    def set(self, ef):
        self.index.hnsw.efSearch = ef


class IVF(Faiss):
    def __init__(self, options):
        super().__init__(options)
        self.parameters = {"kind": "ivf-pq", "code": "PQ96x4fs-SQ8"}

    def empty(self, rows):
        lists = min(4096, round(4 * math.sqrt(rows)))
        index = self.faiss.index_factory(
            vector_peer.data.DIMENSION,
            f"IVF{lists},PQ96x4fs,Refine(SQ8)",
            self.faiss.METRIC_INNER_PRODUCT,
        )
        self.faiss.extract_index_ivf(index).cp.max_points_per_centroid = TRAINING_ROWS_A_LIST
        return index

    def training_rows(self, rows):
        return min(4096, round(4 * math.sqrt(rows))) * TRAINING_ROWS_A_LIST

    def settings(self):
        return [
            {"nprobe": nprobe, "k_factor": k_factor}
            for nprobe in self.options.nprobe
            for k_factor in self.options.k_factor
        ]

    def set(self, nprobe, k_factor):
        self.faiss.extract_index_ivf(self.index).nprobe = nprobe
        self.index.k_factor = k_factor


def add_arguments(parser):
    parser.add_argument("--kind", choices=("hnsw-sq8", "ivf-pq"), default="hnsw-sq8")
    parser.add_argument("--nprobe", type=vector_peer.numbers, default=[8, 16, 32, 64, 128, 256])
    parser.add_argument("--k-factor", type=vector_peer.numbers, default=[4, 10, 30])


if __name__ == "__main__":
    vector_peer.main(
        lambda options: HNSW(options) if options.kind == "hnsw-sq8" else IVF(options), add_arguments
    )
