"""Reads pickles without letting them run what no model needs.

A pickle names classes and functions, and has them called. This reader refuses every name that
`trusted` does not know, and calls nothing but what makes parts of models.
"""

import inspect
import pickle
from _compat_pickle import IMPORT_MAPPING
from collections import defaultdict
from functools import partial
from typing import Any, ClassVar

from joblib.numpy_pickle import NumpyUnpickler

from ..fitted.trusted import Untrusted, check_kept, is_maker, named

LEFT_OUT = {  # distributions that a search drew from, which run text; and where a pipeline caches
    *("joblib._store_backends", "joblib.memory", "pathlib", "pathlib._local"),
    "scipy.stats._continuous_distns",
    *("scipy.stats._discrete_distns", "scipy.stats._distn_infrastructure"),
}
REMAKERS = (named("copyreg", "_reconstructor"),)
KEEPERS = (partial, defaultdict)  # are given functions, and do not call them when they are made


class LeftOut(str):
    """Stands for what no model needs to predict."""

    def __new__(cls, *_: Any) -> "LeftOut":
        """Whatever it would have been made of."""
        return super().__new__(cls, "left out")

    def __setstate__(self, state: Any) -> None:
        """Keep nothing."""


class SafeUnpickler(NumpyUnpickler):
    """Reads what pickle or joblib wrote. Raises Untrusted for what no model needs."""

    dispatch: ClassVar[dict[int, Any]] = NumpyUnpickler.dispatch.copy()

    def __init__(self, file: Any) -> None:
        super().__init__("", file, ensure_native_byte_order=True)
        self.fix_imports = False  # done below

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, once it is known to be harmless."""
        module = IMPORT_MAPPING.get(module, module)  # protocol 2 writes the names of Python 2
        if (module, name) == ("builtins", "getattr"):
            return _method_of_what_is_left_out
        try:
            return named(module, name)
        except Untrusted:
            if module in LEFT_OUT:
                return LeftOut
            raise

    def load_reduce(self) -> None:
        """Call what makes a part."""
        self._check(self.stack[-2], self.stack[-1])
        super().load_reduce()

    def load_newobj(self) -> None:
        """Make an object of a class."""
        self._check_class(self.stack[-2])
        super().load_newobj()

    def load_newobj_ex(self) -> None:
        """Make an object of a class."""
        self._check_class(self.stack[-3])
        super().load_newobj_ex()

    def load_build(self) -> None:
        """Give an object what it keeps; a class or function is everybody's, and stays."""
        owner = self.stack[-2]
        if isinstance(owner, type) or inspect.isroutine(owner):
            raise Untrusted(*_name(owner))
        check_kept(owner, self.stack[-1])
        super().load_build()

    def _instantiate(self, called: Any, arguments: Any) -> None:
        self._check(called, arguments)
        super()._instantiate(called, arguments)

    def _check(self, called: Any, arguments: Any) -> None:
        if called is _method_of_what_is_left_out or called is LeftOut:
            return
        if not is_maker(called):
            raise Untrusted(*_name(called))
        for given in arguments:
            harmless = isinstance(given, type | LeftOut) or is_maker(given)
            if callable(given) and not harmless and called not in KEEPERS:
                raise Untrusted(*_name(given))
        if called in REMAKERS and arguments[1].__module__ != "builtins":
            raise Untrusted(*_name(arguments[1]))  # its `__init__` would be called
        if called is partial:
            check_kept(partial, {"func": arguments[0]})

    def _check_class(self, found: Any) -> None:
        if not isinstance(found, type):
            raise Untrusted(*_name(found))

    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex
    dispatch[pickle.BUILD[0]] = load_build


def _method_of_what_is_left_out(owner: Any = None, *_: Any) -> LeftOut:
    """All that `getattr` is let do."""
    if isinstance(owner, LeftOut):
        return owner
    raise Untrusted("builtins", "getattr")


def _name(called: Any) -> tuple[str, str]:
    owner = called if hasattr(called, "__name__") else type(called)
    return str(owner.__module__), str(owner.__name__)
