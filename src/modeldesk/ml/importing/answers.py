"""The columns of true answers, as the model's own answers are written."""

from typing import Any

import numpy as np

from ..fitted.knowledge import Known, of_levels
from ..fitted.unsupervised import LEARNS_ALONE
from ..publishing import task_of
from ..signature import SignatureError
from .types import Decider


def answers_of(model: Any, table: Any, targets: list[str], decide: Decider) -> Any:
    """The true answers, (rows,) or several (rows, targets), of the types that the model gives.

    Raises SignatureError for gaps, and for what is none of these.
    """
    import pandas as pd

    columns = {
        target: decide.target(table[target], _known(model, place, len(targets)))
        for place, target in enumerate(targets)
    }
    for target, column in columns.items():
        gaps = column.isna() | column.astype(object).map(_is_blank)
        if gaps.any():
            where = f"{gaps.sum()} gaps, the first in row {gaps.argmax() + 1}"
            raise SignatureError(
                f"Column {target!r} of {decide.source} has {where}; leave out such rows."
            )
    return pd.DataFrame(columns) if len(targets) > 1 else columns[targets[0]]


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()


def _known(model: Any, place: int, count: int) -> Known:
    """What a model says of one of its answers."""
    if hasattr(model, "bring"):
        return Known(type="category") if model.answers_text else Known()
    if task_of(model) in LEARNS_ALONE:
        return Known()  # of which rows are outliers there are several ways to tell
    classes = getattr(model, "classes_", None)
    if classes is None or len(classes) == 0:
        return Known(type="number")
    if isinstance(classes, list) and np.ndim(classes[0]) == 1:
        return of_levels(classes[place], lenient=True) if count == len(classes) else Known()
    return of_levels(np.ravel(classes), lenient=True)
