"""Columns of a pandas frame as they were when the model was trained, kept and made again."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from .signature import Feature

IMPLIED = {  # what a column of each type is unless a signature says otherwise
    "number": ("float64", "nan"),
    "integer": ("int64", "nan"),
    "boolean": ("bool", "nan"),
    "date": ("datetime64[ns]", "nan"),
}
Gap = Literal["nan", "None", "NA"]


class Column(BaseModel):
    """A column in training: its dtype, by pandas' name, and how a gap was written.

    Of the dtype "category" it has the `levels`, as they were and in their order, and their dtype
    `of`, where they are numbers of another size than usual.
    """

    model_config = ConfigDict(extra="forbid", strict=True)
    dtype: str
    gap: Gap = "nan"
    levels: list[bool | int | float | str] | None = None
    ordered: bool = False
    of: str | None = None


def column_of(values: Any, feature: "Feature") -> Column | None:
    """What a pandas column `values` (rows,) was; None where the type of its feature tells."""
    import pandas as pd

    dtype: Any = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        levels = dtype.categories
        sized = isinstance(levels.dtype, np.dtype) and levels.dtype.kind in "iuf"
        of = str(levels.dtype) if sized and levels.dtype not in ("int64", "float64") else None
        ordered = bool(dtype.ordered)
        return Column(dtype="category", levels=levels.tolist(), ordered=ordered, of=of)
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
        if not any(isinstance(level, str) for level in was.levels or []):
            return categorical(values, np.array(was.levels, was.of), was.ordered)
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


def level_text(value: Any) -> str:
    """How a level is called in a signature: 3 and 3.0 are "3"."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value)


def categorical(values: Sequence[Any], levels: np.ndarray, ordered: bool = False) -> Any:
    """Values (rows,), or texts that mean them, as pandas categories; what is no level is a gap."""
    import pandas as pd

    places = {level_text(level): place for place, level in enumerate(levels.tolist())}
    numbers = levels.dtype.kind in "iuf"

    def code(value: Any) -> int:
        if numbers and isinstance(value, str):
            with suppress(ValueError):
                value = float(value)
        return places.get(level_text(value), -1)

    known = pd.Index(levels.tolist() if levels.dtype == object else levels)
    gaps = pd.Series(list(values), dtype=object).isna()
    codes = [-1 if gap else code(value) for value, gap in zip(values, gaps, strict=True)]
    return pd.Categorical.from_codes(codes, known, ordered=ordered)


def _by_type(values: Sequence[Any], feature: "Feature") -> Any:
    import pandas as pd

    gaps = any(value is None for value in values)
    if feature.type == "category":
        known = {*(feature.categories or []), *values} - {None}
        return pd.Categorical(values, sorted(known))
    if feature.type == "text" or (feature.type == "boolean" and (feature.missing or gaps)):
        return np.array([np.nan if value is None else value for value in values], object)
    if feature.type == "date":
        return np.array([value or "NaT" for value in values], "datetime64[ns]")
    dtype = {"integer": "int64", "boolean": "bool"}.get(feature.type, "float64")
    return np.array(values, "float64" if gaps else dtype)
