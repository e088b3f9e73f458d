"""Walks the parts of a fitted scikit-learn model, with the columns that reach each of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


class Source(NamedTuple):
    """Where a value comes from: `value * scale + shift` is what is in `column` of the model."""

    column: str
    scale: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True)
class Part:
    """An estimator inside a model, or the model itself.

    `columns` are those of what it is given: which of the model's own columns each is, unchanged
    (None: made by the parts before it). They are None where not even their number is known.
    `sources` are the same with those that were only scaled.
    """

    estimator: Any
    columns: tuple[str | None, ...] | None
    sources: tuple[Source | None, ...] | None


Given = tuple[Source | None, ...] | None  # what reaches a part


def parts(model: Any, columns: Sequence[str]) -> Iterator[Part]:
    """The model itself and then all that it asks when it predicts, each with its columns.

    `columns` are those the model was fitted on, in its order. A search is gone through by its best
    estimator, an ensemble by its members; what only resamples the training rows is left out.
    """
    yield from _walk(model, tuple(Source(column) for column in columns))


def _walk(estimator: Any, given: Given) -> Iterator[Part]:
    columns = None
    if given is not None:
        columns = tuple(s.column if s and s[1:] == (1, 0) else None for s in given)
    yield Part(estimator, columns, given)
    if hasattr(estimator, "steps"):
        for step in _steps(estimator):
            yield from _walk(step, given)
            given = _after(step, given)
    elif hasattr(estimator, "transformers_"):
        for _, part, places in _split(estimator, given):
            yield from _walk(part, given and tuple(given[place] for place in places))
    elif hasattr(estimator, "transformer_list"):
        for part in _united(estimator):
            yield from _walk(part, given)
    else:
        for member, takes in _members(estimator, given):
            yield from _walk(member, takes)


def _after(estimator: Any, given: Given) -> Given:
    """What a transformer gives on."""
    if isinstance(estimator, str):  # "passthrough"
        return given
    if hasattr(estimator, "steps"):
        for step in _steps(estimator):
            given = _after(step, given)
        return given
    if hasattr(estimator, "transformers_"):
        return _joined(estimator, given)
    if hasattr(estimator, "transformer_list"):
        after = [_after(part, given) for part in _united(estimator, kept=True)]
        return None if None in after else tuple(s for part in after for s in part or ())
    return _passed(estimator, given)


def _steps(pipeline: Any) -> list[Any]:
    """The steps of a pipeline that see rows when it predicts."""
    steps = [step for _, step in pipeline.steps if step not in (None, "passthrough")]
    return [step for step in steps if not hasattr(step, "fit_resample")]


def _united(union: Any, kept: bool = False) -> list[Any]:
    members = [part for _, part in union.transformer_list if part not in (None, "drop")]
    return [part for part in members if kept or not isinstance(part, str)]


def _split(transformer: Any, given: Given, kept: bool = False) -> Iterator[tuple[str, Any, Any]]:
    """Of a ColumnTransformer: name, part, and the places of its columns among those given."""
    if given and len(given) != transformer.n_features_in_:
        return
    for name, part, columns in transformer.transformers_:
        left_out = part == "drop" or (isinstance(part, str) and not kept)
        if not left_out and not callable(columns):  # callable: fitted on no columns at all
            yield name, part, _places(transformer, columns)


def _places(transformer: Any, columns: Any) -> list[int]:
    """Where the columns are that a ColumnTransformer selects by name, place, slice or mask."""
    import pandas as pd

    width = transformer.n_features_in_
    every = pd.Series(range(width), getattr(transformer, "feature_names_in_", None))
    ends = [columns.start, columns.stop] if isinstance(columns, slice) else np.ravel(columns)
    named = any(isinstance(end, str) for end in ends)
    found = np.ravel(every.loc[columns] if named else every.iloc[columns])
    return [int(place) for place in found]


def _joined(transformer: Any, given: Given) -> Given:
    """What a ColumnTransformer gives on, each part's where it puts it."""
    slices = transformer.output_indices_
    found: list[Source | None] = [None] * max((s.stop for s in slices.values()), default=0)
    for name, part, places in _split(transformer, given, kept=True):
        after = _after(part, given and tuple(given[place] for place in places))
        if after and len(after) == slices[name].stop - slices[name].start:
            found[slices[name]] = after
    return tuple(found)


def _passed(estimator: Any, given: Given) -> Given:
    """What a transformer gives on that is no composition of others."""
    from sklearn import impute, preprocessing
    from sklearn.feature_selection import SelectorMixin

    linear = ("MaxAbsScaler", "MinMaxScaler", "RobustScaler", "StandardScaler")
    scales = isinstance(estimator, tuple(getattr(preprocessing, name) for name in linear))
    keeping = (SelectorMixin, impute.SimpleImputer, impute.KNNImputer)
    iterative = hasattr(estimator, "imputation_sequence_")  # behind an import of its own
    if isinstance(estimator, preprocessing.FunctionTransformer):
        return given if estimator.func is None else None
    takes = getattr(estimator, "n_features_in_", None)
    if given and takes not in (None, len(given)):
        given = None
    known = getattr(estimator, "feature_names_in_", None)
    names = [f"x{place}" for place in range(takes or 0)] if known is None else list(known)
    try:
        after = list(estimator.get_feature_names_out(None if takes is None else names))
    except Exception:  # it has none, or cannot tell
        return None
    if given is None or not (scales or iterative or isinstance(estimator, keeping)):
        return (None,) * len(after)
    by_name = dict(zip(names, _scaled(estimator, given) if scales else given, strict=True))
    return tuple(by_name.get(name) for name in after)


def _scaled(scaler: Any, given: tuple[Source | None, ...]) -> tuple[Source | None, ...]:
    shift, one = scaler.inverse_transform(np.array([[0.0] * len(given), [1.0] * len(given)]))
    steps = zip(given, (one - shift).tolist(), shift.tolist(), strict=True)
    return tuple(s and Source(s[0], s[1] * k, s[1] * d + s[2]) for s, k, d in steps)


def _members(estimator: Any, given: Given) -> Iterator[tuple[Any, Given]]:
    """What an estimator asks that is made of others, and what it gives to each."""
    if hasattr(estimator, "estimators_"):
        yield from _ensemble(estimator, given)
    for calibrated in getattr(estimator, "calibrated_classifiers_", []):
        yield calibrated.estimator, given
    if hasattr(estimator, "final_estimator_"):
        yield estimator.final_estimator_, _stacked(estimator, given)
    if type(estimator).__name__ == "FrozenEstimator":  # of others, `estimator` is not fitted
        yield estimator.estimator, given
    for name in ("best_estimator_", "estimator_", "base_estimator_", "regressor_"):
        if hasattr(estimator, name) and not hasattr(estimator, "estimators_"):
            recursive = hasattr(estimator, "ranking_")  # its estimator sees what it selected
            yield getattr(estimator, name), _passed(estimator, given) if recursive else given


def _ensemble(estimator: Any, given: Given) -> Iterator[tuple[Any, Given]]:
    subsets = getattr(estimator, "estimators_features_", None)
    chain = hasattr(estimator, "order_")  # each is given the answers of those before it
    for place, member in enumerate(_flat(estimator.estimators_)):
        if isinstance(member, str):  # "drop"
            continue
        takes = given
        if given and subsets is not None:
            takes = tuple(given[column] for column in subsets[place])
        if given and chain:
            takes = (*given, *(None,) * place)
        yield member, takes


def _stacked(estimator: Any, given: Given) -> Given:
    """What the last estimator of a stack is given: answers, and maybe the columns behind them."""
    passed: Given = given if estimator.passthrough else ()
    width = getattr(estimator.final_estimator_, "n_features_in_", None)
    if width is None or passed is None:
        return None
    return (*(None,) * (width - len(passed)), *passed)


def _flat(members: Any) -> Iterator[Any]:
    """The members of an ensemble, which may keep a list a class."""
    for member in members:
        if isinstance(member, list | tuple | np.ndarray):
            yield from _flat(member)
        else:
            yield member
