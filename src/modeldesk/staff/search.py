"""Lists of predictions in the admin: searched, filtered and paged by indexes alone.

A word may be several things. Each of them is asked for by itself, so that a database has one index
to follow, newest first, and stops at the end of the page, whatever the log holds.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..serving.narrowing import between
from ..serving.service import Service

RECENT = 10_000  # newest predictions that are searched for a request id, which has no index
MOST_LABELS = 100  # classes that are looked through
MOST_USERS = 100  # that one word stands for
MOST_COUNTED = 1_000  # predictions of a list
ID = re.compile("[0-9a-f-]{1,36}")

# A field, how it is compared (`eq`, `gte`, `lt`, `startswith`), and with what; all of them hold.
Condition = tuple[str, str, Any]
Branch = tuple[Condition, ...]


def branches(
    service: Service, word: str, users: Callable[[str], Sequence[str]] | None
) -> Iterator[Branch]:
    """The things that a word may be; `users` finds the ids of accounts, where there are any."""
    if ID.fullmatch(beginning := word.lower()):
        yield ("id", "gte", beginning), ("id", "lt", f"{beginning}g")
    if service.reference:
        yield (("reference", "eq", word),)
    for label in service.log.distinct("label", MOST_LABELS):
        if word.casefold() in label.casefold():
            yield between(service.log, "label", label)
    for user in users(word) if users else ():
        yield between(service.log, "user_id", user)
    yield ("id", "gte", service.log.newest_id(RECENT)), ("request_id", "startswith", word)


def alternatives(
    service: Service, text: str, users: Callable[[str], Sequence[str]] | None
) -> tuple[list[Branch], list[list[Branch]]]:
    """The branches of the word that has fewest, and those of the other words.

    The first are asked for one by one; of each of the others, one must hold besides.
    """
    words = [list(branches(service, word, users)) for word in text.split()]
    if not words:
        return [()], []
    fewest = min(words, key=len)
    return fewest, [others for others in words if others is not fewest]


def merged(
    ids_of: Callable[[Branch], Sequence[str]],
    asked: Sequence[Branch],
    limit: int,
    *,
    newest_first: bool,
) -> list[str]:
    """The first ids of all branches together."""
    found = {one for branch in asked for one in ids_of(branch)}
    return sorted(found, reverse=newest_first)[:limit]


def in_all(count: int) -> str:
    """How many a list has, of which one more than MOST_COUNTED are counted."""
    return f"More than {MOST_COUNTED:,}" if count > MOST_COUNTED else f"{count:,} in all"
