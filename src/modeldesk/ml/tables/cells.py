"""What the cells of a table mean, by the type of their column."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from math import inf, isfinite, isnan, nan
from typing import Any

import numpy as np

from ..signature import INTEGER_MAX, Feature
from .reading import Reading, boolean, loose

Convert = Callable[[Any], Any]
COMMAS = re.compile("[0-9,+\\-eE \t]*")  # of which Python's numbers are the model's, but for commas


def converter(feature: Feature, reading: Reading, *, typed: bool = False) -> Convert:
    """From a cell of this column to its value as JSON has it or a date, None where it has none.

    What means none stays as it is, to be refused. Among texts a blank one is a gap, unless the
    column has no gaps, or its cells are `typed`.
    """
    if feature.type in ("category", "text"):
        return _texts(feature, reading, typed)
    gaps, is_gap = set(reading.gaps), reading.is_gap
    read: Convert = reading.number
    if feature.type == "boolean":
        read = boolean
    elif feature.type == "date":
        read = partial(reading.day, column=feature.name)

    def of_text(text: str) -> Any:
        if gaps and text.strip() in gaps:
            return None
        try:
            value = read(text)
        except ValueError:
            return None if is_gap(text, among_texts=False) else text
        if isinstance(value, float) and not isfinite(value):
            return None if isnan(value) else text
        if feature.type == "integer" and abs(value) >= INTEGER_MAX:
            with suppress(ValueError):
                return int(text)  # with its last digit, to be refused
        return value

    def convert(cell: Any) -> Any:
        if isinstance(cell, str):
            return of_text(cell)
        if feature.type == "boolean":
            cell = bool(cell) if cell in (0, 1) else cell
        elif isinstance(cell, bool):
            cell = int(cell)
        return None if _is_nan(cell) else cell

    return convert if typed else of_text


def numbers_of(cells: Sequence[str], reading: Reading, convert: Convert) -> np.ndarray:
    """Numbers (rows,) as `convert`, that of their column, reads each of these texts, but faster.

    A gap is NaN, and infinite what is no number, or a whole one beyond 2**53.
    """
    if gaps := set(reading.gaps):
        cells = ["" if cell.strip() in gaps else cell for cell in cells]
    texts, whole = cells, "".join(cells)
    if reading.decimal == "," and not reading.thousands and COMMAS.fullmatch(whole):
        texts = [cell.replace(",", ".") for cell in cells]
    elif reading.decimal == "," or reading.thousands or not whole.isascii():
        return np.array([_float_of(convert(cell)) for cell in cells], np.float64)
    with suppress(ValueError):
        return np.fromiter(map(float, texts), np.float64, len(texts))
    with suppress(ValueError):
        texts = [text or "nan" for text in texts]
        return np.fromiter(map(float, texts), np.float64, len(texts))

    def number(text: str, cell: str) -> float:
        try:
            return float(text)
        except ValueError:
            return _float_of(convert(cell))

    return np.fromiter(map(number, texts, cells), np.float64, len(texts))


def _float_of(value: Any) -> float:
    return nan if value is None else value if isinstance(value, float) else inf


def _texts(feature: Feature, reading: Reading, typed: bool) -> Convert:
    levels = set(feature.categories or [])
    count = Counter(map(loose, levels))
    alike = {loose(level): level for level in levels if count[loose(level)] == 1}
    free = feature.type == "text" and not feature.missing

    def convert(cell: Any) -> Any:
        if not isinstance(cell, str):
            return level_of(cell, levels)
        if cell in levels:
            return cell
        if alike and (same := alike.get(loose(cell))) is not None:
            return same
        if reading.gaps and cell.strip() in reading.gaps:
            return None
        blank = not cell.strip()  # a text where there are no gaps
        return None if blank and not (typed or free) else cell

    return convert


def typed_in(feature: Feature) -> Convert:
    """From what was typed into a form, where a text is what it is and nothing means a gap."""
    if feature.type in ("category", "text"):
        return str
    convert = converter(feature, Reading())

    def typed(text: str) -> Any:
        value = convert(text)
        return text if value is None else value

    return typed


def none_if_blank(cell: Any) -> Any:
    """A cell of another kind, such as the name by which a caller finds a row."""
    return None if isinstance(cell, str) and not cell.strip() else cell


def level_of(value: Any, levels: set[str]) -> Any:
    """A number or truth as text: the level that is written so, else as imports write it."""
    if not isinstance(value, bool | int | float) or _is_nan(value):
        return None if _is_nan(value) else value
    whole = isinstance(value, float) and value.is_integer() and abs(value) <= INTEGER_MAX
    texts = [str(int(value)), str(value)] if whole else [str(value)]
    texts += [str(value).lower()] * isinstance(value, bool)
    return next((text for text in texts if text in levels), texts[0])


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and isnan(value)
