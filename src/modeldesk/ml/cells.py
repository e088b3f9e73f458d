"""What the cells of a table mean, by the type of their column."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from math import isnan
from typing import Any

from .reading import Reading, boolean, loose
from .signature import Feature

Convert = Callable[[Any], Any]


def converter(feature: Feature, reading: Reading, *, typed: bool = False) -> Convert:
    """From a cell of this column to its value as JSON has it or a date, None where it has none.

    What means none stays as it is, to be refused. In a table whose cells are `typed` a blank text
    among texts is one, not a gap.
    """
    if feature.type in ("category", "text"):
        return _texts(feature, reading, typed)
    gaps, is_gap = set(reading.gaps), reading.is_gap
    read: Convert = reading.number
    if feature.type == "boolean":
        read = boolean
    elif feature.type == "date":
        read = partial(reading.day, column=feature.name)

    def convert(cell: Any) -> Any:
        if isinstance(cell, str):
            if gaps and cell.strip() in gaps:
                return None
            try:
                cell = read(cell)
            except ValueError:
                return None if is_gap(cell, among_texts=False) else cell
        elif isinstance(cell, bool):
            return cell if feature.type == "boolean" else int(cell)
        elif feature.type == "boolean" and cell in (0, 1):
            return bool(cell)
        return None if _is_nan(cell) else cell

    return convert


def _texts(feature: Feature, reading: Reading, typed: bool) -> Convert:
    levels = set(feature.categories or [])
    count = Counter(map(loose, levels))
    alike = {loose(level): level for level in levels if count[loose(level)] == 1}
    # A blank cell is a gap, unless the column has blank texts and no gaps.
    blanks = set() if feature.missing else levels | {str(feature.example)}

    def convert(cell: Any) -> Any:
        if not isinstance(cell, str):
            return level_of(cell, levels)
        if not cell.strip():
            return cell if typed or cell in blanks else None
        if reading.gaps and cell.strip() in reading.gaps and cell not in levels:
            return None
        return cell if cell in levels or not alike else alike.get(loose(cell), cell)

    return convert


def level_of(value: Any, levels: set[str]) -> Any:
    """A number or truth as the level that is written so, if there is one."""
    if isinstance(value, str):
        return value
    if _is_nan(value):
        return None
    texts = [str(value)]
    if isinstance(value, float) and value.is_integer():
        texts.append(str(int(value)))
    return next((text for text in texts if text in levels), value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and isnan(value)
