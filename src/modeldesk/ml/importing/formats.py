"""The files models are kept in, and who reads each of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..artifact import ArtifactError
from ..fitted.booster_files import read_catboost, read_lightgbm, read_xgboost
from .graph import read as read_onnx
from .pickles import read_pickle, read_skops
from .torch_files import read as read_torch


@dataclass(frozen=True)
class Format:
    """How a file is read, and whether reading it can run code that is in it.

    `read` returns a model that answers as scikit-learn's do. One that is a graph already has
    `bring(signature, rows)` instead: it returns its ONNX file in our form, the signature with the
    classes it answers, and its parity with the original. It has `task(y)` and `n_features_in_` or
    `feature_names_in_`, too. `read` raises ArtifactError; it gets the number of columns of the data
    beside the path where a file does not say what it takes.
    """

    read: Callable[..., Any]
    runs_code: bool = False
    counts: bool = False


PICKLE = Format(read_pickle, runs_code=True)
POINTER = b"version https://git-lfs"
TORCH = Format(read_torch, counts=True)
FORMATS = {
    ".pkl": PICKLE,
    ".pickle": PICKLE,
    ".joblib": PICKLE,
    ".skops": Format(read_skops),
    ".json": Format(read_xgboost),
    ".ubj": Format(read_xgboost),
    ".txt": Format(read_lightgbm),
    ".cbm": Format(read_catboost),
    ".onnx": Format(read_onnx),
    ".pt2": TORCH,
    ".pt": TORCH,
    ".pth": TORCH,
}


def format_of(path: Path) -> Format:
    """The format of a file that is there, by its suffix. Raises ArtifactError."""
    if path.is_dir():
        raise ArtifactError(f"{path} is a folder; name the file of the model in it.")
    if not path.is_file():
        raise ArtifactError(f"There is no file {path}.")
    if path.suffix.lower() not in FORMATS:
        raise ArtifactError(f"{path} is of no known kind; models end in {', '.join(FORMATS)}.")
    if not path.stat().st_size:
        raise ArtifactError(f"{path} is empty; save the model anew.")
    with path.open("rb") as file:
        if file.read(len(POINTER)) == POINTER:
            why = "only says where Git LFS keeps the model"
            raise ArtifactError(f"{path} {why}; fetch it with `git lfs pull`.")
    return FORMATS[path.suffix.lower()]
