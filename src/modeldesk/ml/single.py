"""One row of an ONNX model, without arrays for what is one value."""

from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any

import numpy as np

from .rows import Row
from .shares import are_shares, rounded
from .signature import Output

Inputs = Iterable[tuple[str, list[str], Any, Any]]  # name, features, dtype and what a gap is
Found = tuple[Any, dict[str, float] | None] | None  # a value, its probabilities; None: ask for more


def feeder(inputs: Inputs) -> Callable[[Row], dict[str, np.ndarray]]:
    """What makes of a row the arrays (1, features of the input) that the model takes, by input.

    Inputs of one type are parts of one array, which is made at once.
    """
    by_type: dict[Any, list[tuple[str, list[str], Any]]] = {}
    for name, group, dtype, gap in inputs:
        by_type.setdefault(dtype, []).append((name, group, gap))
    tables = []
    for dtype, parts in by_type.items():
        cells: list[tuple[str, Any]] = []
        slices: list[tuple[str, slice]] = []
        for name, group, gap in parts:
            slices.append((name, slice(len(cells), len(cells) + len(group))))
            cells += [(key, gap) for key in group]
        tables.append((dtype, cells, slices))

    def feed(row: Row) -> dict[str, np.ndarray]:
        found = {}
        for dtype, cells, slices in tables:
            values = [gap if (v := row[key]) is None else v for key, gap in cells]
            table = np.array([values], dtype)
            for name, part in slices:
                found[name] = table[:, part]
        return found

    return feed


def reader(output: Output) -> Callable[[list[Any]], Found] | None:
    """What makes of the model's arrays for one row a value and its probabilities.

    None for outputs of several targets and of detectors. What it finds not to be finite, or no
    probabilities, it leaves to `Predictor`, which says so.
    """
    if output.targets or output.threshold is not None:
        return None
    known = {value: value for value in output.classes or []}  # 1 finds True, and 1.0 finds 1

    def number(answers: list[Any]) -> Found:
        value = answers[0].item()
        return (value, None) if isfinite(value) else None

    def of_class(answers: list[Any]) -> Found:
        return known[answers[0].item()], None

    if not known:
        return number
    if not output.probabilities:
        return of_class
    labels = [label for label, _ in output.choices]

    def with_shares(answers: list[Any]) -> Found:
        if len(answers) == 1 or isinstance(answers[1], list):
            return None
        shares = answers[1].reshape(1, -1)
        if not (np.isfinite(shares).all() and are_shares(shares)[0]):
            return None
        return known[answers[0].item()], dict(zip(labels, rounded(shares)[0].tolist(), strict=True))

    return with_shares
