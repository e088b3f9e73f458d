"""Whose code a class is made of."""

from functools import wraps
from typing import Any

import pytest
from modeldesk.accounts.addresses import address
from modeldesk.accounts.authors import is_written_in

OURS = ("builtins", "modeldesk")
NAMES = ("__init__", "check", "is_usable", "active")


class Known:
    """As one of the library's."""

    __module__ = "modeldesk.known"
    active = True
    check = staticmethod(address)
    is_usable = property(address)


class Descriptor:
    """An owner's column."""


def test_what_the_library_wrote_is_known() -> None:
    assert is_written_in(OURS, type("Model", (Known,), {"more": 1}), NAMES)


@pytest.mark.parametrize(
    "own",
    [
        {"check": lambda self: True},
        {"is_usable": property(lambda self: True)},
        {"check": classmethod(lambda cls: True)},
        {"check": wraps(address)(lambda self: True)},
        {"active": False},
        {"active": Descriptor()},
        {"__init__": lambda self: None},
    ],
)
@pytest.mark.parametrize("above", [True, False])
def test_what_an_owner_wrote_is_not(own: dict[str, Any], *, above: bool) -> None:
    """Wherever it stands among the bases."""
    theirs = type("Own", (), own)
    bases: tuple[type, ...] = (theirs, Known) if above else (Known, theirs)
    assert not is_written_in(OURS, type("Model", bases, {}), NAMES)
    assert not is_written_in(OURS, type("Model", (Known,), own), NAMES)


def test_a_package_is_not_another_that_begins_alike() -> None:
    assert not is_written_in(("model",), Known, ("active",))
