"""True outcomes of many predictions at once, typed or from a file."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote

from ..ml.labels import labels, named_choices, visible
from ..ml.tables.csv_table import CsvTable
from ..ml.tables.formulas import unguarded
from ..ml.tables.headings import TableError, places
from ..ml.tables.reading import Reading
from ..ml.validation import InvalidInstances, listed
from ..serving.answers import Problem
from ..serving.forms import chosen_text, moment, option_value, typed_text
from ..serving.log import Query, Record
from ..serving.outcomes import outcome, outcome_faults, outcome_fields
from ..serving.service import Service
from .export import headings
from .records import said, shown

ROWS = 25  # of a page


@dataclass
class Saved:
    """How many outcomes were stored, and what is wrong with the others, by id or row."""

    count: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.count} outcome{' was' if self.count == 1 else 's were'} stored."


def save(service: Service, typed: Mapping[str, str], file: bytes | None) -> Saved:
    """Store the outcomes of a file, or else those that were typed."""
    try:
        return save_typed(service, typed) if file is None else save_file(service, file)
    except Problem as problem:
        if problem.status != 422:
            raise
        return Saved(faults={"The file": problem.detail})


def context(service: Service, typed: Mapping[str, str], saved: Saved) -> dict[str, Any]:
    """What staff/feedback.html shows; faults stand beside their rows where there are such."""
    rows = waiting(service, typed, saved)
    beside = {row["id"] for row in rows}
    faults = [
        {"place": place, "text": text}
        for place, text in saved.faults.items()
        if place not in beside
    ]
    first = f"id or {name}" if (name := service.reference) else "id"
    columns = ", ".join([first, *outcome_fields(service.signature.output)])
    return {"rows": rows, "faults": faults, "columns": columns}


def waiting(service: Service, typed: Mapping[str, str], saved: Saved) -> list[dict[str, Any]]:
    """The newest predictions without an outcome, with what was typed and what is wrong with it."""
    records = service.page(Query(limit=ROWS, has_feedback=False))
    there = {record.id for record in records}
    faulty = [record_id for record_id in saved.faults if record_id not in there]
    records += [record for record in service.log.find(faulty) if record.feedback is None]
    return [_waiting(service, record, typed, saved) for record in records]


def _waiting(
    service: Service, record: Record, typed: Mapping[str, str], saved: Saved
) -> dict[str, Any]:
    output = service.signature_of(record.model_version).output
    fields = outcome_fields(output)
    called = labels(output.targets or [])
    return {
        "id": record.id,
        "created": moment(record.created_at),
        "value": shown(said(output, record.value)),
        "inputs": listed(
            f"{visible(name)}: {shown(value)}" for name, value in record.inputs.items()
        ),
        "actual": [
            {
                "name": (key := f"{quote(name, safe='')}:{record.id}"),
                "label": called.get(part.name, ""),
                "value": typed.get(key, ""),
                "choices": [
                    {
                        "name": shown_as,
                        "value": (value := option_value(label)),
                        "chosen": value == typed.get(key),
                    }
                    for label, shown_as in named_choices(part).items()
                ],
            }
            for name, part in fields.items()
        ],
        "comment": typed.get(f"comment:{record.id}", ""),
        "fault": saved.faults.get(record.id, ""),
    }


def save_typed(service: Service, typed: Mapping[str, str]) -> Saved:
    """Store what was typed as actual:<id> and comment:<id>; blank rows are left out.

    Of several targets it is actual_<target>:<id>, the name of the target quoted as in addresses.
    """
    by_id: dict[str, dict[str, str]] = {}
    for key, text in typed.items():
        name, mark, record_id = key.rpartition(":")
        if mark and text.strip():
            meant = typed_text(text) if name == "comment" else chosen_text(text)
            by_id.setdefault(record_id, {})[unquote(name)] = meant
    saved = Saved()
    for record_id, given in by_id.items():
        if given.keys() == {"comment"}:
            fault = "Give the outcome that the comment is about."
        else:
            fault = _give(service, record_id, given)
        if fault:
            saved.faults[record_id] = fault
        else:
            saved.count += 1
    return saved


def save_file(service: Service, content: bytes) -> Saved:
    """Store the outcomes of a CSV file with the columns id, actual and, if wanted, comment.

    What callers sent to find predictions by may stand in the place of the id. Of several targets
    each has a column, actual_<target>. The first row says which it is: all are of versions that
    give the same. An export of predictions is such a file, too: what it has besides is let be, and
    so are rows without an outcome, or with the one that is known.

    Raises Problem 422 when it is no such file; a row at fault is named, the others are stored.
    """
    try:
        return _save_table(service, content)
    except TableError as error:
        raise Problem(422, str(error)) from None


def _save_table(service: Service, content: bytes) -> Saved:
    version, reference = service.predictor.version, service.reference
    names = ["id", *([reference] if reference else []), *_fields(service, version)]
    table = CsvTable(BytesIO(content), "The file", also=names, mend="save it as CSV in UTF-8")
    key = next((name for name in names[:2] if name in table.places), "id")
    rows = [cells for chunk in table.chunks() for cells in chunk]
    with suppress(Problem):  # that row is told of below
        first = dict(zip(table.known_names(), rows[0], strict=False)) if rows else {}
        version = service.find(_name(first, key)).model_version
    needed = [key, *_fields(service, version)[:-1]]
    found = places([*needed, "comment"], table.header, "The file")
    others = [name for place, name in enumerate(table.header) if place not in found.values()]
    exported = bool({*others} - {""})
    if not {"", *headings(service.signature, reference)}.issuperset(others) or not set(
        needed
    ) <= set(found):
        listed = f"{', '.join(needed[:-1])} and {needed[-1]}"
        raise Problem(422, f"The file must have the columns {listed}, and may have comment.")
    signature, saved = service.signature_of(version), Saved()
    parts = outcome_fields(signature.output)
    # An export has numbers as programs write them.
    numbers = [name for name, part in parts.items() if not (part.classes or exported)]
    known = {name: {label for label, _ in part.choices} for name, part in parts.items()}
    for number, cells in enumerate(rows, 1):
        fault = table.misfit(cells)
        if not fault:
            row = {
                name: unguarded(cells[place], known.get(name, ())) for name, place in found.items()
            }
            if exported and _adds_nothing(service, _name(row, key), row):
                continue
            row |= {name: _plain(signature.reading, row[name]) for name in numbers}
            fault = _give(service, _name(row, key), row)
        if fault:
            saved.faults[f"Row {number}"] = fault
        else:
            saved.count += 1
    return saved


def _adds_nothing(service: Service, name: str, given: Mapping[str, str]) -> bool:
    """Whether a row of an export has no outcome, or the one that its prediction has."""
    with suppress(Problem):
        record = service.find(name)
        output = service.signature_of(record.model_version).output
        actual, comment = outcome(output, given), given.get("comment") or ""
        if record.feedback:
            return bool((record.feedback.actual, record.feedback.comment) == (actual, comment))
        told = [given[field] for field in outcome_fields(output) if field in given]
        return not any(text.strip() for text in [*told, comment])
    return False


def _fields(service: Service, version: str) -> list[str]:
    return [*outcome_fields(service.signature_of(version).output), "comment"]


def _plain(reading: Reading, text: str) -> str:
    """A number with a decimal point, as it is read in files of the model."""
    with suppress(ValueError):
        return str(reading.number(text))
    return text


def _name(row: Mapping[str, str | None], key: str) -> str:
    return (row.get(key) or "").strip()


def _give(service: Service, name: str, given: Mapping[str, str]) -> str:
    """Store the outcome of an id or reference, or say why it cannot be stored."""
    try:
        record = service.find(name)
        output = service.signature_of(record.model_version).output
        actual = outcome(output, given)
        content = {"actual": actual, "comment": given.get("comment") or ""}
        service.give_feedback(record, content)
    except InvalidInstances as error:
        places = outcome_fields(output) if isinstance(actual, dict) else {}
        return " ".join(
            f"{fault.loc[0]}: {fault.msg}" if fault.loc[0] in places else fault.msg
            for fault in outcome_faults(error)
        )
    except Problem as problem:
        if problem.status not in (404, 409):
            raise
        return problem.detail
    return ""
