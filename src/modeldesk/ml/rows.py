"""Checked rows that are kept as columns, and can be read as rows, as an owner's rules need them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import repeat
from math import isnan
from typing import Any, overload

import numpy as np

Row = dict[str, Any]
Values = list[Any] | np.ndarray  # (rows,); an array of numbers has NaN for a gap, a list None


class Rows(Sequence[Row]):
    """As many rows as `count` says, by the columns of their values in the order of the model."""

    def __init__(self, columns: Mapping[str, Values], count: int) -> None:
        self.columns, self._count = columns, count

    def cells(self, name: str) -> list[Any]:
        """A column as its rows have it, gaps as None."""
        return listed(self.columns[name])

    @cached_property
    def _rows(self) -> list[Row]:
        columns = [self.cells(name) for name in self.columns]
        names = repeat(tuple(self.columns), self._count)
        return list(map(dict, map(zip, names, zip(*columns, strict=True))))

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __len__(self) -> int:
        return self._count


def listed(values: Values) -> list[Any]:
    """Values (rows,) as Python has them, gaps as None."""
    if isinstance(values, list):
        return values
    cells: list[Any] = values.tolist()
    gaps = values.dtype.kind == "f" and np.isnan(values).any()
    return [None if isnan(cell) else cell for cell in cells] if gaps else cells


def column(rows: Sequence[Row], name: str) -> list[Any]:
    """The values (rows,) of a feature, gaps as None."""
    return rows.cells(name) if isinstance(rows, Rows) else [row[name] for row in rows]


def columns_of(rows: list[Any], names: Sequence[str]) -> tuple[dict[str, list[Any]], list[int]]:
    """The values (rows,) of these names, None where a row has none, and which rows have others.

    The latter, and what is no dictionary at all, are without values here.
    """
    wide = len(rows) * len(names)
    if set(map(type, rows)) == {dict} and sum(map(len, rows)) == wide:
        with suppress(KeyError):  # as most are
            return {name: [row[name] for row in rows] for name in names}, []
    known = set(names)
    odd = [i for i, row in enumerate(rows) if type(row) is not dict or not row.keys() <= known]
    given = rows
    if odd:
        others = set(odd)
        given = [{} if place in others else row for place, row in enumerate(rows)]
    return {name: [row.get(name) for row in given] for name in names}, odd
