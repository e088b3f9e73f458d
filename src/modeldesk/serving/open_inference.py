"""The Open Inference Protocol (v2) of KServe, Triton and others, with binary tensors."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeInt
from pydantic_core import PydanticCustomError

from ..ml.signature import Output, Signature
from ..ml.validation import Fault, InstanceValidator, InvalidInstances, listed
from . import content_types, tensors
from .answers import Answer, Problem, Request, to_json
from .body import parse, read_json
from .log import Record
from .protocols import UNTYPED, check_model, checked

if TYPE_CHECKING:
    from .service import Service

DIGITS = re.compile("[0-9]{1,9}")
HEADER = "Inference-Header-Content-Length"
BINARY = "application/octet-stream"
SERVER = __name__.partition(".")[0]
PLATFORMS = {"onnx": "onnx_onnxv1", "skops": "sklearn_skops"}
DATATYPES = {"number": "FP64", "integer": "INT64", "boolean": "BOOL"}  # of features; else BYTES
LABELS: dict[type, str] = {bool: "BOOL", int: "INT64", str: "BYTES"}  # by the type of classes
LENIENT = ConfigDict(strict=True)  # clients add members of their own

Parameters = dict[str, Any] | None  # null is what MLServer's client writes for none


def _of_a_table(shape: list[int]) -> list[int]:
    if len(shape) not in (1, 2):
        raise PydanticCustomError("tensor_shape", "The shape should be [rows] or [rows, columns]")
    return shape


class Input(BaseModel):
    """A tensor (rows,) or (rows, columns); its data may follow the JSON instead."""

    model_config = LENIENT

    name: str
    shape: Annotated[list[NonNegativeInt], AfterValidator(_of_a_table)]
    datatype: Literal[tuple(tensors.JSON_TYPES)]  # type: ignore[valid-type] # of a table
    parameters: Parameters = None
    data: list[Any] | None = None

    @property
    def size(self) -> int | None:
        """How many bytes of binary data it has, if it has such."""
        size = (self.parameters or {}).get("binary_data_size")
        return size if type(size) is int and size >= 0 else None


class Wanted(BaseModel):
    """An output that is asked for."""

    model_config = LENIENT

    name: str
    parameters: Parameters = None


class InferBody(BaseModel):
    model_config = LENIENT

    id: str | None = None
    parameters: Parameters = None
    inputs: Annotated[list[Input], Field(min_length=1)]
    outputs: list[Wanted] | None = None

    @property
    def told_types(self) -> bool:
        """Whether it says what tensors mean, as clients of MLServer do, who read it, too."""
        told = [self.parameters, *(tensor.parameters for tensor in self.inputs)]
        return any("content_type" in parameters for parameters in told if parameters)


@dataclass(frozen=True)
class Given:
    """An output (rows, *tail); `cells` are those of one row."""

    name: str
    datatype: str
    tail: list[int]
    cells: Callable[[Record], list[Any]]

    def tensor(self, records: list[Record]) -> dict[str, Any]:
        """It, with its data, as JSON has it."""
        shape = [len(records), *self.tail]
        data = [cell for record in records for cell in self.cells(record)]
        return {"name": self.name, "datatype": self.datatype, "shape": shape, "data": data}


def takes(signature: Signature) -> list[dict[str, Any]]:
    """The name and the datatype of each input."""
    return [
        {"name": feature.name, "datatype": DATATYPES.get(feature.type, "BYTES")}
        for feature in signature.features
    ]


def gives(output: Output) -> Iterator[Given]:
    """The outputs of a model, and the ids by which feedback can be given."""
    for part in output.parts:
        several = part.name if output.targets else None
        datatype = LABELS[type(part.classes[0])] if part.classes else "FP64"
        name = several or ("label" if part.classes else "value")
        yield Given(name, datatype, [], partial(_value, several))
        if part.classes and output.probabilities:
            name = f"{several}_probabilities" if several else "probabilities"
            yield Given(name, "FP64", [len(part.classes)], partial(_shares, several))
    if output.threshold is not None:
        yield Given("score", "FP64", [], lambda record: [record.score])
    yield Given("id", "BYTES", [], lambda record: [record.id])


def _value(target: str | None, record: Record) -> list[Any]:
    return [record.value if target is None else record.value[target]]


def _shares(target: str | None, record: Record) -> list[Any]:
    shares = record.probabilities or {}
    return [*(shares if target is None else shares[target]).values()]


def live(service: "Service", request: Request) -> dict[str, Any]:
    return {"live": True}


def ready(service: "Service", request: Request) -> dict[str, Any]:
    service.check_ready()
    return {"ready": True}


def server_metadata(service: "Service", request: Request) -> dict[str, Any]:
    extensions = ["binary_tensor_data"]
    return {"name": SERVER, "version": version_of(SERVER), "extensions": extensions}


def model_metadata(
    service: "Service", request: Request, name: str, version: str = ""
) -> dict[str, Any]:
    check_model(service, name, version)
    signature = service.signature
    return {
        "name": name,
        "versions": [service.model["version"]],
        "platform": PLATFORMS[service.predictor.artifact.runtime],
        "inputs": [tensor | {"shape": [-1]} for tensor in takes(signature)],
        "outputs": [
            {"name": one.name, "datatype": one.datatype, "shape": [-1, *one.tail]}
            for one in gives(signature.output)
        ],
    }


def model_ready(
    service: "Service", request: Request, name: str, version: str = ""
) -> dict[str, Any]:
    check_model(service, name, version)
    return {"name": name} | ready(service, request)


def infer(
    service: "Service", request: Request, name: str, version: str = ""
) -> dict[str, Any] | Answer:
    check_model(service, name, version)
    body, columns = _read(request)
    wanted = _wanted(body, {one.name: one for one in gives(service.signature.output)})
    rows, warnings = checked(service, _rows(service.predictor.validator, body, columns))
    records = service.record(rows, request.id)
    content: dict[str, Any] = {"model_name": name, "model_version": service.model["version"]}
    if body.id is not None:
        content["id"] = body.id
    if warnings:
        content["parameters"] = {"warnings": " ".join(warning.msg for warning in warnings)}
    content["outputs"], parts = [], []
    for output, binary in wanted:
        tensor = output.tensor(records)
        told: dict[str, Any] = {}
        if body.told_types:
            told["content_type"] = content_types.of_output(output.datatype)
        if binary:
            parts.append(tensors.to_bytes(output.datatype, tensor.pop("data")))
            told["binary_data_size"] = len(parts[-1])
        if told:
            tensor["parameters"] = told
        content["outputs"].append(tensor)
    if not parts:
        return content
    head = to_json(content)
    return Answer(200, head + b"".join(parts), BINARY, {HEADER: str(len(head))})


def _read(request: Request) -> tuple[InferBody, list[list[Any]]]:
    """The JSON at the start of the body, and the cells of each input."""
    text = request.headers.get(HEADER, str(len(request.body)))
    length = int(text) if DIGITS.fullmatch(text) else -1
    if not 0 <= length <= len(request.body):
        raise Problem(400, f"{HEADER} must be how many bytes of the body are JSON.")
    head, rest = request.body[:length], request.body[length:]
    body = parse(InferBody, read_json(replace(request, body=head), UNTYPED, BINARY))
    if fault := content_types.fault(body.parameters, ()):
        raise InvalidInstances([fault])
    announced = sum(tensor.size or 0 for tensor in body.inputs)
    if announced != len(rest):
        says = f"{len(rest)} bytes follow the JSON, where binary_data_size has {announced}."
        raise Problem(400, says)
    cells, faults = [], []
    for index, tensor in enumerate(body.inputs):
        if fault := content_types.fault(tensor.parameters, ("inputs", index)):
            faults.append(fault)
            continue
        try:
            if tensor.size is not None:
                part, rest = rest[: tensor.size], rest[tensor.size :]
                given = tensors.from_bytes(tensor.datatype, tensor.shape, part)
            elif tensor.data is not None:
                given = tensors.from_json(tensor.datatype, tensor.shape, tensor.data)
            else:
                raise ValueError("The data is missing.")
            cells.append(content_types.meant(tensor.parameters, given))
        except ValueError as error:
            faults.append(Fault(("inputs", index, "data"), str(error), "tensor_data"))
    if faults:
        raise InvalidInstances(faults)
    return body, cells


def _wanted(body: InferBody, known: dict[str, Given]) -> list[tuple[Given, bool]]:
    """The outputs to answer with, and whether as binary data."""
    all_binary = (body.parameters or {}).get("binary_data_output") is True
    if not body.outputs:
        return [(output, all_binary) for output in known.values()]
    if faults := [
        Fault(("outputs", index, "name"), f"The outputs are: {listed(known)}.", "unknown_output")
        for index, wanted in enumerate(body.outputs)
        if wanted.name not in known
    ]:
        raise InvalidInstances(faults)
    return [
        (known[wanted.name], (wanted.parameters or {}).get("binary_data", all_binary) is True)
        for wanted in body.outputs
    ]


def _rows(
    validator: InstanceValidator, body: InferBody, columns: list[list[Any]]
) -> list[dict[str, Any]]:
    """Rows by the names of features: of a tensor for each, or of one with a column for each."""
    names, width, first = list(validator.features), len(validator.features), body.inputs[0]
    rows, _ = Counter(tensor.shape[0] for tensor in body.inputs).most_common(1)[0]
    if len(body.inputs) == 1 and first.shape[1:] == [width]:
        cells = columns[0]
        places = range(0, len(cells), width)
        return [dict(zip(names, cells[at : at + width], strict=True)) for at in places]
    faults = []
    for index, tensor in enumerate(body.inputs):
        if tensor.name not in names and len(body.inputs) == 1 and tensor.shape[1:] not in ([], [1]):
            says = f"The shape should be [{rows}, {width}], with a column for each of: "
            faults.append(Fault(("inputs", 0, "shape"), f"{says}{listed(names)}.", "tensor_shape"))
        elif tensor.name not in names and tensor.name != validator.reference:
            says = f"The inputs are: {listed(names)}; or one of the shape (rows, {width})."
            faults.append(Fault(("inputs", index, "name"), says, "unknown_input"))
        elif tensor.name in [other.name for other in body.inputs[:index]]:
            says = f"{tensor.name!r} is given more than once."
            faults.append(Fault(("inputs", index, "name"), says, "input_twice"))
        elif tensor.shape not in ([rows], [rows, 1]):
            says = f"The shape should be [{rows}] or [{rows}, 1], not {tensor.shape}."
            faults.append(Fault(("inputs", index, "shape"), says, "tensor_shape"))
    if faults:
        raise InvalidInstances(faults)
    keys = [tensor.name for tensor in body.inputs]
    return [dict(zip(keys, cells, strict=True)) for cells in zip(*columns, strict=True)]


MODEL = "/v2/models/<name>"
ROUTES: dict[str, tuple[str, Callable[..., Any]]] = {
    "/v2": ("GET", server_metadata),
    "/v2/health/live": ("GET", live),
    "/v2/health/ready": ("GET", ready),
}
for _path in (MODEL, f"{MODEL}/versions/<version>"):
    ROUTES |= {
        _path: ("GET", model_metadata),
        f"{_path}/ready": ("GET", model_ready),
        f"{_path}/infer": ("POST", infer),
    }
