"""What fitted models may consist of, whichever file they come in, and what is refused as code.

A file of a model names classes and functions. Harmless are those of a kind: what scikit-learn and
the libraries around it define themselves, outside of the parts that read files, start programs or
run text, as classes, or as functions that only compute; and what the project's owner wrote.
"""

import inspect
from functools import partial
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from ..project import packages

PLAIN = {  # containers, numbers, times, and the functions that models are put together with
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
    "numpy": {"array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray"},
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
CLASSES = (  # where classes are parts of models; those of scipy.stats run text
    *("catboost", "imblearn", "lightgbm", "numpy", "pandas._libs", "pandas.arrays"),
    *("pandas.core.arrays", "pandas.core.dtypes", "pandas.core.frame", "pandas.core.indexes"),
    *("pandas.core.internals", "pandas.core.series", "scipy", "sklearn", "xgboost"),
)
FUNCTIONS = (  # where functions compute, and do nothing else
    *("imblearn.metrics", "numpy", "scipy._lib.array_api_compat.numpy", "scipy.fft"),
    *("scipy.interpolate", "scipy.linalg", "scipy.ndimage", "scipy.signal", "scipy.spatial"),
    *("scipy.special", "scipy.stats", "sklearn._loss", "sklearn.cluster", "sklearn.covariance"),
    *("sklearn.feature_extraction", "sklearn.feature_selection", "sklearn.gaussian_process"),
    *("sklearn.linear_model", "sklearn.metrics", "sklearn.neural_network"),
    *("sklearn.preprocessing", "sklearn.utils.extmath", "sklearn.utils.validation"),
)
ACTING = {  # parts that read or write files, start programs, run text, or change the process
    *("__main__", "_build_utils", "_datasource", "_examples", "_export", "_format_impl"),
    *("_matrix_io", "_npyio_impl", "_plot", "_precompute", "_repr_html", "_testing"),
    *("_testutils", "_ufunc_config", "_utils_impl", "collective", "conftest"),
    *("dask", "datasets", "decorator", "distutils", "estimator_checks", "externals", "f2py"),
    *("federated", "format", "io", "memmap", "mrecords", "npyio", "odr", "plotting", "records"),
    *("spark", "testing", "tests", "tracker"),
}
RENAMED = {"_loss": "sklearn._loss._loss"}  # as scikit-learn 1.6 to 1.8 call it in files
ACTING_PACKAGES = ("scipy._lib", "sklearn.callback")  # the same, but for what computes in them
ARRAYS = (np.generic, np.ndarray, np.dtype, np.poly1d, np.polynomial._polybase.ABCPolyBase)
RANDOM = (np.random.BitGenerator, np.random.Generator, np.random.RandomState)
SEEDS = (np.random.SeedSequence, np.random.bit_generator.ISpawnableSeedSequence)
NUMBERS = (*ARRAYS, *RANDOM, *SEEDS, np.vectorize)  # the classes of NumPy that hold values


class Untrusted(Exception):
    """A file of a model names what no model needs: `module` and `name`."""

    def __init__(self, module: str, name: str) -> None:
        super().__init__(f"{module}.{name}")
        self.module, self.name = module, name


def named(module: str, name: str) -> Any:
    """The class or function that a file names, once it is known to be harmless.

    Raises Untrusted, and ImportError or AttributeError where there is none of this name.
    """
    module = RENAMED.get(module, module)
    if name in PLAIN.get(module, ()):
        return getattr(import_module(module), name)
    looked_at = within(module, (*CLASSES, *packages())) and name.isidentifier()
    if not looked_at or not ACTING.isdisjoint((*module.split("."), name)):
        raise Untrusted(module, name)
    found = getattr(import_module(module), name)
    if not _is_harmless(module, found):
        raise Untrusted(module, name)
    return found


def within(module: str, names: tuple[str, ...]) -> bool:
    """Whether a module is one of those, or in one of them."""
    return any(f"{module}.".startswith(f"{name}.") for name in names)


def is_maker(found: Any) -> bool:
    """Whether a file may have it called to make a part: no function that a model only keeps.

    Nor a class of Python but containers, which is made without a call: its `__init__` may do
    anything.
    """
    if not isinstance(found, type) and "__module__" in getattr(found, "__dict__", {}):
        return False  # an object that passes for a function
    home, name = str(getattr(found, "__module__", "")), str(getattr(found, "__name__", ""))
    if name in PLAIN.get(home, ()) or within(home, packages()):
        return True
    if not isinstance(found, type):
        return _remakes(found)
    if within(home, ("builtins", "pandas")):
        return True
    if issubclass(found, dict | list | set | tuple):
        return True
    return not isinstance(found.__init__, FunctionType)


def check_kept(owner: Any, state: Any) -> None:
    """Refuse what an object would keep if it could run code unseen when the object is used.

    That is something to call that hides a method, or that calls on behalf of a `partial`,
    but is no function. Raises Untrusted.
    """
    if isinstance(owner, partial):
        state = {"func": state[0] if isinstance(state, tuple) else owner.func}
    for kept in state if isinstance(state, tuple) else (state,):
        for key, value in kept.items() if isinstance(kept, dict) else ():
            if not callable(value) or isinstance(value, type):
                continue
            hidden = callable(getattr(type(owner), str(key), None)) or key in HOOKS
            delegated = key in DELEGATED and not _is_function(value)
            if hidden or delegated:
                raise Untrusted(type(owner).__module__, f"{type(owner).__name__}.{key}")


HOOKS = {"__new__", "__setstate__", "add", "append", "extend"}  # that pickle looks up and calls
DELEGATED = {"func", "inverse_func", "pyfunc"}  # what partial and others call


def _is_function(found: Any) -> bool:
    """Not an object that can be called because its class is written so."""
    call = inspect.getattr_static(type(found), "__call__", None)
    return not isinstance(call, FunctionType) or within(type(found).__module__, packages())


def _is_harmless(module: str, found: Any) -> bool:
    """Whether it is a part of models, defined where it is said to be and not just seen there."""
    if isinstance(found, np.ufunc):
        return True
    home, library = _home(found), module.partition(".")[0]
    if within(module, packages()):
        return isinstance(found, type | FunctionType) and within(home, packages())
    acts = not ACTING.isdisjoint(home.split("."))
    acts |= within(home, ACTING_PACKAGES) and not within(home, FUNCTIONS)
    if acts or not within(home, (library,)):
        return False
    if not isinstance(found, type):
        return _remakes(found) or _computes(home, found)
    if library == "numpy":
        return issubclass(found, NUMBERS) and not issubclass(found, np.memmap)
    return not within(home, ("scipy.stats",))


def _home(found: Any) -> str:
    """The module that defines it, whatever it says of itself and however it is wrapped."""
    inner = inspect.unwrap(getattr(found, "_implementation", found))  # of NumPy's dispatchers
    module = getattr(inner, "__globals__", {}).get("__name__") or getattr(found, "__module__", "")
    return RENAMED.get(str(module), str(module))


def _remakes(found: Any) -> bool:
    """Whether Cython wrote it to make an empty part of its own module."""
    name = str(getattr(found, "__name__", ""))
    return not isinstance(found, FunctionType) and name.startswith(("__pyx_unpickle_", "newObj"))


def _computes(home: str, found: Any) -> bool:
    if within(home, ("numpy",)):
        return type(found) is type(np.sum)  # a function of arrays
    return inspect.isroutine(found) and within(home, FUNCTIONS)
