"""Columns of a pandas frame as they were when the model was trained, kept and made again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from .signature import Feature

IMPLIED = {  # what a column of each type is unless a signature says otherwise
    "number": ("float64", "nan"),
    "integer": ("int64", "nan"),
    "boolean": ("bool", "nan"),
    "text": ("object", "nan"),
    "date": ("datetime64[ns]", "nan"),
}
Gap = Literal["nan", "None", "NA"]


class Column(BaseModel):
    """A column in training: its dtype, by pandas' name, and how a gap was written.

    Of the dtype "category" it has the `levels`, as they were and in their order.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    dtype: str
    gap: Gap = "nan"
    levels: list[bool | int | float | str] | None = None
    ordered: bool = False


def column_of(values: Any, feature: "Feature") -> Column | None:
    """What a pandas column `values` (rows,) was; None where the type of its feature tells."""
    import pandas as pd

    dtype: Any = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        levels = dtype.categories.tolist()
        return Column(dtype="category", levels=levels, ordered=bool(dtype.ordered))
    if isinstance(dtype, np.dtype) and dtype.kind in "biu":
        return None  # one size holds them all
    name, gap = str(dtype), _gap(values)
    if gap == "NA":
        name = {"number": "Float64", "integer": "Int64"}.get(feature.type, name)
    elif feature.type == "number" and name not in ("float32", "object"):
        return None
    return None if IMPLIED.get(feature.type) == (name, gap) else Column(dtype=name, gap=gap)


def _gap(values: Any) -> Gap:
    """How a gap is written in a column, whether it has some or not."""
    gaps = values[values.isna()]
    if isinstance(values.dtype, np.dtype):
        return "None" if len(gaps) and gaps.iloc[0] is None else "nan"
    return "nan" if isinstance(values.dtype.na_value, float) else "NA"


def as_trained(values: Sequence[Any], feature: "Feature", was: Column | None) -> Any:
    """Checked values (rows,) of a feature, gaps as None, as a column of such a frame."""
    import pandas as pd

    if was is None:
        return _by_type(values, feature)
    gap: Any = {"nan": np.nan, "None": None, "NA": pd.NA}[was.gap]
    if was.dtype == "category":
        by_text = {str(level): level for level in was.levels or []}
        found = [None if v is None else by_text.get(str(v), v) for v in values]
        known = dict.fromkeys([*(was.levels or []), *(v for v in found if v is not None)])
        return pd.Categorical(found, list(known), ordered=was.ordered)
    if feature.type == "date":
        days: Any = pd.to_datetime(pd.Series(values, dtype=object), format="%Y-%m-%d")
        return days.astype(was.dtype) if was.dtype != "object" else days.dt.date
    filled = [gap if v is None else v for v in values]
    if was.dtype == "str":  # which pandas before 3 keeps as objects
        return pd.Series(filled, dtype=pd.Series(["text"]).dtype)
    return pd.Series(filled, dtype=was.dtype)


def _by_type(values: Sequence[Any], feature: "Feature") -> Any:
    import pandas as pd

    gaps = any(value is None for value in values)
    if feature.type == "category":
        known = {*(feature.categories or []), *values} - {None}
        return pd.Categorical(values, sorted(known))
    if feature.type == "text" or (feature.type == "boolean" and feature.missing):
        return np.array([np.nan if value is None else value for value in values], object)
    if feature.type == "date":
        return np.array([value or "NaT" for value in values], "datetime64[ns]")
    dtype = {"integer": "int64", "boolean": "bool"}.get(feature.type, "float64")
    return np.array(values, "float64" if gaps else dtype)
