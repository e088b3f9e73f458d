"""Categories that a model numbers: their order, and the type that they were trained as."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from .signature import Feature


def level_text(value: Any) -> str:
    """How a level is called in a signature: 3 and 3.0 are "3", true is "True"."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value)


def level_meant(value: Any, dtype: str | None) -> Any:
    """The text of the level that a value means; where levels are numbers, "3.0" means 3, too."""
    if dtype in (None, "str") or value is None:
        return value
    if isinstance(value, str) and dtype == "bool":
        return value.strip().capitalize()
    if isinstance(value, str):
        with suppress(ValueError):
            value = float(value)
    return level_text(value)


def texts_of(column: Any, dtype: str) -> Any:
    """The texts of the levels that a pandas column (rows,) holds; gaps stay."""
    return column.astype(object).map(lambda value: level_text(level_meant(value, dtype)), "ignore")


def categorical(values: Any, feature: Feature) -> Any:
    """Texts of levels (rows,) as the pandas categories of the training; others become gaps."""
    import pandas as pd

    texts = feature.categories or []
    places = {text: place for place, text in enumerate(texts)}
    return pd.Categorical.from_codes(
        np.array([places.get(value, -1) for value in values], int), categories=_typed(feature)
    )


def as_texts(X: Any, about: Mapping[str, Mapping[str, Any]]) -> Any:
    """A pandas frame with the texts of levels, where a signature will have those."""
    coded = {name: one["coded"] for name, one in about.items() if one.get("coded")}
    texts = {name: texts_of(X[name], dtype) for name, dtype in coded.items()}
    return X.assign(**texts) if coded else X


def as_trained(X: Any, features: Iterable[Feature]) -> Any:
    """A pandas frame whose columns are categories where they were so in training."""
    coded = [feature for feature in features if feature.coded]
    columns = {f.name: categorical(texts_of(X[f.name], f.coded or ""), f) for f in coded}
    return X.assign(**columns) if coded else X


def _typed(feature: Feature) -> Any:
    texts, dtype = feature.categories or [], feature.coded or "str"
    if dtype == "str":
        return texts
    if dtype == "bool":
        return np.array([text == "True" for text in texts])
    return np.array(texts).astype("float64" if "float" in dtype else "int64").astype(dtype)
