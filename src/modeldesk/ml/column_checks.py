"""Checks a whole column at once, and tells which of its rows are to be looked at by themselves.

A row in doubt is checked again as a row, which decides and has the words for it. So a column may
doubt what could be taken, and takes only what a row of it would be taken as.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import compress
from math import inf, isnan
from types import NoneType
from typing import Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from .rows import Values
from .signature import INTEGER_MAX
from .tables.cells import Convert, numbers_of
from .tables.reading import Reading

Cells = Sequence[Any] | np.ndarray
Column = tuple[Values, Iterable[int]]  # values (rows,), whatever where its row is in doubt
Limits = tuple[Any, Any]
NUMBERS = {float, int, NoneType}
PLAIN = {str, bool, int, float, NoneType}  # whose type and text tell them apart
ALIKE = {bool, int, float}


class NumberColumn:
    """Of a feature of numbers, `whole` ones or not, from a least to a greatest.

    `usual` has the limits beyond which it is warned of a value. Values are float64, NaN for a gap.
    """

    def __init__(self, limits: Limits, usual: Limits | None, *, whole: bool, missing: bool) -> None:
        self.limits, self.usual, self.whole, self.missing = limits, usual, whole, missing

    def from_json(self, cells: Cells) -> Column:
        """Of values as JSON has them, in which NaN is no gap."""
        values, odd = _floats(cells)
        odd += [i for i in np.flatnonzero(np.isnan(values)).tolist() if cells[i] is not None]
        return values, self._doubt(values) + odd + _inexact(cells, values)

    def from_text(self, cells: Cells, reading: Reading, convert: Convert) -> Column:
        """Of texts, which `convert` gives the meaning of one by one."""
        values = numbers_of([*cells], reading, convert)
        return values, self._doubt(values)

    def from_typed(self, cells: Cells, convert: Convert) -> Column:
        """Of typed cells, or an array of numbers; NaN is a gap."""
        if isinstance(cells, np.ndarray):
            values = cells.astype(np.float64)
            large = _rows(_large(values)) if cells.dtype.kind in "iu" else []
            return values, self._doubt(values) + large
        cells = cells if NUMBERS.issuperset(map(type, cells)) else [*map(convert, cells)]
        values, odd = _floats(cells)
        return values, self._doubt(values) + odd + _inexact(cells, values)

    def unusual(self, values: Values) -> Iterable[int]:
        """The rows of taken values that are warned of."""
        return [] if self.usual is None else _rows(_outside(np.asarray(values), self.usual))

    def kept(self, values: Values, keep: np.ndarray) -> Values:
        """Taken values of the rows (rows,) to `keep`, as a list where whole ones have gaps."""
        kept: np.ndarray = np.asarray(values)[keep]
        if not self.whole:
            return kept
        if np.isnan(kept).any():
            return [None if isnan(value) else int(value) for value in kept.tolist()]
        whole: np.ndarray = kept.astype(np.int64)
        return whole

    def _doubt(self, values: np.ndarray) -> list[int]:
        gaps = np.isnan(values)
        odd = _outside(values, self.limits)
        if self.whole:  # JSON has more digits than a float from its limit on
            odd |= ~gaps & ((np.floor(values) != values) | _large(values))
        return _rows(odd if self.missing else odd | gaps)


class ValueColumn:
    """Of any other feature: each of its different values is checked once, as in a row.

    `kind` is the type of the field in the model of a row; `usual` is that of what is not warned of.
    """

    def __init__(self, kind: Any, usual: Any | None) -> None:
        self._kind = _adapter(kind)
        self._usual = None if usual is None else _adapter(usual)

    def from_json(self, cells: Cells) -> Column:
        """Of values as JSON has them."""
        return self._taken(cells, lambda cell: cell)

    def from_text(self, cells: Cells, reading: Reading, convert: Convert) -> Column:
        """Of texts, which `convert` gives the meaning of one by one."""
        return self._taken(cells, convert)

    def from_typed(self, cells: Cells, convert: Convert) -> Column:
        """Of typed cells."""
        return self._taken(cells, convert)

    def unusual(self, values: Values) -> Iterable[int]:
        """The rows of taken values that are warned of."""
        if self._usual is None:
            return []
        usual = _valid(self._usual, {value: value for value in values})
        return [row for row, value in enumerate(values) if value not in usual]

    def kept(self, values: Values, keep: np.ndarray) -> Values:
        """Taken values of the rows (rows,) to `keep`."""
        return [*compress(values, keep.tolist())]

    def _taken(self, cells: Cells, convert: Convert) -> Column:
        cells = cells.tolist() if isinstance(cells, np.ndarray) else cells
        types = {*map(type, cells)}
        kinds = {kind for kind in types if not _is_plain(kind)}
        odd = [row for row, cell in enumerate(cells) if type(cell) in kinds] if kinds else []
        if odd:
            cells = [None if type(cell) in kinds else cell for cell in cells]
        # 1, 1.0 and true are equal, and so are 0.0 and -0.0.
        alike = float in types or len(types & ALIKE) > 1
        keys = [*zip(map(type, cells), map(repr, cells), strict=True)] if alike else cells
        first = dict(zip(keys, cells, strict=True)) if alike else {c: c for c in set(cells)}
        known = _valid(self._kind, {key: convert(cell) for key, cell in first.items()})
        if len(known) < len(first):
            odd += [row for row, key in enumerate(keys) if key not in known]
        return list(map(known.get, keys)), odd


def _is_plain(kind: type) -> bool:
    return kind in PLAIN or issubclass(kind, date)


def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(list[kind], config=ConfigDict(strict=True))


def _valid(adapter: TypeAdapter[Any], given: Mapping[Any, Any]) -> dict[Any, Any]:
    """Values as they are taken, without those that are not."""
    try:
        return dict(zip(given, adapter.validate_python([*given.values()]), strict=True))
    except ValidationError as error:
        brief = {"include_url": False, "include_context": False, "include_input": False}
        bad = {fault["loc"][0] for fault in error.errors(**brief)}
    good = {key: value for place, (key, value) in enumerate(given.items()) if place not in bad}
    return dict(zip(good, adapter.validate_python([*good.values()]), strict=True))


def _floats(cells: Cells) -> tuple[np.ndarray, list[int]]:
    """Numbers (rows,), NaN for None, and the rows of all else."""
    odd = []
    if not NUMBERS.issuperset(map(type, cells)):
        odd = [row for row, cell in enumerate(cells) if type(cell) not in NUMBERS]
        cells = [cell if type(cell) in NUMBERS else None for cell in cells]
    try:
        return np.array(cells, np.float64), odd
    except OverflowError:
        large = [row for row, cell in enumerate(cells) if abs(cell or 0) > INTEGER_MAX]
        cells = [inf if type(cell) is int and abs(cell) > INTEGER_MAX else cell for cell in cells]
        return np.array(cells, np.float64), odd + large


def _large(values: np.ndarray) -> np.ndarray:
    large: np.ndarray = np.abs(values) >= INTEGER_MAX
    return large


def _inexact(cells: Cells, values: np.ndarray) -> list[int]:
    """The rows of whole numbers that may have become another one."""
    return [row for row in _rows(_large(values)) if type(cells[row]) is int]


def _outside(values: np.ndarray, limits: Limits) -> np.ndarray:
    outside: np.ndarray = (values < limits[0]) | (values > limits[1])
    return outside


def _rows(found: np.ndarray) -> list[int]:
    rows: list[int] = np.flatnonzero(found).tolist()
    return rows
