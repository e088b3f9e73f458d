"""What a fitted model knows of the columns it takes: types, levels, gaps, and their dtypes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..signature import FeatureType
from . import boosters
from .columns import takes_text
from .parts import parts

LENIENT = {"ignore", "infrequent_if_exist", "warn", "use_encoded_value"}  # of `handle_unknown`
LIBRARIES = {"catboost", "imblearn", "lightgbm", "numpy", "scipy", "sklearn", "xgboost"}


@dataclass
class Known:
    """What one model, or one part of it, knows of a column; None is what it does not say.

    `levels` are the values it tells apart, gaps left out, in its own order. It is `lenient` when
    it has a rule for levels it does not know, and `fills` gaps when it has one for them. `dtype`
    is that of its training, by pandas' name, and `gap` how a gap was written there, as in
    `frames.Column`. `levels_dtype` is that of levels which a booster numbers in their order. `by`
    names who knows it.
    """

    type: FeatureType | None = None
    levels: list[Any] | None = None
    lenient: bool | None = None
    fills: bool | None = None
    dtype: str | None = None
    levels_dtype: str | None = None
    gap: Any = None
    by: str | None = None

    def add(self, other: "Known") -> None:
        """Take over what another part knows and this one does not say."""
        if other.levels and self.levels:
            self.levels += [level for level in other.levels if level not in self.levels]
        if self.type == "integer" and other.type == "number":
            self.type = "number"  # one part tells whole numbers apart, another computes with them
        if other.lenient is not None and self.lenient is not None:
            self.lenient = self.lenient and other.lenient
        if self.type is None and other.type is not None:
            self.by = other.by
        for field in fields(self):
            if getattr(self, field.name) is None:
                setattr(self, field.name, getattr(other, field.name))


Told = list[Known | None]  # what a part knows of each column that reaches it


def knowledge(model: Any, columns: Sequence[str]) -> dict[str, Known]:
    """What a fitted model knows of each of its columns, in its order."""
    found = {column: Known() for column in columns}
    if hasattr(model, "bring"):  # a graph, which says it by its inputs
        found |= model.known(columns)
        return found
    done = set()  # the hundred members of a forest know the same
    for part in parts(model, columns):
        kind = type(part.estimator).__name__
        if part.columns is None or (kind, part.columns) in done:
            continue
        told = _told(part.estimator, part.columns)
        if not any(known and known.levels for known in told):
            done.add((kind, part.columns))
        for column, known in zip(part.columns, told, strict=True):
            if column is not None and known is not None:
                known.by = known.by or kind
                found[column].add(known)
    return found


def holds_own_code(model: Any, columns: Sequence[str]) -> bool:
    """Whether a part of the model is code of which nothing is known, such as an owner's own."""
    for part in parts(model, columns):
        function = getattr(part.estimator, "func", None)  # of a FunctionTransformer
        while (inner := getattr(function, "func", None)) is not None:  # of a partial
            function = inner
        homes = [type(part.estimator).__module__, getattr(function, "__module__", None)]
        if not {str(home).partition(".")[0] for home in homes if home} <= LIBRARIES:
            return True
    return False


def _told(estimator: Any, columns: Sequence[str | None]) -> Told:
    for tell in (boosters.known, _text, _selected, _histogram, _encoder, _imputer, _numbers):
        if (told := tell(estimator, columns)) is not None:
            return told
    return [None] * len(columns)


def _text(estimator: Any, columns: Sequence[str | None]) -> Told | None:
    if hasattr(estimator, "steps") or not takes_text(estimator):
        return None
    return [Known(type="text") for _ in columns]


def _selected(estimator: Any, columns: Sequence[str | None]) -> Told | None:
    """What the selectors of a ColumnTransformer tell of the columns they found in training."""
    if not hasattr(estimator, "transformers_"):
        return None
    from .parts import _places

    told: Told = [None] * len(columns)
    given = {name: select for name, _, select in estimator.transformers}
    for name, _, chosen in estimator.transformers_:
        known = _of_selector(getattr(given.get(name), "dtype_include", None))
        if known and not callable(chosen) and len(columns) == estimator.n_features_in_:
            for place in _places(estimator, chosen):
                told[place] = Known(**vars(known))
    return told


def _of_selector(include: Any) -> Known | None:
    one = include[0] if isinstance(include, list | tuple) and len(include) == 1 else include
    if one is None or isinstance(one, list | tuple):
        return None
    name = "object" if one in (object, "O") else getattr(one, "__name__", str(one))
    if name in ("object", "str", "string", "category"):
        return Known(dtype=name, by="selected as " + name)
    types: dict[str, FeatureType] = {"bool": "boolean", "datetime": "date"}
    types |= {"int": "integer", "uint": "integer"}
    kind = types.get(name.rstrip("0123456789").partition("64")[0], "number")
    return Known(type=kind, by=f"selected as {name}")


def _histogram(estimator: Any, columns: Sequence[str | None]) -> Told | None:
    """What HistGradientBoosting knows, which takes gaps, and unknown levels as if they were."""
    if not hasattr(estimator, "is_categorical_"):
        return None
    coded = estimator.is_categorical_
    told: Told = [Known(type="number", fills=True) for _ in columns]
    if coded is None or len(coded) != len(columns):
        return told
    frame = isinstance(estimator.categorical_features, str)  # "from_dtype"
    places = np.flatnonzero(coded)
    levels = estimator._preprocessor.named_transformers_["encoder"].categories_
    for place, values in zip(places, levels, strict=True):
        known = of_levels(values, lenient=True)
        known.fills, known.dtype = True, "category" if frame else None
        told[place] = known
    return told


def _encoder(estimator: Any, columns: Sequence[str | None]) -> Told | None:
    levels = getattr(estimator, "categories_", None)
    if not isinstance(levels, list) or len(levels) != len(columns):
        return None
    rule = getattr(estimator, "handle_unknown", "ignore")  # TargetEncoder has always one
    return [of_levels(values, lenient=rule in LENIENT) for values in levels]


def of_levels(values: Any, lenient: bool) -> Known:
    """What the categories of an encoder tell, which may have a gap among them."""
    import pandas as pd

    if np.asarray(values).dtype.kind == "M":
        return Known(type="date", lenient=lenient)
    every = np.asarray(values, object).tolist()
    kept = [v.item() if isinstance(v, np.generic) else v for v in every if not pd.isna(v)]
    gaps = [value for value in every if pd.isna(value)]
    types: dict[type, FeatureType] = {str: "category", bool: "boolean", int: "integer"}
    kinds = {type(value) for value in kept}
    return Known(
        type=types.get(kinds.pop(), "number") if len(kinds) == 1 else None,
        levels=kept,
        lenient=lenient,
        fills=True if gaps else None,
        gap=("None" if gaps[0] is None else "nan") if gaps else None,
    )


def _imputer(estimator: Any, columns: Sequence[str | None]) -> Told | None:
    if not hasattr(estimator, "statistics_") or not hasattr(estimator, "missing_values"):
        return None
    texts = np.asarray(estimator.statistics_).dtype == object
    kind: FeatureType | None = None if texts else "number"
    gap = estimator.missing_values
    fills = True if gap is None or str(gap) in ("nan", "<NA>") else None
    return [Known(type=kind, fills=fills, gap="None" if gap is None else None) for _ in columns]


def _numbers(estimator: Any, columns: Sequence[str | None]) -> Told | None:
    """What parts of scikit-learn's tell that take nothing but numbers."""
    from sklearn.base import MetaEstimatorMixin
    from sklearn.impute import MissingIndicator
    from sklearn.utils import get_tags
    from sklearn.utils.metaestimators import _BaseComposition

    kind, home = type(estimator).__name__, type(estimator).__module__.partition(".")[0]
    if kind == "FunctionTransformer":
        numbers = isinstance(estimator.func, np.ufunc)
        return [Known(type="number") for _ in columns] if numbers else None
    if isinstance(estimator, MetaEstimatorMixin | MissingIndicator | _BaseComposition):
        return None  # their members tell
    members = ("regressor_", "best_estimator_", "estimator_", "transformers_", "missing_values_")
    if home not in ("sklearn", "imblearn") or any(hasattr(estimator, name) for name in members):
        return None
    if kind == "FrozenEstimator":
        return None
    tags = get_tags(estimator)
    if tags.no_validation or tags.input_tags.categorical or tags.input_tags.string:
        return None
    fills = True if kind in ("IterativeImputer", "KNNImputer") else None
    return [Known(type="number", fills=fills) for _ in columns]
