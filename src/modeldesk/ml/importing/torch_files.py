"""Makes ONNX of PyTorch's files: exported programs (.pt2) and TorchScript (.pt, .pth).

Neither is plain data. A program names the functions it calls and holds Python expressions and
pickles; TorchScript is a language of its own, some of which runs while a file is loaded. PyTorch
trusts them, so it gets a file only after it is seen to hold tensors and their arithmetic alone.
"""

import io
import json
import logging
import os
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from ..artifact import ArtifactError
from ..libraries import need
from ..signature import brief
from .graph import Graph

EXPORT = (
    "export it where it was trained: `rows = torch.export.Dim('rows')`, then `torch.export.save("
    "torch.export.export(model.eval(), (example,), dynamic_shapes=({0: rows},)), 'model.pt2')`"
)
PARTS = (  # of the archive of a program; others may be compiled code or pickles
    r"models/model\.json|data/weights/weight_\d+|data/constants/tensor_\d+|\.data/\w+|\w+"
    r"|data/(weights|constants)/model_\w+_config\.json|data/sample_inputs/model\.pt"
)
WORDS = r"[\w.]*"
CALLS = r"torch\.ops\.(aten|prims)\.(?!save\b|load\b|from_file\b)\w+\.\w+|torch\.sym_\w+"
CALLS += r"|_operator\.[a-z]+|math\.[a-z]+"
SIZES = r"(Symbol\('\w+'|[A-Z]\w*|[su]\d+|(positive|integer)=|[\d\s.,()+*/<>=-])*"
TREES = r"(builtins|collections)\.(tuple|list|dict|OrderedDict)|\w*|\[[\w\", ]*\]"
RULES = {"target": CALLS, "as_operator": CALLS, "expr_str": SIZES, "type": TREES, "context": TREES}
FREE = {"as_string", "as_strings", "metadata", "guards_code", "torch_version"}  # are not run here
SCRIPT_CODE = r"__setstate__|\btorch\.(save|load|from_file)\b|\bops\.(?!prim\b)|torch\.classes"


def read(path: Path, columns: int) -> Graph:
    """Read a program for a table of `columns` as a graph, which is compared with PyTorch itself.

    Raises ArtifactError when PyTorch is missing, or the file is of another kind.
    """
    content = path.read_bytes()
    names = _names(content)
    script = any("/code/" in name for name in names)
    if not script and not any(name.endswith("/models/model.json") for name in names):
        raise ArtifactError(f"{path} holds weights or a pickle, not a program; {EXPORT}.")
    for fault in _script_faults(content) if script else _program_faults(content):
        raise ArtifactError(f"{path} holds more than tensors and arithmetic: {fault}; {EXPORT}.")
    torch, _ = need(f"A model in {path.suffix}", "torch", "onnxscript")
    try:
        with _careful():
            make = _from_script if script else _from_program
            model, program = make(torch, io.BytesIO(content), columns)
    except Exception as error:
        raise ArtifactError(f"{path} cannot become ONNX: {brief(error)}; {EXPORT}.") from error

    def run(cells: list[np.ndarray]) -> list[Any]:
        with torch.no_grad():
            found = program(*map(torch.from_numpy, cells))
        found = [found] if isinstance(found, torch.Tensor) else found
        found = found.values() if isinstance(found, dict) else found
        return [out.detach().numpy() for out in found]

    return Graph(model, run)


def _from_program(torch: Any, file: io.BytesIO, _: int) -> tuple[Any, Any]:
    program = torch.export.load(file)
    program._guards_code = []  # is Python code, and checks shapes that are checked anyway
    return torch.onnx.export(program, dynamo=True, verbose=False).model_proto, program.module()


def _from_script(torch: Any, file: io.BytesIO, columns: int) -> tuple[Any, Any]:
    import onnx

    program, out = torch.jit.load(file, map_location="cpu").eval(), io.BytesIO()
    names = [argument.name for argument in program.forward.schema.arguments[1:]]
    example = _example(torch, program, len(names), columns)
    axes = {name: {0: "rows"} for name in names}
    with patch.object(torch._C, "_jit_onnx_log", create=True):  # prints what cannot be exported
        torch.onnx.export(  # the new exporter takes no scripts
            program, example, out, dynamo=False, input_names=names, dynamic_axes=axes
        )
    return onnx.load_from_string(out.getvalue()), program


def _example(torch: Any, program: Any, inputs: int, columns: int) -> tuple[Any, ...]:
    """Two rows that a script takes; it does not say in which shape and type."""
    for dtype in (torch.float32, torch.float64, torch.int64):
        for shape in [(2, columns)] if inputs == 1 else [(2, 1), (2,)]:
            example = tuple(torch.ones(shape, dtype=dtype) for _ in range(inputs))
            with suppress(RuntimeError, IndexError), torch.no_grad():
                program(*example)
                return example
    raise ArtifactError(f"it takes neither rows of {columns} numbers nor a column each")


@contextmanager
def _careful() -> Iterator[None]:
    """Quietly, and with pickles of tensors alone, even where PyTorch would take any."""
    tensors_only = patch.dict(os.environ, TORCH_FORCE_WEIGHTS_ONLY_LOAD="1")
    with warnings.catch_warnings(), tensors_only:
        warnings.simplefilter("ignore")
        logging.disable()
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


def _names(content: bytes) -> list[str]:
    try:
        return zipfile.ZipFile(io.BytesIO(content)).namelist()
    except zipfile.BadZipFile:
        return []


def _script_faults(content: bytes) -> Iterator[str]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    for name in archive.namelist():
        if name.endswith(".py") and (found := re.search(SCRIPT_CODE, archive.read(name).decode())):
            yield found[0]


def _program_faults(content: bytes) -> Iterator[str]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = archive.namelist()
    parts = [name.partition("/")[2] for name in names]
    yield from (part for part in parts if not re.fullmatch(PARTS, part) or parts.count(part) > 1)
    for name in names:
        if name.endswith("/models/model.json"):
            yield from _strange("", json.loads(archive.read(name)))


def _strange(key: str, value: Any) -> Iterator[str]:
    """What in the JSON of a program is no word, operator, size or plain structure."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _strange("", name)
            yield from () if name in FREE else _strange(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strange(key, inner)
    elif key in ("in_spec", "out_spec"):
        yield from _strange("", json.loads(value))
    elif isinstance(value, str) and not re.fullmatch(RULES.get(key, WORDS), value):
        yield value
