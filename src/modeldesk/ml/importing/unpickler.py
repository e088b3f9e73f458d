"""Reads pickles without letting them run what no model needs.

A pickle names functions, and has them called. This reader knows what fitted models consist of,
and refuses every other name before anything of it is called.
"""

from _compat_pickle import IMPORT_MAPPING
from types import FunctionType
from typing import Any

import numpy as np
from joblib.numpy_pickle import NumpyUnpickler

from ..project import packages

SAFE = {  # containers, numbers, times, and the functions that pickles are put together with
    "_codecs": {"encode"},
    "array": {"_array_reconstructor", "array"},
    "builtins": {
        *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list"),
        *("object", "range", "set", "slice", "str", "tuple"),
    },
    "collections": {"Counter", "OrderedDict", "defaultdict", "deque"},
    "copyreg": {"__newobj__", "__newobj_ex__", "_reconstructor"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "functools": {"partial"},
    "joblib.numpy_pickle": {"NumpyArrayWrapper"},
    "numpy": {"clip", "max", "mean", "median", "min", "nan_to_num", "ravel", "squeeze", "sum"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.numeric": {"_frombuffer"},
    "numpy.ma.core": {"_mareconstruct"},
    "numpy.random._pickle": {
        *("__bit_generator_ctor", "__generator_ctor", "__randomstate_ctor"),
    },
    "operator": {"itemgetter"},
    "pandas": {
        *("Categorical", "CategoricalDtype", "CategoricalIndex", "DataFrame", "DatetimeIndex"),
        *("Index", "Interval", "IntervalIndex", "MultiIndex", "RangeIndex", "Series"),
        *("StringDtype", "Timedelta", "Timestamp"),
    },
    "pandas._libs.internals": {"_unpickle_block"},
    "pandas._libs.tslibs.timestamps": {"_unpickle_timestamp"},
    "pandas.core.indexes.base": {"_new_Index"},
    "pyarrow.lib": {"_restore_array", "chunked_array", "py_buffer", "type_for_alias"},
    "re": {"_compile"},
}
CLASSES = (  # modules all of whose classes may be made; scipy.stats runs text, others write files
    *("lightgbm.basic", "lightgbm.sklearn", "numpy._core", "numpy.core", "numpy.dtypes"),
    *("numpy.ma", "numpy.random", "pandas._libs", "pandas.arrays", "pandas.core.arrays"),
    *("pandas.core.dtypes", "pandas.core.frame", "pandas.core.indexes", "pandas.core.internals"),
    *("pandas.core.series", "scipy.interpolate", "scipy.sparse", "scipy.spatial", "sklearn"),
    *("xgboost.core", "xgboost.sklearn"),
)
FUNCTIONS = (  # modules whose functions models keep, such as a score or a distance
    *("scipy._lib.array_api_compat.numpy._aliases", "scipy.special", "sklearn.cluster._kmeans"),
    *("sklearn.feature_selection", "sklearn.metrics", "sklearn.neural_network"),
    *("sklearn.preprocessing", "sklearn.utils.validation"),
)
UNSAFE = {"_testing", "conftest", "datasets", "externals", "memmap", "tests"}


class Refused(Exception):
    """A pickle names what the reader does not let through: `module` and `name`."""

    def __init__(self, module: str, name: str) -> None:
        super().__init__(f"{module}.{name}")
        self.module, self.name = module, name


class SafeUnpickler(NumpyUnpickler):
    """Reads what pickle or joblib wrote. Raises Refused for names no model needs."""

    def __init__(self, file: Any) -> None:
        super().__init__("", file, ensure_native_byte_order=True)
        self.fix_imports = False  # done below

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names, once it is known to be harmless."""
        module = IMPORT_MAPPING.get(module, module)  # protocol 2 writes the names of Python 2
        if name not in SAFE.get(module, ()) and not _may_have(module, name):
            raise Refused(module, name)
        found = super().find_class(module, name)
        if name not in SAFE.get(module, ()) and not _is_harmless(module, found):
            raise Refused(module, name)
        return found


def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


def _may_have(module: str, name: str) -> bool:
    """Whether to look at it at all, which imports its module."""
    known = module == "numpy" or _within(module, (*CLASSES, *FUNCTIONS, *packages()))
    return known and "." not in name and UNSAFE.isdisjoint((*module.split("."), name))


def _is_harmless(module: str, found: Any) -> bool:
    """Whether it is a part of models, defined where it is said to be and not just seen there."""
    home = str(getattr(found, "__module__", ""))
    if isinstance(found, np.ufunc):
        return True
    if _within(module, packages()):
        return isinstance(found, type | FunctionType) and _within(home, packages())
    if not UNSAFE.isdisjoint(home.split(".")) or home.partition(".")[0] != module.partition(".")[0]:
        return False
    if isinstance(found, type):
        return module == "numpy" or _within(module, CLASSES)
    called = str(getattr(found, "__name__", ""))
    makes = called.startswith("__pyx_unpickle_") or called == "newObj"
    return makes or _within(module, FUNCTIONS)
