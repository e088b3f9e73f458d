"""True outcomes of many predictions at once, typed or from a file."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..ml.signature import class_label
from ..ml.validation import InvalidInstances
from ..serving.answers import Problem
from ..serving.forms import moment, outcome
from ..serving.log import Query
from ..serving.service import Service
from .records import shown

ROWS = 25  # of a page
COLUMNS = ("id", "actual", "comment")


@dataclass
class Saved:
    """How many outcomes were stored, and what is wrong with the others, by id or row."""

    count: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.count} outcome{'s were' if self.count > 1 else ' was'} stored."


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
    return {"rows": rows, "faults": faults}


def waiting(service: Service, typed: Mapping[str, str], saved: Saved) -> list[dict[str, Any]]:
    """The newest predictions without an outcome, with what was typed and what is wrong with it."""
    records = service.page(Query(limit=ROWS, has_feedback=False))
    there = {record.id for record in records}
    faulty = [record_id for record_id in saved.faults if record_id not in there]
    records += [record for record in service.log.find(faulty) if record.feedback is None]
    labels = [class_label(value) for value in service.signature.output.classes or []]
    return [
        {
            "id": record.id,
            "created": moment(record.created_at),
            "value": shown(record.value),
            "inputs": ", ".join(f"{name}: {shown(value)}" for name, value in record.inputs.items()),
            "actual": typed.get(f"actual:{record.id}", ""),
            "comment": typed.get(f"comment:{record.id}", ""),
            "fault": saved.faults.get(record.id, ""),
            "labels": [
                {"name": label, "chosen": label == typed.get(f"actual:{record.id}")}
                for label in labels
            ],
        }
        for record in records
    ]


def save_typed(service: Service, typed: Mapping[str, str]) -> Saved:
    """Store what was typed as actual:<id> and comment:<id>; blank rows are left out."""
    saved = Saved()
    for record_id in [key.removeprefix("actual:") for key in typed if key.startswith("actual:")]:
        actual, comment = (typed.get(f"{kind}:{record_id}", "") for kind in ("actual", "comment"))
        if actual.strip():
            fault = _give(service, record_id, actual, comment)
        else:
            fault = "Give the outcome that the comment is about." if comment.strip() else ""
        if fault:
            saved.faults[record_id] = fault
        else:
            saved.count += bool(actual.strip())
    return saved


def save_file(service: Service, content: bytes) -> Saved:
    """Store the outcomes of a CSV file with the columns id, actual and, if wanted, comment.

    Raises Problem 422 when it is no such file; a row at fault is named, the others are stored.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Problem(422, f"The file cannot be read as CSV in UTF-8: {error}.") from None
    named = set(rows[0]) if rows else set()
    if not {"id", "actual"} <= named <= set(COLUMNS):
        raise Problem(422, "The file must have the columns id and actual, and may have comment.")
    saved = Saved()
    for number, row in enumerate(rows, 2):
        record_id, actual, comment = (row.get(name) or "" for name in COLUMNS)
        if fault := _give(service, record_id.strip(), actual, comment):
            saved.faults[f"Row {number}"] = fault
        else:
            saved.count += 1
    return saved


def _give(service: Service, record_id: str, actual: str, comment: str) -> str:
    """Store one outcome, or say why it cannot be stored."""
    given = {"actual": outcome(service.signature.output, actual), "comment": comment}
    try:
        service.give_feedback(record_id, given)
    except InvalidInstances as error:
        return " ".join(fault.msg for fault in error.faults)
    except Problem as problem:
        if problem.status not in (404, 409):
            raise
        return problem.detail
    return ""
