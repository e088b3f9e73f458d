"""Rewrites the ends of an ONNX graph: what it takes and gives, in the form OnnxEngine serves."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..signature import Class
from .graph_outputs import Reading


def without_maps(model: Any) -> tuple[Any, list[Class]]:
    """A copy that gives scores (rows, classes) where it gave objects {class: score}.

    With it come the classes, in the order of the scores, if there were such objects.
    """
    from onnx import ModelProto

    made, classes = ModelProto(), list[Class]()
    made.CopyFrom(model)
    for node in [node for node in made.graph.node if node.op_type == "ZipMap"]:
        named = next(a for a in node.attribute if a.name.startswith("classlabels"))
        classes = [text.decode() for text in named.strings] or list(named.ints)
        out = next(out for out in made.graph.output if out.name == node.output[0])
        out.Clear()
        out.name = node.input[0]  # onnxruntime infers its type
        made.graph.node.remove(node)
    return made, classes


def rewritten(model: Any, inputs: Mapping[str, int | None], reading: Reading) -> bytes:
    """A copy of `model` that takes `inputs` in this order, and gives what `reading` says.

    An input has its number of columns, or None for one that takes (rows,).
    """
    from onnx import ModelProto, helper

    made = ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    if not any(entry.domain in ("", "ai.onnx") for entry in made.opset_import):
        made.opset_import.append(helper.make_opsetid("", 13))
    types = {v.name: v.type.tensor_type.elem_type for v in (*graph.input, *graph.output)}
    before, after, takes = _Nodes("served_in"), _Nodes("served_out"), []
    for name, columns in inputs.items():
        first = name if columns else f"served_{name}"
        takes.append(helper.make_tensor_value_info(first, types[name], ["rows", columns or 1]))
        if columns is None:
            before.add("Reshape", first, before.constant([-1]), out=name)
    takes += [entry for entry in graph.input if entry.name not in inputs]  # constants, once
    gives = list(_gives(after, reading, types))
    _replace(graph.node, [*before.nodes, *graph.node, *after.nodes])
    _replace(graph.input, takes)
    _replace(graph.output, gives)
    _replace(graph.value_info, [])  # may hold a fixed number of rows
    return bytes(made.SerializeToString())


def _replace(field: Any, values: Iterable[Any]) -> None:
    copies = [type(value).FromString(value.SerializeToString()) for value in values]
    del field[:]
    field.extend(copies)


class _Nodes:
    """Nodes to add to a graph; their outputs are named after `prefix`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.nodes: list[Any] = []

    def add(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        from onnx import helper

        out = out or f"{self.prefix}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def constant(self, values: Any, dtype: Any = np.int64) -> str:
        from onnx import numpy_helper

        return self.add("Constant", value=numpy_helper.from_array(np.array(values, dtype)))


def _gives(nodes: _Nodes, reading: Reading, types: Mapping[str, int]) -> Iterable[Any]:
    from onnx import TensorProto, helper

    label, shares, kind = reading.label, None, int(TensorProto.INT64)
    wide = [reading.targets] if reading.targets > 1 else []
    if reading.scores is not None:
        shares = _probabilities(nodes, reading, types[reading.scores])
    if label is None:
        label = nodes.add("ArgMax", shares or "", axis=1, keepdims=0)
    else:
        kind = types[label]
        if not reading.classes and kind not in (TensorProto.FLOAT, TensorProto.DOUBLE):
            label, kind = nodes.add("Cast", label, to=TensorProto.FLOAT), TensorProto.FLOAT
        label = nodes.add("Reshape", label, nodes.constant([-1, *wide]))
    if reading.coded:
        names = np.array(sorted(reading.classes))
        names = names.astype(object) if names.dtype.kind == "U" else names
        kind = helper.np_dtype_to_tensor_dtype(names.dtype)
        label = nodes.add("Gather", nodes.constant(names, names.dtype), label, axis=0)
    yield helper.make_tensor_value_info(label, kind, ["rows", *wide])
    if shares is not None and reading.has_shares:
        columns = len(reading.classes)
        yield helper.make_tensor_value_info(shares, TensorProto.FLOAT, ["rows", columns])


def _probabilities(nodes: _Nodes, reading: Reading, kind: int) -> str:
    """PROBABILITIES, and the order of the classes, in ONNX."""
    from onnx import TensorProto

    step, scores = reading.step, reading.scores or ""
    if kind != TensorProto.FLOAT:
        scores = nodes.add("Cast", scores, to=TensorProto.FLOAT)
    if step == "softmax":
        scores = nodes.add("Softmax", scores, axis=1)
    elif step in ("of the second", "logit of the second"):
        second = nodes.add("Reshape", scores, nodes.constant([-1, 1]))
        if step == "logit of the second":
            second = nodes.add("Sigmoid", second)
        first = nodes.add("Sub", nodes.constant([1], np.float32), second)
        scores = nodes.add("Concat", first, second, axis=1)
    return nodes.add("Gather", scores, nodes.constant(reading.order), axis=1)
