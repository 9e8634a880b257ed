"""ONNX Runtime at its best: the fastest of its ways to run a graph, and of its dynamically quantised forms."""

import concurrent.futures
import time

import onnxruntime
from frontdesk import median
from onnxruntime.quantization import QuantType, quantize_dynamic


class ONNXRuntime:
    """ONNX Runtime on one graph: a session with all threads inside, and one a core."""

    def __init__(self, name, path, threads):
        def session(inside):
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads, options.inter_op_num_threads = inside, 1
            return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

        self.name = name
        self.inside = session(threads)
        self.each = [session(1) for _ in range(threads)] if threads > 1 else []
        self.way = None

    def run(self, session, inputs):
        return session.run(None, inputs)[0]

    def seconds(self, inputs, batch, spread):
        count = len(next(iter(inputs.values())))
        batches = [
            {name: rows[start : start + batch] for name, rows in inputs.items()}
            for start in range(0, count, batch)
        ]
        began = time.perf_counter()
        if spread:
            with concurrent.futures.ThreadPoolExecutor(len(self.each)) as pool:
                shares = [batches[i :: len(self.each)] for i in range(len(self.each))]
                list(
                    pool.map(
                        lambda pair: [self.run(pair[0], part) for part in pair[1]], zip(self.each, shares)
                    )
                )
        else:
            for part in batches:
                self.run(self.inside, part)
        return time.perf_counter() - began

    def prepare(self, inputs):
        """Finds the fastest way to run all rows of some inputs; its seconds."""
        ways = [
            (batch, spread) for batch in (1, 4, 16) for spread in ([False, True] if self.each else [False])
        ]
        self.inputs = inputs
        self.seconds({name: rows[:2] for name, rows in inputs.items()}, 1, bool(self.each))
        best, self.way = min((min(self.seconds(inputs, *way) for _ in range(2)), way) for way in ways)
        return best

    def per_second(self):
        return len(next(iter(self.inputs.values()))) / self.seconds(self.inputs, *self.way)

    def question_ms(self, inputs):
        sessions = [self.inside, *self.each[:1]]
        return min(median([self._timed(session, inputs) for _ in range(20)]) for session in sessions) * 1000

    def _timed(self, session, inputs):
        began = time.perf_counter()
        self.run(session, inputs)
        return time.perf_counter() - began


def quantised(path, work):
    """The four dynamically quantised forms of a graph."""
    for per_channel in (False, True):
        for reduce_range in (False, True):
            target = work / f"int8-{per_channel}-{reduce_range}.onnx"
            quantize_dynamic(
                path,
                target,
                per_channel=per_channel,
                reduce_range=reduce_range,
                weight_type=QuantType.QInt8,
                extra_options={"DefaultTensorType": 1},
            )
            yield target
