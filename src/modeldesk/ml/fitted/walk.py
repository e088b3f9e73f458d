"""Walks whatever a fitted model consists of."""

from collections.abc import Iterator
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

LEAVES = (str, bytes, bytearray, int, float, complex, type(None), type, FunctionType, ModuleType)


def inside(model: Any) -> Iterator[Any]:
    """The model and every object in it, each once: attributes, and what containers hold."""
    seen: dict[int, Any] = {}  # holds them, so that no other object gets the same id
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if isinstance(one, LEAVES) or id(one) in seen:
            continue
        seen[id(one)] = one
        yield one
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        elif isinstance(one, np.ndarray):
            waiting += one.ravel().tolist() if one.dtype == object else []
        elif isinstance(one, partial):
            waiting += [one.func, one.args, one.keywords]
        waiting += getattr(one, "__dict__", {}).values()
