"""Models in files that pickle, joblib or skops wrote."""

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..artifact import ArtifactError
from ..fitted.trusted import CLASSES, Untrusted, within
from ..predictor import ForeignCode, ScikitEngine
from ..project import transformers
from ..signature import brief

VERSION = re.compile(rb"_sklearn_version.{0,8}?(\d+\.\d+[.\w]*)", re.DOTALL)
OLDEST = (1, 6)  # of scikit-learn, that this project works with
NEEDED = {  # to read models of libraries that the project lacks, and to make ONNX of them
    "catboost": ["catboost"],
    "imblearn": ["imbalanced-learn"],
    "lightgbm": ["lightgbm", "onnxmltools"],
    "xgboost": ["xgboost", "onnxmltools"],
}


def read_pickle(path: Path) -> Any:
    """Read what pickle or joblib wrote, compressed or not. Raises ArtifactError.

    What models do not consist of is refused before anything of it is called.
    """
    from joblib.numpy_pickle_utils import _validate_fileobject_and_memmap as opened

    from .unpickler import SafeUnpickler

    with _told(path):
        try:
            with path.open("rb") as file, opened(file, str(path)) as (content, _):
                if isinstance(content, str):
                    raise ArtifactError(f"{path} is of a joblib before 0.10; save it anew.")
                return SafeUnpickler(content).load()
        except Untrusted as name:
            why = _refusal(name.module, name.name)
            raise ArtifactError(f"{path} was not read: {why}.") from name


def read_skops(path: Path) -> Any:
    """Read what skops wrote. Raises ArtifactError."""
    with _told(path):
        try:
            return ScikitEngine.load(path.read_bytes(), []).model
        except ForeignCode as error:
            mend = f"move what is yours to {transformers()}, import it from there, and train again"
            raise ArtifactError(f"{path} was not read: {error}; {mend}.") from error


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell what keeps a file from being read, in one sentence."""
    from sklearn.exceptions import InconsistentVersionWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", InconsistentVersionWarning)
            yield
    except ArtifactError:
        raise
    except InconsistentVersionWarning as error:
        raise ArtifactError(_version_fault(path, error.original_sklearn_version)) from error
    except Exception as error:
        saved = VERSION.search(path.read_bytes())
        if saved and saved[1].decode() != version("scikit-learn"):
            raise ArtifactError(_version_fault(path, saved[1].decode())) from error
        if isinstance(error, ModuleNotFoundError) and error.name:
            library = error.name.partition(".")[0]
            if library in NEEDED:
                names = " and ".join(NEEDED[library])
                mend = f"`uv add {' '.join(NEEDED[library])}`"
                raise ArtifactError(f"{path} needs {names}: {mend}.") from error
        why = f"{path} cannot be read ({brief(error)})"
        raise ArtifactError(f"{why}; it may be cut short or no model: copy it anew.") from error


def _version_fault(path: Path, saved: str) -> str:
    ours = version("scikit-learn")
    mend = f"train it again with {ours}"
    numbers = tuple(int(part) for part in re.findall(r"\d+", saved)[:2])
    if numbers >= OLDEST:
        mend += f", or use its own: `uv add --optional train scikit-learn=={saved}`"
    return f"{path} is of scikit-learn {saved}, and this project has {ours}: {mend}."


def _refusal(module: str, name: str) -> str:
    """Why a pickle may not have a name, and what mends it."""
    top = module.partition(".")[0]
    mend = f"move it to {transformers()}, import it from there, and train again"
    if module == "__main__":
        return f"it needs `{name}` of the script or notebook that trained it; {mend}"
    if top in ("cloudpickle", "dill"):
        what = "a lambda, or a function or class of the script that trained it"
        return f"it holds {what}; give it a name, {mend}"
    if top in sys.stdlib_module_names or top == "nt" or within(module, CLASSES):
        return f"it would run `{module}.{name}`, which no model needs"
    mend = f"if it is yours, {mend}; if a library's, take scikit-learn's own in its place"
    return f"it would run `{module}.{name}`, which is not scikit-learn's; {mend}"
