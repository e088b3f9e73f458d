"""Rows that are not typed: one that is pasted fills in the form, a file of them is answered."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO, StringIO
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..ml.batch import BatchError, Job, answered_csv, mark_of
from ..ml.signature import Feature, class_label
from ..ml.validation import Fault, InvalidInstances, Row, listed
from ..serving.answers import Answer
from ..serving.body import MOST_ROWS, NotJson, from_json
from ..serving.middleware import MAX_BODY
from ..serving.service import Service
from .content import MOST_FIELDS, Control, Input, Texts, form_context, prediction_inputs

DELIMITERS = "\t;,|"
ROW = Input(
    name="row",
    id="row",
    label="A row from a spreadsheet or a CSV file",
    hint="Its header and the row, or all values in the order of the fields, or a JSON object.",
    kind="textarea",
    attributes={"rows": "4", "spellcheck": "false", "autocapitalize": "off"},
)
FILE = Input(
    name="file",
    id="file",
    label="A CSV file",
    hint=f"Up to {MOST_ROWS:,} rows and {MAX_BODY // 2**20} MiB. The same rows come back with "
    "their predictions; for more there is the command predict-file.",
    kind="file",
    attributes={"accept": ".csv,.tsv,.txt,text/csv"},
)

Draw = Callable[[list[Input], Texts | None], Control]  # of inputs, and what was typed


class RowError(ValueError):
    """What was pasted is no row; one sentence says why and what mends it."""


@dataclass(frozen=True)
class Shown:
    """What the page of the form shows: texts by feature, or the example, and what is wrong."""

    typed: Texts | None = None
    faults: Sequence[Fault] = ()
    notice: str = ""
    row: str = ""
    row_fault: str = ""
    file_fault: str = ""

    @property
    def status(self) -> int:
        """Of HTTP."""
        return 422 if self.faults or self.row_fault or self.file_fault else 200


def form_page(
    service: Service,
    draw: Draw,
    shown: Shown,
    arranged: Callable[[list[Input]], list[Input]] = list,
) -> dict[str, Any]:
    """All that the template of the form shows, of the inputs as a project has `arranged` them."""
    inputs = arranged(prediction_inputs(service.predictor))
    context = form_context(inputs, draw(inputs, shown.typed), shown.faults)
    paste = _alone(replace(ROW, initial=shown.row), shown.row_fault, draw)
    upload = _alone(FILE, shown.file_fault, draw)
    return context | {
        "summary": context["summary"] or paste["summary"] or upload["summary"],
        "others": [*paste["fields"], *upload["fields"]],
        "rows": {
            "wide": len(inputs) > MOST_FIELDS,
            "count": f"{len(inputs):,}",
            "typed": shown.typed is not None,
            "faulty": bool(shown.row_fault or shown.file_fault),
            "ready": bool(shown.notice and not shown.faults),
            "notice": shown.notice,
            "paste": paste["fields"],
            "upload": upload["fields"],
        },
    }


def _alone(item: Input, fault: str, draw: Draw) -> dict[str, Any]:
    faults = [Fault((item.name,), fault, "rows")] if fault else []
    return form_context([item], draw([item], None), faults)


def fill_in(service: Service, text: str) -> Shown:
    """The form, with the row that was pasted in its fields."""
    features = service.predictor.validator.features
    try:
        cells = read_row(features, text)
    except RowError as error:
        return Shown(row=text, row_fault=str(error))
    reference = service.reference
    typed = {n: cells.get(n) or None for n in [*features, *([reference] if reference else [])]}
    faults: list[Fault] = []
    try:
        service.predictor.validator.from_text({n: t for n, t in typed.items() if t})
    except InvalidInstances as error:
        faults = error.faults
    said = [f"{len(cells.keys() & features.keys()):,} of {len(features):,} values are filled in."]
    if lacking := [name for name in features if name not in cells]:
        said.append(f"The row lacks {listed(lacking)}.")
    if foreign := [name for name in cells if name not in typed]:
        said.append(f"The model does not take {listed(foreign)}.")
    return Shown(typed, faults, " ".join(said), text)


def read_row(features: Mapping[str, Feature], text: str) -> dict[str, str]:
    """The cells of a row by column, those of features as the form has them. Raises RowError."""
    if not text.strip():
        raise RowError("Paste a row first.")
    cells = _object(text) if text.lstrip().startswith("{") else _cells(features, text)
    return {
        name: _choice(cell) if name in features and features[name].type == "boolean" else cell
        for name, cell in cells.items()
    }


def _choice(text: str) -> str:
    """A text that means true or false as the form offers it."""
    try:
        return class_label(TypeAdapter(bool).validate_strings(text.strip()))
    except ValidationError:
        return text


def _object(text: str) -> dict[str, str]:
    try:
        content = from_json(text.encode(), parse_int=str, parse_float=str, parse_constant=str)
    except (NotJson, UnicodeEncodeError) as error:
        raise RowError(f"This is not a JSON object. {error}") from None
    for name, value in content.items():
        if isinstance(value, list | dict):
            raise RowError(f"{name!r} holds several values; each feature has one.")
    return {name: "" if v is None else class_label(v) for name, v in content.items()}


def _cells(features: Mapping[str, Feature], text: str) -> dict[str, str]:
    tables = [table for mark in DELIMITERS if (table := _table(text, mark))]
    if not tables:
        raise RowError("The row has an unbalanced quote; close or double it.")
    header, *rows = max(tables, key=lambda table: sum(cell in features for cell in table[0]))
    if not any(cell in features for cell in header):
        return _in_order(features, tables)
    if len(rows) != 1:
        mend = "paste the row below it, too" if not rows else "upload them as a file"
        raise RowError(f"There are {len(rows)} rows below the header; {mend}.")
    if len(rows[0]) != len(header):
        raise RowError(f"The row has {len(rows[0])} cells where the header has {len(header)}.")
    if twice := [name for name in features if header.count(name) > 1]:
        raise RowError(f"The column {twice[0]!r} is there more than once; remove one.")
    return dict(zip(header, rows[0], strict=True))


def _in_order(features: Mapping[str, Feature], tables: list[list[list[str]]]) -> dict[str, str]:
    """The values of a row without a header."""
    for table in tables:
        if len(table) == 1 and len(table[0]) == len(features):
            return dict(zip(features, table[0], strict=True))
    cells = max(len(table[0]) for table in tables)
    takes = f"the model has {len(features)}: {listed(features)}"
    if len(tables[0]) > 1:
        raise RowError(f"The first line names no feature; {takes}.")
    raise RowError(f"There are {cells} values and no header; {takes}.")


def _table(text: str, mark: str) -> list[list[str]]:
    """Lines of trimmed cells; none where quotes are not those of this delimiter."""
    source = StringIO(text.strip("\r\n"), newline="")
    try:
        lines = list(csv.reader(source, delimiter=mark, strict=True))
    except csv.Error:
        return []
    return [[cell.strip() for cell in line] for line in lines if any(map(str.strip, line))]


class _Upload(Job):
    def answer(self, rows: Any, check: Any) -> Any:
        if len(rows) > MOST_ROWS:
            mend = "predict it with `manage predict-file`, which takes any number"
            raise BatchError(f"{self.name} has more than {MOST_ROWS:,} rows; {mend}.")
        return super().answer(rows, check)


def answer_file(service: Service, name: str, content: bytes, request_id: str) -> Answer:
    """A CSV file with the predictions of its rows, which are logged. Raises BatchError.

    Either all rows that have an answer are logged, or none.
    """
    if not name:
        raise BatchError("Choose a CSV file first.")

    def record_each(rows: list[Row]) -> Sequence[Any]:
        return service.record_each(rows, request_id)

    job = _Upload(service.predictor, name, record_each, "save it as CSV in UTF-8")
    raw = BytesIO(content)
    encoding = mark_of(raw)
    # All rows are read before the first is predicted.
    text = "".join(answered_csv(job, raw, "utf-8-sig", MOST_ROWS + 1))
    if not job.summary.rows:
        raise BatchError(f"{name} has no row below its header.")
    return _csv_file("predictions.csv", text.encode(encoding))


def example_file(service: Service) -> Answer:
    """A CSV file with the columns of the model, and one row."""
    line = StringIO()
    write = csv.writer(line, lineterminator="\n").writerow
    example = service.signature.example
    write(example)
    write("" if value is None else class_label(value) for value in example.values())
    return _csv_file("example.csv", line.getvalue().encode())


def _csv_file(name: str, content: bytes) -> Answer:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(200, content, "text/csv; charset=utf-8", headers)
