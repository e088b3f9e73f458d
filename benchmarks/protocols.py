"""How a server is asked for predictions, and where in its answer they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Row = dict[str, float]


@dataclass(frozen=True)
class Protocol:
    """`body` makes the JSON of a request of some rows, `answers` takes the numbers out of it."""

    path: str
    body: Callable[[list[Row]], Any]
    answers: Callable[[Any], list[float]]


def _matrix(rows: list[Row]) -> list[list[float]]:
    return [list(row.values()) for row in rows]


def _tensor(rows: list[Row]) -> Any:
    table = _matrix(rows)
    shape = [len(table), len(table[0])]
    data = [value for row in table for value in row]
    return {"inputs": [{"name": "rows", "shape": shape, "datatype": "FP64", "data": data}]}


SERVICE = Protocol(
    "/api/v1/predict",
    lambda rows: {"instances": rows},
    lambda answer: [prediction["value"] for prediction in answer["predictions"]],
)
PLAIN = Protocol(
    "/predict", lambda rows: {"instances": rows}, lambda answer: list(answer["predictions"])
)
OPEN_INFERENCE = Protocol(
    "/v2/models/model/infer", _tensor, lambda answer: list(answer["outputs"][0]["data"])
)
MLFLOW = Protocol(
    "/invocations",
    lambda rows: {"inputs": _matrix(rows)},
    lambda answer: list(answer["predictions"]),
)
