"""Brings an ONNX graph that others made into the form that OnnxEngine serves.

Its inputs become one matrix (rows, features), or one column (rows, 1) a feature in the
signature's order. Its outputs become labels or numbers (rows,), or numbers (rows, targets), then
probabilities (rows, classes). Only importing needs this, and with it the package onnx.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..artifact import ArtifactError
from ..converting.parity import Answers, compare
from ..fitted.knowledge import Known
from ..onnx_session import onnx_session
from ..predictor import INPUTS, OnnxEngine
from ..rows import Row
from ..signature import Feature, FeatureType, Signature, Task, brief
from ..validation import listed
from . import graph_outputs
from .graph_nodes import rewritten, without_maps
from .graph_outputs import Tables

Run = Callable[[list[np.ndarray]], list[Any]]  # what goes into each input; what comes out of each
ANEW = "export it anew with a dynamic number of rows"
FLOATS = {"tensor(float)", "tensor(double)"}
WHOLE, NUMBERS = {"integer", "boolean"}, {"number", "integer", "boolean"}
TAKES = {  # what an input takes, and of which types its features may be
    "tensor(float)": ("numbers", NUMBERS),
    "tensor(double)": ("numbers", NUMBERS),
    "tensor(int64)": ("whole numbers", WHOLE),
    "tensor(int32)": ("whole numbers", WHOLE),
    "tensor(bool)": ("true or false", {"boolean"}),
    "tensor(string)": ("text", {"category", "text"}),
}


class Brought(NamedTuple):
    """A graph in our form, the signature with its classes, and how it compares to the original."""

    content: bytes
    signature: Signature
    parity: dict[str, Any]


def read(path: Path) -> "Graph":
    """Read an ONNX file, and the tensors it keeps in files beside it. Raises ArtifactError."""
    import onnx

    try:
        model = onnx.load(path)  # refuses tensors in other folders
        model.SerializeToString()
    except Exception as error:
        mend = "export it anew, below 2 GB, and keep the files of its tensors beside it"
        raise ArtifactError(f"{path} is no whole ONNX file ({brief(error)}); {mend}.") from error
    if not model.graph.node:
        raise ArtifactError(f"{path} holds no ONNX graph; export the model anew.")
    return Graph(model)


class Graph:
    """A graph as it came; `classes` are those of its scores, in their order, if one knows it.

    `run` is the original where that is not the graph itself. Raises ArtifactError when
    onnxruntime cannot run it.
    """

    def __init__(self, model: Any, run: Run | None = None) -> None:
        self.model, self.classes = without_maps(model)
        self.session = _session(self.model)
        inputs = self.session.get_inputs()
        self.names = [node.name for node in inputs]
        self.run = run or self._run
        outputs = self.session.get_outputs()
        self.answers_text = any(out.type == "tensor(string)" for out in outputs)
        if len(inputs) > 1:
            self.feature_names_in_ = self.names
        elif isinstance(width := (inputs[0].shape or [None])[-1], int):
            self.n_features_in_ = width

    def known(self, columns: Sequence[str]) -> dict[str, Known]:
        """What its inputs tell of the columns it takes."""
        nodes = {_plain(node.name): node.type for node in self.session.get_inputs()}
        one = next(iter(nodes.values())) if len(nodes) == 1 else ""
        return {column: _known(nodes.get(_plain(column)) or one) for column in columns}

    def task(self, y: Any) -> Task:
        """What it is for, by its outputs and the true answers, (rows,) or (rows, targets)."""
        values = np.asarray(y)
        if values.ndim == 2 or (values.dtype.kind == "f" and (values % 1).any()):
            return "regression"
        outputs = self.session.get_outputs()
        wide = any(len(out.shape) == 2 and out.shape[1] not in (None, 1) for out in outputs)
        scored = wide or any(out.type not in FLOATS for out in outputs)
        numeric = values.dtype.kind in "fiu"
        return "regression" if numeric and not scored and {*values} != {0, 1} else "classification"

    def bring(self, signature: Signature, rows: list[Row]) -> Brought:
        """Put it into our form, and prove that it answers checked `rows` as the original does.

        Raises ArtifactError, with the mend, when it cannot be served.
        """
        inputs = _inputs(self.session, signature.features)
        batch = next((node.batch for node in inputs if node.batch), None)
        outputs = self._answers(inputs, rows, batch or len(rows))
        if signature.task == "regression":
            reading = graph_outputs.numbers(outputs, len(signature.output.targets or [1]))
        else:
            known = signature.output.classes or []
            reading = graph_outputs.classes(outputs, known, self.classes)
            found = {"classes": sorted(reading.classes), "probabilities": reading.has_shares}
            output = signature.output.model_copy(update=found)
            signature = signature.model_copy(update={"output": output})
        expected = reading.answers(outputs)
        first: Answers = expected[0][:1], None if expected[1] is None else expected[1][:1]
        ordered = sorted(inputs, key=lambda node: signature.features.index(node.features[0]))
        widths = {node.name: None if node.flat else len(node.features) for node in ordered}
        try:
            content = rewritten(self.model, widths, reading)
            engine = OnnxEngine(content, signature.features)
            parity = compare(engine.run(rows), expected)
            agrees = parity["agrees"] and compare(engine.run(rows[:1]), first)["agrees"]
        except Exception as error:
            why = f"takes {batch} rows at a time" if batch else f"cannot be served ({brief(error)})"
            raise ArtifactError(f"The model {why}; {ANEW}.") from error
        if not agrees:
            why = "The model answers a row otherwise when others are beside it"
            raise ArtifactError(f"{why}; put it into evaluation mode (`model.eval()`) and {ANEW}.")
        return Brought(content, signature, parity)

    def _run(self, cells: list[np.ndarray]) -> list[Any]:
        outputs: list[Any] = self.session.run(None, dict(zip(self.names, cells, strict=True)))
        return outputs

    def _answers(self, inputs: list["_Input"], rows: list[Row], size: int) -> Tables:
        """What each output gives for all rows, asked for `size` of them at a time."""
        names, parts = [node.name for node in self.session.get_outputs()], []
        for start in range(0, len(rows), size):
            chunk = rows[start : start + size]
            filled = chunk + chunk[-1:] * (size - len(chunk))
            try:
                given = self.run([node.cells(filled) for node in inputs])
            except Exception as error:
                raise ArtifactError(f"The model fails on the data: {brief(error)}.") from error
            tables = [_table(name, out, size) for name, out in zip(names, given, strict=True)]
            parts.append([table[: len(chunk)] for table in tables])
        return dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True))


@dataclass(frozen=True)
class _Input:
    name: str
    features: list[Feature]
    dtype: Any
    gap: Any
    flat: bool  # takes (rows,), not (rows, features)
    batch: int | None  # how many rows it takes at a time, if not any

    def cells(self, rows: list[Row]) -> np.ndarray:
        keys = [feature.name for feature in self.features]
        cells = [[self.gap if (v := row[key]) is None else v for key in keys] for row in rows]
        found = np.array(cells, self.dtype)
        return found.reshape(-1) if self.flat else found


def _known(node: str) -> Known:
    if node in FLOATS:
        return Known(type="number", by="an input of the graph")
    types: dict[str, FeatureType] = {"tensor(bool)": "boolean"}
    types |= {"tensor(int64)": "integer", "tensor(int32)": "integer"}
    dtype = "object" if node == "tensor(string)" else None
    return Known(type=types.get(node), dtype=dtype, by="an input of the graph")


def _session(model: Any) -> Any:
    try:
        return onnx_session(model.SerializeToString())
    except Exception as error:
        mend = "export it in 32 bits, for an older opset, of ONNX's own operators"
        said = " ".join(str(error).split())
        why = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (/\S+ .*?\) )?", "", said)[:300]
        raise ArtifactError(f"onnxruntime cannot run the model: {why}; {mend}.") from error


def _inputs(session: Any, features: list[Feature]) -> list[_Input]:
    """What each input takes, in their order. Raises ArtifactError."""
    nodes, columns = session.get_inputs(), [feature.name for feature in features]
    by_name = {_plain(feature.name): feature for feature in features}
    if len(nodes) > 1 and sorted(_plain(node.name) for node in nodes) != sorted(by_name):
        takes = f"The model takes {listed(node.name for node in nodes)}"
        mend = "export it with one matrix, or with an input for each column, named after it"
        raise ArtifactError(f"{takes}, and the data has the columns {listed(columns)}; {mend}.")
    found = []
    for node in nodes:
        group = features if len(nodes) == 1 else [by_name[_plain(node.name)]]
        shape = node.shape or [None, None]
        if len(shape) > 2 or (len(shape) == 1 and len(group) > 1):
            takes = f"Input {node.name!r} takes arrays of shape {shape}"
            raise ArtifactError(f"{takes}; what is served are rows of columns: {ANEW}.")
        width = shape[1] if len(shape) == 2 else 1
        if isinstance(width, int) and width != len(group):
            has = f"the data has {len(columns)}: {listed(columns)}"
            raise ArtifactError(f"Input {node.name!r} takes {width} columns, and {has}.")
        _check(node, group)
        batch = shape[0] if isinstance(shape[0], int) else None
        found.append(_Input(node.name, group, *INPUTS[node.type], len(shape) == 1, batch))
    return found


def _check(node: Any, group: list[Feature]) -> None:
    if node.type not in TAKES:
        raise ArtifactError(f"Input {node.name!r} takes {node.type}; served are {listed(TAKES)}.")
    what, types = TAKES[node.type]
    for feature in group:
        if feature.type not in types:
            column = f"column {feature.name!r} is of type {feature.type}"
            mend = "prepare the data as in training, or put the preparation into the model"
            raise ArtifactError(f"Input {node.name!r} takes {what}, and {column}; {mend}.")
        if feature.missing and INPUTS[node.type][1] is None:
            gaps = f"Column {feature.name!r} has gaps, which an input of {what} cannot hold"
            raise ArtifactError(f"{gaps}; fill them, or leave out those rows.")


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name)  # as many converters write names


def _table(name: str, values: Any, rows: int) -> np.ndarray:
    """An output as an array (rows, columns). Raises ArtifactError."""
    shape = getattr(values, "shape", None)
    if shape is None or len(shape) not in (1, 2) or shape[0] != rows:
        gives = f"Output {name!r} gives {shape or type(values).__name__} for {rows} rows"
        raise ArtifactError(f"{gives}; served are a label, a number or scores a row: {ANEW}.")
    table: np.ndarray = values.reshape(rows, -1)
    return table
