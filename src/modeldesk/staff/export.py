"""Predictions as CSV."""

import csv
import io
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any

from ..ml.signature import Output, Signature, class_label, shares_of
from ..ml.tables.formulas import guarded
from ..serving.log import PredictionLog, Record, iso
from ..serving.outcomes import outcome_fields
from .records import number_of

FIRST, BATCH = 125, 1000  # rows of the first query of an export, and of the largest


def records_of(ids: Callable[[str, int], Sequence[str]], log: PredictionLog) -> Iterator[Record]:
    """All records of a list, a batch at a time: memory does not grow with them.

    `ids` gives the first so many after one, in the order of the list. The first batch is small, for
    somebody waits for it. What is pruned meanwhile is left out.
    """
    after, limit = "", FIRST
    while True:
        wanted = ids(after, limit)
        found = {record.id: record for record in log.find(wanted)}
        yield from (found[one] for one in wanted if one in found)
        if len(wanted) < limit:
            return
        after, limit = wanted[-1], min(2 * limit, BATCH)


def csv_lines(
    records: Iterable[Record], signature: Signature, reference: str | None = None
) -> Iterator[str]:
    """A header and a line for each record; a feature has its column, blank where it has no value.

    `reference` is what callers of this service call theirs, if they may send one.

    Columns are those of the model that is served; of several targets each has its own. A feature
    called as one of ours has `input ` before its name. What the model names is as it is; other
    texts are guarded, as `tables.formulas` says.
    """
    features, output = signature.features, signature.output
    labels = _labels(output)
    classes = [label for _, label in labels]
    targets = [target.name for target in output.targets or []]
    scored = output.threshold is not None
    known = [frozenset(feature.categories or []) for feature in features]
    yield _line(headings(signature, reference))
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


def headings(signature: Signature, reference: str | None = None) -> list[str]:
    """The columns of an export."""
    output = signature.output
    before = ["id", "created_at", "request_id", "model_version"]
    before += [reference] if reference else []
    after = [f"prediction_{target.name}" for target in output.targets or []] or ["prediction"]
    after += ["prediction_score"] * (output.threshold is not None)
    after += [f"probability of {' '.join(filter(None, pair))}" for pair in _labels(output)]
    after += [*outcome_fields(output), "comment"]
    names = _apart([feature.name for feature in signature.features], {*before, *after})
    return [*before, *names, *after]


def _labels(output: Output) -> list[tuple[str, str]]:
    """The target of each class, "" where there is only one, and its label."""
    parts = [("" if part is output else part.name, part) for part in output.parts]
    return [(name, label) for name, part in parts for label, _ in part.choices]


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


def _safe(value: Any, known: Container[str] = ()) -> Any:
    return guarded(value, known) if isinstance(value, str) else value
