"""Marks in numbers that may mean one thing or another: decimal commas, marks of thousands."""

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from ..tables.reading import ALIKE, Reading, parse_date

CURRENCIES = "$€£¥₹₩₽฿₫₺₪"
MARKS = ((",", ""), (",", "."), (".", ","), (",", " "), (".", " "), (".", "'"), (",", "'"))
THOUSAND = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+", re.ASCII)
USUAL = Reading()
FEW = 5  # numbers; by fewer nothing is told


DAYS = ["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%d/%m/%y"]
DAYS += ["%m/%d/%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%y"]
FORMS = [day + time for time in ("", " %H:%M", " %H:%M:%S", " %I:%M:%S %p") for day in DAYS]


class Asked(NamedTuple):
    """A text that is a number by other marks, and a clause that asks how it is meant."""

    text: str
    why: str


def asked_about(texts: Sequence[str], told: Reading = USUAL) -> Asked | None:
    """What to ask about distinct texts that are numbers by other marks than those `told`.

    None if all are numbers as they are, or there are no marks by which all are.
    """
    odd = [text for text in texts if not _is_number(told, text)]
    if not odd:
        return None
    readings = [Reading.model_validate({"decimal": d, "thousands": t}) for d, t in MARKS]
    if told.decimal != ".":
        readings = [reading for reading in readings if reading.decimal == told.decimal]
    if told.thousands:
        readings = [reading for reading in readings if reading.thousands == told.thousands]
    fits = [reading for reading in readings if _fits(reading, texts)]
    if not fits:
        return None
    text = max(odd, key=len)
    ways = [f"{_plain(reading, text)} by {_options(reading)}" for reading in fits]
    more = ": say which" if len(ways) > 1 else ""
    return Asked(text, f"it can be read as {', or as '.join(ways)}{more}")


def seems_thousands(texts: Sequence[str]) -> str | None:
    """One of distinct numbers that look as if their points marked thousands.

    They have three digits behind every point, and those without one have three at most in all.
    """
    if not all(THOUSAND.fullmatch(text.strip()) for text in texts if "." in text):
        return None
    pointed = [text.strip() for text in texts if "." in text]
    others = [text.strip() for text in texts if "." not in text and text.strip("+-0 ")]
    short = others and all(re.fullmatch(r"[+-]?\d{1,3}", text) for text in others)
    return pointed[0] if short and len(pointed) >= FEW else None


def may_be_thousands(texts: Sequence[str]) -> str | None:
    """One of distinct numbers, if all have three digits behind each point and none begins with 0.

    So are 1.250 and 2.125 written, too, which is told by the answers alone.
    """
    inner = [text for text in texts if text.strip()]
    every = len(inner) > 1 and all(THOUSAND.fullmatch(text.strip()) for text in inner)
    return inner[0].strip() if every else seems_thousands(inner)


def mend(text: str, reading: Reading) -> str:
    """What to do about a text that is no number, however its marks are meant."""
    text = text.strip()
    if text.lower() in ("yes", "no", "y", "n", "t", "f", "true", "false", "on", "off"):
        return "write it as in training, such as 1 and 0, or true and false"
    if text.endswith("%"):
        return "leave out the sign, and write it as in training: 80.5 or 0.805"
    if any(sign in text for sign in CURRENCIES):
        return "leave out the sign of the currency, and marks of thousands"
    if not any(sign.isdigit() for sign in text):
        return f"write a number there or, {if_gap(text)}"
    if (reading.decimal, reading.thousands) != (".", ""):
        return f"write all numbers alike, such as {reading.write(1234.5)}"
    return f"write it like 1234.5 or, {if_gap(text)}"


def if_gap(text: str) -> str:
    """What to do about a text that means a gap."""
    return f"if it means a gap, say `{option('--na', text.strip())}`"


def option(flag: str, value: str) -> str:
    """An option as it is typed into a shell."""
    return f"{flag}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}"


def form_of(text: str, texts: Sequence[str], column: str) -> str:
    """What to do about a text that is no date as they are expected, among all distinct texts."""
    if not any(sign.isdigit() for sign in text):
        return f"write a date there or, {if_gap(text)}"
    numbered = [one for one in texts if any(sign.isdigit() for sign in one)]
    fits = [form for form in FORMS if all(_is_day(one, form) for one in numbered)]
    said = [f"`{option('--date-format', f'{column}={form}')}`" for form in fits]
    if said:
        return f"name its form: {' or '.join(said)}"
    return "write whole days like 2026-01-31, without times or zones, or name their form"


def _is_day(text: str, form: str) -> bool:
    try:
        parse_date(text, form)
    except ValueError:
        return False
    return True


def _is_number(reading: Reading, text: str) -> bool:
    try:
        reading.number(text)
    except ValueError:
        return False
    return True


def _fits(reading: Reading, texts: Sequence[str]) -> bool:
    """Whether all are numbers so, and have the marks at all."""
    marks = ALIKE.get(reading.thousands, reading.thousands)
    inner = [text.strip() for text in texts]
    if marks and not any(mark in text for text in inner for mark in marks):
        return False
    if reading.decimal == "," and reading.thousands != "." and not any("," in t for t in inner):
        return False
    return all(_is_number(reading, text) for text in inner)


def _plain(reading: Reading, text: str) -> str:
    number = reading.number(text)
    return str(int(number)) if number.is_integer() else str(number)


def _options(reading: Reading) -> str:
    said = [f"--decimal {reading.decimal}"] if reading.decimal != "." else []
    mark = reading.thousands
    said += [f'--thousands "{mark}"' if mark in " '" else f"--thousands {mark}"] if mark else []
    return f"`{' '.join(said)}`"
