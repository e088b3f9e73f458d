"""Which column of a table is the one that goes by a name."""

from collections.abc import Iterable, Sequence

from ..signature import SignatureError
from .reading import loose


class TableError(SignatureError):
    """A table cannot be read; one sentence names the place and what mends it."""


def called(header: Sequence[str]) -> list[str]:
    """The names of columns; one without a name is called as by pandas."""
    return [name or f"Unnamed: {place}" for place, name in enumerate(header)]


def places(names: Iterable[str], header: Sequence[str], source: str) -> dict[str, int]:
    """Where in a header the names are that it has.

    A heading is the name, or the same but for blanks and line breaks, unless it is another name.
    Raises TableError where two of the headings are it.
    """
    names = list(names)
    exact: dict[str, list[int]] = {}
    alike: dict[str, list[int]] = {}
    known = set(names)
    for place, heading in enumerate(called(header)):
        exact.setdefault(heading, []).append(place)
        if heading not in known:
            alike.setdefault(loose(heading), []).append(place)
    found = {}
    for name in names:
        if where := exact.get(name) or alike.get(loose(name)):
            if len(where) > 1:
                raise TableError(f"{source} has the column {name!r} twice; rename one.")
            found[name] = where[0]
    return found


def unused(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names for new columns: each as it is or, where it is taken, with a number, `name_2`."""
    given, seen = [], set(taken)
    for name in names:
        free, number = name, 2
        while free in seen:
            free, number = f"{name}_{number}", number + 1
        seen.add(free)
        given.append(free)
    return given
