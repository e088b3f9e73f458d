"""Rows that are not typed: one that is pasted fills in the form, a file of them is answered."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from typing import Any

from ..ml.batch import Job, answered_csv, mark_of
from ..ml.rows import Row
from ..ml.signature import Feature, class_label
from ..ml.tables.cells import converter
from ..ml.tables.csv_table import CsvTable, CsvText, kind_of
from ..ml.tables.headings import TableError
from ..ml.tables.reading import Reading
from ..ml.validation import Fault, InstanceValidator, InvalidInstances, listed
from ..serving.answers import Answer
from ..serving.body import MOST_ROWS, NotJson, from_json
from ..serving.middleware import MAX_BODY
from ..serving.service import Service
from .content import MOST_FIELDS, Control, Input, Texts, form_context, prediction_inputs

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
    validator = service.predictor.validator
    features = validator.features
    try:
        cells = read_row(validator, text)
    except TableError as error:
        return Shown(row=text, row_fault=str(error))
    typed = {name: cells.get(name) for name in validator.names}
    faults: list[Fault] = []
    try:
        validator.from_form({name: text for name, text in typed.items() if text is not None})
    except InvalidInstances as error:
        faults = error.faults
    said = [f"{len(cells.keys() & features.keys()):,} of {len(features):,} values are filled in."]
    if lacking := [name for name in features if name not in cells]:
        said.append(f"The row lacks {listed(lacking)}.")
    if foreign := [name for name in cells if name not in typed]:
        said.append(f"The model does not take {listed(foreign)}.")
    return Shown(typed, faults, " ".join(said), text)


def read_row(validator: InstanceValidator, text: str) -> dict[str, str | None]:
    """The cells of a row by column, those of features as the form has them; None is a gap.

    Raises TableError.
    """
    text = text.strip("\r\n")
    if not text.strip():
        raise TableError("Paste a row first.")
    if text.lstrip().startswith("{"):
        try:
            return _shown(validator.features, Reading(), _object(text), exact=True)
        except TableError:
            with suppress(TableError):  # a column may begin so, too
                return _shown(validator.features, validator.reading, _cells(validator, text))
            raise
    return _shown(validator.features, validator.reading, _cells(validator, text))


def _shown(
    features: Mapping[str, Feature],
    reading: Reading,
    cells: Mapping[str, str | None],
    *,
    exact: bool = False,
) -> dict[str, str | None]:
    """Cells as the form has them: plain numbers, days as YYYY-MM-DD, true or false, no gaps.

    Of `exact` ones texts stay what they are.
    """

    def shown(feature: Feature, cell: str | None) -> str | None:
        if cell is None or (exact and feature.type in ("category", "text")):
            return cell
        value = converter(feature, reading)(cell)
        if value is None:
            return None
        if isinstance(value, date):
            return value.isoformat()
        plain = isinstance(value, float) and reading.decimal == "." and not reading.thousands
        return cell.strip() if plain else class_label(value)

    return {
        name: shown(features[name], cell) if name in features else cell or None
        for name, cell in cells.items()
    }


def _object(text: str) -> dict[str, str | None]:
    try:
        content = from_json(text.encode(), parse_int=str, parse_float=str, parse_constant=str)
    except (NotJson, UnicodeEncodeError) as error:
        raise TableError(f"This is not a JSON object. {error}") from None
    for name, value in content.items():
        if isinstance(value, list | dict):
            raise TableError(f"{name!r} holds several values; each feature has one.")
    return {name: None if v is None else class_label(v) for name, v in content.items()}


def _cells(validator: InstanceValidator, text: str) -> dict[str, str]:
    """By column where there is a header, else in the order of the features."""
    features = validator.features
    raw = BytesIO(text.encode("utf-8", "replace"))
    also = set(validator.names) - set(features)
    decimal = validator.reading.decimal
    table = CsvTable(raw, "The row", features, also=also, headless=True, decimal=decimal)
    chunks = table.chunks(below=table.headed)
    rows = [cells for chunk in chunks for cells in chunk if any(map(str.strip, cells))]
    if not table.headed:
        takes = f"the model has {len(features)}: {listed(features)}"
        if len(rows) != 1:
            raise TableError(f"The first line names no feature; {takes}.")
        if len(rows[0]) != len(features):
            raise TableError(f"There are {len(rows[0])} values and no header; {takes}.")
        return dict(zip(features, rows[0], strict=True))
    if len(rows) != 1:
        mend = "paste the row below it, too" if not rows else "upload them as a file"
        raise TableError(f"There are {len(rows)} rows below the header; {mend}.")
    if why := table.misfit(rows[0]):
        raise TableError(why)
    return dict(zip(table.known_names(), rows[0], strict=True))


class _Upload(Job):
    def answer(self, columns: Any, count: int, misfits: Any, *, typed: bool) -> Any:
        if count > MOST_ROWS:
            mend = "predict it with `manage predict-file`, which takes any number"
            raise TableError(f"{self.name} has more than {MOST_ROWS:,} rows; {mend}.")
        return super().answer(columns, count, misfits, typed=typed)


def answer_file(service: Service, name: str, content: bytes, request_id: str) -> Answer:
    """A CSV file with the predictions of its rows, which are logged. Raises TableError.

    Either all rows that have an answer are logged, or none.
    """
    if not name:
        raise TableError("Choose a CSV file first.")
    if kind_of(name, "csv") != "csv":
        raise TableError(f"{name} is Parquet; save it as CSV, or predict it with `predict-file`.")

    def record_each(rows: Sequence[Row]) -> Sequence[Any]:
        return service.record_each(rows, request_id)

    job = _Upload(service.predictor, name, record_each, "save it as CSV in UTF-8")
    raw = BytesIO(content)
    encoding = mark_of(raw)
    # All rows are read before the first is predicted.
    text = "".join(answered_csv(job, raw, "utf-8-sig", MOST_ROWS + 1))
    if not job.summary.rows:
        raise TableError(f"{name} has no row below its header.")
    return _csv_file("predictions.csv", text.encode(encoding))


def example_file(service: Service) -> Answer:
    """A CSV file with the columns of the model, and one row."""
    signature = service.signature
    example, reading = signature.example, signature.reading
    mark = ";" if reading.decimal == "," else ","  # as spreadsheets have it
    out = CsvText(mark)
    out.row(example)
    out.row(reading.write(value, name) for name, value in example.items())
    return _csv_file("example.csv", out.take().encode())


def _csv_file(name: str, content: bytes) -> Answer:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(200, content, "text/csv; charset=utf-8", headers)
