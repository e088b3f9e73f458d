"""Columns of text as the code of an owner's own wants them, of which nothing else is known."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..fitted.knowledge import Known, holds_own_code

DTYPES = ("object", "category")  # what else texts may have been in training, besides pandas' own


def as_own_code_wants(model: Any, X: Any, y: Any, known: Mapping[str, Known]) -> Any:
    """A frame `X` (rows, features), its texts of the dtype with which the model answers best.

    Code such as `X.select_dtypes("object")` sees no text of another dtype. The dtype of pandas is
    taken unless with another one the answers are nearer to `y`, (rows,) or (rows, targets).
    """
    from pandas.api.types import is_string_dtype

    texts = [c for c in X if known[c].dtype is None and is_string_dtype(X[c].dtype)]
    if not texts or not holds_own_code(model, list(X.columns)):
        return X
    frames = [X, *(X.astype(dict.fromkeys(texts, dtype)) for dtype in DTYPES)]
    near = [_nearness(model, frame, y) for frame in frames]
    return frames[int(np.argmax(near))]


def _nearness(model: Any, frame: Any, y: Any) -> float:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            labels = np.asarray(model.predict(frame))
        actual = np.asarray(y).reshape(labels.shape)
        if labels.dtype.kind == "f":
            return -float(np.mean((labels - actual.astype(float)) ** 2))
        return float(np.mean(labels == actual))
    except Exception:
        return -np.inf
