"""The model under protocols of others: v1 of KServe and Vertex AI, /invocations of MLflow."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError

from ..ml.rows import Row
from ..ml.signature import class_label
from ..ml.tables.csv_table import CsvTable, CsvText
from ..ml.tables.headings import TableError
from ..ml.validation import Fault, InvalidInstances, listed
from .answers import Answer, Problem, Request
from .body import MOST_ROWS, STRICT, PredictBody, parse, read_json
from .log import Record

if TYPE_CHECKING:
    from .service import Service

UNTYPED = ""  # KServe's client names no type of its JSON
FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")

Checked = tuple[Sequence[Row], list[Fault]]


def _none(value: Any) -> Any:
    if value:
        raise PydanticCustomError("parameters", "This model takes no parameters")
    return value


Nothing = Annotated[Any, AfterValidator(_none)]


class Instances(BaseModel):
    """What v1 takes: each instance an object, or a list in the order of the features."""

    model_config = STRICT

    instances: list[Any]
    parameters: Nothing = None


class Split(BaseModel):
    """A pandas frame as `to_dict("split")` writes it."""

    model_config = STRICT

    columns: list[str]
    data: list[list[Any]]
    index: Any = None


class Invocation(BaseModel):
    """What MLflow takes: the rows in one of FORMS."""

    model_config = STRICT

    dataframe_split: Split | None = None
    dataframe_records: list[Any] | None = None
    instances: list[Any] | None = None
    inputs: Any = None
    params: Nothing = None


def check_model(service: "Service", name: str, version: str = "") -> None:
    """Raise Problem 404 for another model or version than the one served."""
    served = service.model
    if name != served["name"]:
        raise Problem(404, f"There is no such model; {served['name']} is served here.")
    if version not in ("", served["version"]):
        raise Problem(404, f"This version is not served here; {served['version']} is.")


def models(service: "Service", request: Request) -> dict[str, Any]:
    return {"models": [service.model["name"]]}


def model_status(service: "Service", request: Request, name: str) -> dict[str, Any]:
    check_model(service, name)
    service.check_ready()
    return {"name": name, "ready": True}


def model_predict(service: "Service", request: Request, name: str) -> dict[str, Any]:
    check_model(service, name)
    instances = parse(Instances, read_json(request, UNTYPED)).instances
    rows, warnings = checked(service, named(service, instances))
    return _content(service.record(rows, request.id), warnings)


def invocations(service: "Service", request: Request) -> dict[str, Any] | Answer:
    """MLflow's and SageMaker's: JSON or CSV in, JSON or CSV out."""
    if request.media_type == "text/csv":
        rows, warnings = _from_csv(service, request.body)
    else:
        rows, warnings = checked(service, _from_forms(service, request))
    content = _content(service.record(rows, request.id), warnings)
    if not request.headers.get("Accept", "").lower().startswith("text/csv"):
        return content
    text = CsvText()
    for value in content["predictions"]:
        text.row(map(class_label, value if isinstance(value, list) else [value]))
    return Answer(200, text.take().encode(), "text/csv; charset=utf-8")


def checked(service: "Service", instances: list[Any]) -> Checked:
    """Rows of values as JSON has them, as the model takes them, and warnings."""
    rows = parse(PredictBody, {"instances": instances}).instances
    return service.predictor.validator.from_json(rows)


def named(service: "Service", rows: list[Any], names: list[str] | None = None) -> list[Any]:
    """Rows that are lists as objects, the names being those of the features if none are given."""
    names = names or list(service.predictor.validator.features)
    if faults := [
        Fault(
            ("instances", index),
            f"This row has {len(row)} values where there are {len(names)} names: {listed(names)}.",
            "row_length",
        )
        for index, row in enumerate(rows[:MOST_ROWS])
        if isinstance(row, list) and len(row) != len(names)
    ]:
        raise InvalidInstances(faults)
    return [dict(zip(names, row, strict=False)) if isinstance(row, list) else row for row in rows]


def _content(records: list[Record], warnings: list[Fault]) -> dict[str, Any]:
    """The bare values, as these protocols have them; with the ids, feedback can be given."""
    values = [list(v.values()) if isinstance(v := r.value, dict) else v for r in records]
    content: dict[str, Any] = {"predictions": values, "ids": [record.id for record in records]}
    return content | ({"warnings": [w.as_dict() for w in warnings]} if warnings else {})


def _from_forms(service: "Service", request: Request) -> list[Any]:
    given = parse(Invocation, read_json(request, UNTYPED))
    forms = [form for form in FORMS if getattr(given, form) is not None]
    if len(forms) != 1:
        raise InvalidInstances([Fault(("body",), f"Send one of {listed(FORMS)}.", "one_of")])
    rows = getattr(given, forms[0])
    if isinstance(rows, Split):
        if twice := {name for name in rows.columns if rows.columns.count(name) > 1}:
            says = f"The column {min(twice)!r} is given more than once."
            raise InvalidInstances([Fault(("dataframe_split", "columns"), says, "column_twice")])
        return named(service, rows.data, rows.columns)
    if isinstance(rows, dict):
        lengths = {len(cells) if isinstance(cells, list) else None for cells in rows.values()}
        if len(lengths) != 1 or None in lengths:
            says = "Columns should be lists of the same length."
            raise InvalidInstances([Fault(("inputs",), says, "column_length")])
        return [dict(zip(rows, cells, strict=True)) for cells in zip(*rows.values(), strict=True)]
    if not isinstance(rows, list):
        says = "Input should be a list of rows or an object of columns."
        raise InvalidInstances([Fault((forms[0],), says, "list_type")])
    return named(service, rows)


def _from_csv(service: "Service", body: bytes) -> Checked:
    """Rows of text, below a line that names features or in the order of the features."""
    validator = service.predictor.validator
    try:
        raw = io.BytesIO(body)
        also = set(validator.names) - set(validator.features)
        table = CsvTable(
            raw,
            "The body",
            validator.features,
            mend="send it in UTF-8",
            also=also,
            headless=True,
            decimal=validator.reading.decimal,
        )
        lines = next(table.chunks(MOST_ROWS + 1, below=table.headed), [])
    except TableError as error:
        raise Problem(400, str(error)) from None
    rows = named(service, lines, table.known_names() if table.headed else None)
    given, warnings, faults = [], [], []
    for index, row in enumerate(parse(PredictBody, {"instances": rows}).instances):
        try:
            values, unusual = validator.from_text(row)
        except InvalidInstances as error:
            values, unusual = {}, []
            faults += [replace(f, loc=("instances", index, *f.loc)) for f in error.faults]
        given.append(values)
        warnings += [replace(f, loc=("instances", index, *f.loc)) for f in unusual]
    if faults:
        raise InvalidInstances(faults)
    return given, warnings


ROUTES: dict[str, tuple[str, Callable[..., Any]]] = {
    "/v1/models": ("GET", models),
    "/v1/models/<word:name>": ("GET", model_status),
    "/v1/models/<word:name>:predict": ("POST", model_predict),
    "/invocations": ("POST", invocations),
}
