"""A BERT as an ONNX graph of ONNX Runtime's own fused operators: the fastest form that it runs in fp32.

Built from the safetensors file that `frontdesk model install` leaves. Input `ids` [batch, tokens] of equal
lengths, so that no mask is needed. An embedder's output is `vectors` [batch, 384], mean pooled, of length 1; a
reranker has a further input `types` [batch, tokens], and the output `scores` [batch, 1].
"""

import json

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

HEADS, WIDTH, EPSILON = 12, 384, 1e-12
FUSED = "com.microsoft"


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    return {
        name: numpy.frombuffer(body[slice(*entry["data_offsets"])], numpy.float32).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


def build(weights_path, target, layers=6, is_reranker=False):
    weights = {name.removeprefix("bert."): value for name, value in read_safetensors(weights_path).items()}
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(numpy.asarray(value, order="C"), name))
        return name

    def node(kind, inputs, output, domain="", **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], domain=domain, **attributes))
        return output

    def weight(name, transposed=False):
        value = weights[name]
        return constant(name, value.T if transposed else value)

    def skip_norm(x, skip, bias, norm, output):
        return node(
            "SkipLayerNormalization",
            [x, skip, weight(norm + ".weight"), weight(norm + ".bias"), weight(bias)],
            output,
            FUSED,
            epsilon=EPSILON,
        )

    positions = weights["embeddings.position_embeddings.weight"]
    types = "embeddings.token_type_embeddings.weight"
    if not is_reranker:
        # Token type 0 throughout: its row goes into the positions.
        positions = positions + weights[types][0]
    node("Gather", [weight("embeddings.word_embeddings.weight"), "ids"], "words")
    node("Shape", ["ids"], "tokens", start=1, end=2)
    node("Slice", [constant("positions", positions), constant("zero", numpy.array([0])), "tokens"], "places")
    embedded = node("Add", ["words", "places"], "embedded")
    if is_reranker:
        embedded = node("Add", [embedded, node("Gather", [weight(types), "types"], "typed")], "typed words")
    x = node(
        "LayerNormalization",
        [embedded, weight("embeddings.LayerNorm.weight"), weight("embeddings.LayerNorm.bias")],
        "layer.input",
        epsilon=EPSILON,
    )
    for number in range(layers):
        layer = f"encoder.layer.{number}."
        parts = [layer + "attention.self." + part for part in ("query", "key", "value")]
        attended = node(
            "Attention",
            [
                x,
                constant(
                    layer + "qkv.weight", numpy.concatenate([weights[p + ".weight"].T for p in parts], axis=1)
                ),
                constant(layer + "qkv.bias", numpy.concatenate([weights[p + ".bias"] for p in parts])),
            ],
            layer + "attended",
            FUSED,
            num_heads=HEADS,
        )
        projected = node(
            "MatMul", [attended, weight(layer + "attention.output.dense.weight", True)], layer + "projected"
        )
        x = skip_norm(
            projected,
            x,
            layer + "attention.output.dense.bias",
            layer + "attention.output.LayerNorm",
            layer + "middle",
        )
        wide = node("MatMul", [x, weight(layer + "intermediate.dense.weight", True)], layer + "wide")
        active = node("BiasGelu", [wide, weight(layer + "intermediate.dense.bias")], layer + "active", FUSED)
        narrow = node("MatMul", [active, weight(layer + "output.dense.weight", True)], layer + "narrow")
        x = skip_norm(narrow, x, layer + "output.dense.bias", layer + "output.LayerNorm", layer + "end")
    inputs, outputs = ["ids"], ("vectors", WIDTH)
    if is_reranker:
        inputs, outputs = ["ids", "types"], ("scores", 1)
        node("Gather", [x, constant("first", numpy.array(0))], "start", axis=1)
        dense = [weight("pooler.dense.weight"), weight("pooler.dense.bias")]
        node("Tanh", [node("Gemm", ["start", *dense], "pooled", transB=1)], "active start")
        head = [weight("classifier.weight"), weight("classifier.bias")]
        node("Gemm", ["active start", *head], "scores", transB=1)
    else:
        node("ReduceMean", [x, constant("one", numpy.array([1]))], "mean", keepdims=0)
        node("LpNormalization", ["mean"], "vectors", axis=-1, p=2)
    graph = helper.make_graph(
        nodes,
        "bert",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info(outputs[0], TensorProto.FLOAT, ["batch", outputs[1]])],
        constants,
    )
    model = helper.make_model(
        graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(FUSED, 1)]
    )
    onnx.save(model, target)
