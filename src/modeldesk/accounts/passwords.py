"""Passwords: which may be set, and in which spellings one that is typed may have been."""

import re
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from unicodedata import normalize

SHORTEST, LONGEST = 10, 200  # characters of one that is set
TYPED = 4096  # characters of one that is looked at; hashing takes no more
TOO_LIKE = 0.7  # of 1, which is the same

SHORT = f"Take at least {SHORTEST} characters."
LONG = f"Take at most {LONGEST} characters."
COMMON = "This password is among those that are guessed first."
SIMILAR = "This password is too much like your address."
SAME = "This is the password that you have."


def normalized(typed: str) -> str:
    """The spelling that is hashed: keyboards write one letter as one character, or as two."""
    return normalize("NFKC", typed)


def spellings(typed: str) -> list[str]:
    """What may have been hashed of a password: as now, and as either framework did in release 0.1.

    Empty for one that is longer than any.
    """
    if len(typed) > TYPED:
        return []
    found = dict.fromkeys([normalized(typed), normalize("NFKD", typed), typed])
    return [one for one in found if len(one) <= TYPED]


def faults(password: str, email: str) -> list[str]:
    """What is wrong with a normalized password for the account with this address."""
    if len(password) < SHORTEST:
        return [SHORT]
    if len(password) > LONGEST:
        return [LONG]
    small = password.lower()
    if small.strip() in _common():
        return [COMMON]
    parts = {email, *re.split(r"\W+", email)}
    if any(SequenceMatcher(a=small, b=part).quick_ratio() >= TOO_LIKE for part in parts):
        return [SIMILAR]
    return []


@cache
def _common() -> frozenset[str]:
    # The long ones of the list by Royce Williams that Django brings.
    text = files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.splitlines())
