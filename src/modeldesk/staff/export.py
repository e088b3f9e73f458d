"""Predictions as CSV."""

import csv
import io
from collections.abc import Container, Iterable, Iterator
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

    Columns are those of the model that is served; of several targets each has its own. A feature
    called as one of ours has `input ` before its name. What the model names is as it is; an
    apostrophe stands before other texts that a spreadsheet would run, and before those that have
    it there by themselves, so that it can be taken off again.
    """
    features, output = signature.features, signature.output
    parts = [("" if part is output else part.name, part) for part in output.parts]
    labels = [(name, label) for name, part in parts for label, _ in part.choices]
    classes = [label for _, label in labels]
    targets = [target.name for target in output.targets or []]
    scored = output.threshold is not None
    known = [frozenset(feature.categories or []) for feature in features]
    before = ["id", "created_at", "request_id", "model_version"] + (
        [reference] if reference else []
    )
    after = [f"prediction_{target}" for target in targets] or ["prediction"]
    after += ["prediction_score"] * scored
    after += [f"probability of {' '.join(filter(None, pair))}" for pair in labels]
    after += [*outcome_fields(signature.output), "comment"]
    names = _apart([feature.name for feature in features], {*before, *after})
    yield _line([*before, *names, *after])
    for record in records:
        feedback = record.feedback
        shares = {(target, label): n for target, label, n in shares_of(record.probabilities)}
        inputs = [record.inputs.get(feature.name) for feature in features]
        yield _line(
            [record.id, iso(record.created_at), _safe(record.request_id), record.model_version]
            + ([_safe(record.reference)] if reference else [])
            + [_safe(value, own) for value, own in zip(inputs, known, strict=True)]
            + [_safe(value, classes) for value in _numbers(record.value, targets)]
            + [record.score] * scored
            + [shares.get(pair) for pair in labels]
            + [_safe(value, classes) for value in _numbers(feedback and feedback.actual, targets)]
            + [_safe(feedback and feedback.comment)]
        )


def _apart(names: list[str], ours: set[str]) -> list[str]:
    """The columns of features, each unlike ours and the other ones."""
    columns, taken = [], ours | set(names)
    for name in names:
        column = name
        while column in (taken if column != name else ours):
            column = f"input {column}"
        columns.append(column)
    return columns


def _numbers(value: Any, targets: list[str]) -> list[Any]:
    return [number_of(value, target) for target in targets] or [value]


def _line(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(class_label(v) if isinstance(v, bool) else v for v in cells)
    return line.getvalue()


def _safe(value: Any, known: Container[Any] = ()) -> Any:
    """A value that no spreadsheet runs, unless it is one of the model's own."""
    if isinstance(value, str) and value not in known and value.lstrip("'").startswith(FORMULA):
        return f"'{value}"
    return value
