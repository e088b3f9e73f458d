"""Who wrote what a class does: a short way is taken only round code that is known."""

from collections.abc import Collection
from typing import Any


def is_written_in(packages: Collection[str], kind: type, names: Collection[str]) -> bool:
    """Whether these packages wrote all that a class and its bases have by these names."""
    return all(
        _module(vars(base)[name], base).partition(".")[0] in packages
        for base in kind.__mro__
        for name in names
        if name in vars(base)
    )


def _module(member: Any, base: type) -> str:
    """Where a function is written, or the class of a descriptor; of a value, who has it."""
    function = getattr(member, "fget", None) or getattr(member, "__func__", member)
    if written := getattr(function, "__globals__", None):  # whatever it passes itself off as
        return str(written["__name__"])
    return getattr(function, "__module__", None) or base.__module__
