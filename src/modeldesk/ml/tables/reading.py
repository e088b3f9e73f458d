"""How the texts of a table are read, kept with a model: alike in every file and every row."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, time
from functools import lru_cache
from types import NoneType
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

# Written for a value that is not there. Where numbers, dates or true and false are expected,
# they can mean nothing else; among texts each may be one (Namibia is NA).
GAPS = {"na", "n/a", "nan", "null", "none", "nil", "<na>", "#na", "#n/a", "#n/a n/a", "nat"}
GAPS |= {"-nan", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", r"\n"}  # the last one as of MySQL
ALIKE = {" ": " \u00a0\u2009\u202f", "'": "'\u2019"}  # marks of thousands that look the same
TRUE_FALSE = {"true": True, "t": True, "yes": True, "y": True, "on": True}
TRUE_FALSE |= {"1": True, "1.0": True, "0": False, "0.0": False}
TRUE_FALSE |= {"false": False, "f": False, "no": False, "n": False, "off": False}
YEAR_FIRST = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|(\d\d)(\d\d))(?:[T ]00:00(?::00(?:\.0+)?)?)?", re.ASCII
)


class Reading(BaseModel):
    """What marks numbers, which texts are gaps besides a blank cell, and how dates are written.

    `dates` has the format of `strptime` for columns of dates that are not written year first.
    """

    model_config = ConfigDict(extra="forbid")
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    gaps: list[str] = []
    dates: dict[str, str] = {}

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError(f"{self.decimal!r} cannot mark both decimals and thousands")
        day = date(2001, 2, 3)
        for column, form in self.dates.items():
            if parse_date(day.strftime(form), form) != day:
                raise ValueError(f"{form!r} of column {column!r} does not name day, month and year")
        return self

    def is_gap(self, text: str, *, among_texts: bool) -> bool:
        """Whether a cell has no value; in a column of texts only by what was said of it."""
        text = text.strip()
        return not text or text in self.gaps or (not among_texts and text.lower() in GAPS)

    def number(self, text: str) -> float:
        """The number that a text means. Raises ValueError."""
        text = text.strip()
        if self.decimal == "." and not self.thousands:
            if not text.isascii():
                raise ValueError("a number is written with the digits 0 to 9")
            return float(text)
        if not _pattern(self.decimal, self.thousands).fullmatch(text):
            raise ValueError(f"a number is written like {self.write(1234.5)}")
        for mark in ALIKE.get(self.thousands, self.thousands):
            text = text.replace(mark, "")
        return float(text.replace(self.decimal, "."))

    def day(self, text: str, column: str = "") -> date:
        """The day that a text in a column means, as it is told or year first. Raises ValueError."""
        if form := self.dates.get(column):
            with suppress(ValueError):
                return parse_date(text, form)
        return parse_date(text)

    def write(self, value: Any, column: str = "") -> str:
        """A value as text that is read as the same value; a date comes as a text YYYY-MM-DD."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int | float):
            return str(value).replace(".", self.decimal)
        if column in self.dates:
            return date.fromisoformat(value).strftime(self.dates[column])
        return str(value)

    def write_all(self, values: list[Any]) -> list[str]:
        """Values (rows,) of a column that has no format of its own, each as `write` has it."""
        kinds = {*map(type, values)}
        if kinds <= {str, NoneType}:
            return [text or "" for text in values]
        if not kinds <= {float, int, NoneType}:
            return [*map(self.write, values)]
        texts = [*map(repr, values)]
        if NoneType in kinds:
            texts = ["" if text == "None" else text for text in texts]
        return texts if self.decimal == "." else [text.replace(".", ",") for text in texts]


def boolean(text: str) -> bool:
    """True or false as people and programs write it. Raises ValueError."""
    try:
        return TRUE_FALSE[text.strip().lower()]
    except KeyError:
        raise ValueError("write true or false") from None


def parse_date(text: str, form: str | None = None) -> date:
    """The day that a text means, which has a format of `strptime`, or begins with the year.

    It may be a moment, if that is the day's first. Raises ValueError.
    """
    text = text.strip()
    if form:
        moment = datetime.strptime(text, form)
        if moment.tzinfo or moment.time() != time():
            raise ValueError("a date is a whole day")
        return moment.date()
    if not (found := YEAR_FIRST.fullmatch(text)):
        raise ValueError("a date is written as YYYY-MM-DD")
    year, _, *parts = found.groups()
    month, day = (int(part) for part in parts if part)
    return date(int(year), month, day)


def level(text: str, known: Iterable[str]) -> str:
    """The known text that a cell means: itself, or what is the same but for blanks."""
    known = known if isinstance(known, set | frozenset | dict) else set(known)
    if text in known:
        return text
    same = {one for one in known if loose(one) == loose(text)}
    return same.pop() if len(same) == 1 else text


def loose(text: str) -> str:
    """A text without the blanks around it, each other run of them, or line break, as one blank.

    Nor has it the mark at the start of a file that a heading may have kept.
    """
    return " ".join(text.lstrip("\ufeff").split())


@lru_cache
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    whole = r"\d+"
    if thousands:
        mark = f"[{ALIKE.get(thousands, thousands)}]"
        whole = rf"(?:\d{{1,3}}(?:{mark}\d{{3}})+|\d+)"
        if thousands == ",":  # as in India
            whole = rf"(?:\d{{1,2}}(?:,\d\d)+,\d{{3}}|{whole})"
    part = re.escape(decimal)
    return re.compile(rf"[+-]?(?:{whole}(?:{part}\d*)?|{part}\d+)(?:[eE][+-]?\d+)?", re.ASCII)
