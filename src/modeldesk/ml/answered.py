"""What a model answers to rows: kept as columns, and read as a prediction of each row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np

from .rows import Values, listed
from .shares import are_shares, by_target, rounded
from .signature import Output

NO_SHARES = "The model's scores of it are no probabilities: they do not add up to 1."


class NotFinite(ValueError):
    """The model has no answer to row `index`: it failed, or gave NaN or infinity."""

    def __init__(self, index: int, why: str = "The model has no finite answer to it.") -> None:
        super().__init__(why)
        self.index = index


@dataclass(frozen=True, slots=True)
class Prediction:
    """A number or a class, or one of each target, and the probability of each class by label, or by
    target and label.

    `score` is that of a detector of outliers, which is lower the more unusual a row is.
    `model_value` is what the model said where a rule of the owner's made another `value` of it.
    """

    value: Any
    probabilities: dict[str, Any] | None
    model_value: Any = None
    score: float | None = None


class Answered(Sequence[Prediction | NotFinite]):
    """The answers to rows, of which `faults` has those without one, by their place.

    `values` are columns (rows,) of a number or class of each part of the output, `shares` those of
    their probabilities (rows, classes), and `scores` (rows,) those of a detector, if it has them.
    """

    def __init__(self, output: Output, labels: np.ndarray, shares: Any) -> None:
        """Of what an engine says. Raises what Python does where that is no such output."""
        self.output, self._count = output, len(labels)
        self.scores: np.ndarray | None = None
        self.shares: list[np.ndarray] = []
        columns = [*labels.T] if output.targets else [labels]
        self.values = [
            _values(c, part.classes) for c, part in zip(columns, output.parts, strict=True)
        ]
        numbers = [column for column in self.values if isinstance(column, np.ndarray)]
        meant: Any = np.ones(self._count, bool)
        if shares is not None and output.threshold is not None:
            self.scores = np.reshape(shares, self._count).astype(float) + output.threshold
            numbers.append(self.scores)
        elif shares is not None and output.probabilities:
            numbers.append(shares)
            arrays = by_target(output, shares)
            for part, array in zip(output.parts, arrays, strict=True):
                if array.shape[1] != len(part.classes or []):
                    raise ValueError(f"it has {array.shape[1]} probabilities")
                meant &= are_shares(array)
            with np.errstate(all="ignore"):
                self.shares = [rounded(array) for array in arrays]
        finite: Any = np.ones(self._count, bool)
        for array in numbers:
            finite &= np.isfinite(array.reshape(self._count, -1)).all(axis=1)
        self.faults = {i: NotFinite(i, NO_SHARES) for i in np.flatnonzero(finite & ~meant).tolist()}
        self.faults |= {i: NotFinite(i) for i in np.flatnonzero(~finite).tolist()}

    @cached_property
    def _rows(self) -> list[Prediction | NotFinite]:
        parts = self.output.parts
        values = self._by_row([listed(column) for column in self.values])
        labels = [[label for label, _ in part.choices] for part in parts]
        shares: list[Any] = [None] * self._count
        if self.shares:
            told = zip(labels, self.shares, strict=True)
            shares = self._by_row([_by_label(names, array) for names, array in told])
        scores = [None] * self._count if self.scores is None else self.scores.tolist()
        rows: list[Prediction | NotFinite] = [
            Prediction(value, by_label, score=score)
            for value, by_label, score in zip(values, shares, scores, strict=True)
        ]
        for place, fault in self.faults.items():
            rows[place] = fault
        return rows

    def _by_row(self, columns: list[list[Any]]) -> list[Any]:
        """The values of the one column, or of several targets those of a row by name."""
        if not self.output.targets:
            return columns[0]
        names = [target.name for target in self.output.targets]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    @overload
    def __getitem__(self, index: int) -> Prediction | NotFinite: ...
    @overload
    def __getitem__(self, index: slice) -> list[Prediction | NotFinite]: ...
    def __getitem__(
        self, index: int | slice
    ) -> Prediction | NotFinite | list[Prediction | NotFinite]:
        return self._rows[index]

    def __iter__(self) -> Iterator[Prediction | NotFinite]:
        return iter(self._rows)

    def __len__(self) -> int:
        return self._count


def _values(column: np.ndarray, classes: list[Any] | None) -> Values:
    if not classes:
        return column
    known = {value: value for value in classes}  # 1 finds True, and 1.0 finds 1
    return [known[value] for value in column.tolist()]


def _by_label(labels: list[str], shares: np.ndarray) -> list[dict[str, float]]:
    return [dict(zip(labels, row, strict=True)) for row in shares.tolist()]
