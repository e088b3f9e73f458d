"""Predictions as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from ..ml.signature import Signature, class_label, shares_of
from ..serving.log import Record, iso
from ..serving.outcomes import outcome_fields
from .records import number_of

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a text that begins so


def csv_lines(
    records: Iterable[Record], signature: Signature, reference: str | None = None
) -> Iterator[str]:
    """A header and a line for each record; a feature has its column, blank where it has no value.

    `reference` is what callers of this service call theirs, if they may send one.

    Columns are those of the model that is served; of several targets each has its own.
    """
    names = [feature.name for feature in signature.features]
    parts = [
        ("" if part is signature.output else part.name, part) for part in signature.output.parts
    ]
    labels = [(name, label) for name, part in parts for label, _ in part.choices]
    targets = [target.name for target in signature.output.targets or []]
    scored = signature.output.threshold is not None
    yield _line(
        ["id", "created_at", "request_id", "model_version"]
        + ([reference] if reference else [])
        + names
        + ([f"prediction_{target}" for target in targets] or ["prediction"])
        + ["prediction_score"] * scored
        + [f"probability of {' '.join(filter(None, pair))}" for pair in labels]
        + [*outcome_fields(signature.output), "comment"]
    )
    for record in records:
        feedback = record.feedback
        shares = {(target, label): n for target, label, n in shares_of(record.probabilities)}
        yield _line(
            [record.id, iso(record.created_at), record.request_id, record.model_version]
            + ([record.reference] if reference else [])
            + [record.inputs.get(name) for name in names]
            + _numbers(record.value, targets)
            + [record.score] * scored
            + [shares.get(pair) for pair in labels]
            + _numbers(feedback and feedback.actual, targets)
            + [feedback and feedback.comment]
        )


def _numbers(value: Any, targets: list[str]) -> list[Any]:
    return [number_of(value, target) for target in targets] or [value]


def _line(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(map(_cell, cells))
    return line.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return class_label(value) if isinstance(value, bool) else value
