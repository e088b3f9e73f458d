"""Texts that a spreadsheet would run, in files that people open with one.

An apostrophe stands before them, and before those that have it there by themselves, so that it can
be taken off again. What the model names is let be, and so are plain numbers.
"""

import re
from collections.abc import Container, Sequence
from operator import itemgetter

STARTS = ("=", "+", "-", "@", "\t", "\r")
COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)  # of decimals
SUSPECT = {"'", *STARTS}
FIRST = itemgetter(slice(1))


def guarded(text: str, known: Container[str] = ()) -> str:
    """The text as no spreadsheet runs it; as it is, if it is one of the `known`."""
    if text[:1] not in SUSPECT or text in known or _is_number(text):
        return text
    return f"'{text}" if text.lstrip("'").startswith(STARTS) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return bool(COMMA.fullmatch(text))
    return text.isprintable()  # no tab before it


def unguarded(text: str, known: Container[str] = ()) -> str:
    """The text that `guarded` made it of."""
    by_us = text.startswith("'") and text.lstrip("'").startswith(STARTS) and text not in known
    return text[1:] if by_us else text


def guard(rows: Sequence[list[str]], known: Sequence[Container[str]]) -> None:
    """Guard the cells of rows of one width, each unless it is one of the `known` of its column."""
    for place, (column, own) in enumerate(zip(zip(*rows, strict=True), known, strict=bool(rows))):
        if not SUSPECT.isdisjoint(map(FIRST, column)):
            for row in rows:
                row[place] = guarded(row[place], own)
