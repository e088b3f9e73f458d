"""Asks a model what the rows at hand do not show: gaps, and levels that it does not know."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from ..frames import level_text
from ..predictor import ScikitEngine
from ..rows import Row
from ..signature import MOST_CATEGORIES, Signature, kind_of
from .knowledge import Known

UNSEEN = "no such level"
MOST_LEVELS = 1_000  # text of which a model knows more is free text


def described_by(known: Mapping[str, Known], X: Any) -> dict[str, dict[str, Any]]:
    """What a model says of the features of a pandas frame `X` (rows, features), for `infer`."""
    found: dict[str, dict[str, Any]] = {}
    for column, one in known.items():
        if one.type == "text":
            found[column] = {"type": "text"}
        elif one.type == "category" and one.levels and _leveled(X[column]):
            listed = len(one.levels) <= MOST_LEVELS or one.dtype == "category"
            texts = [level_text(level) for level in one.levels]
            levels: dict[str, Any] = {"type": "category", "categories": texts}
            found[column] = levels if listed else {"type": "text"}
    return found


def _leveled(column: Any) -> bool:
    return hasattr(column, "cat") or kind_of(column) in ("string", "empty")


def with_rules(
    model: Any,
    signature: Signature,
    known: Mapping[str, Known],
    *,
    told: Mapping[str, Mapping[str, Any]] | None = None,
    tolerated: bool = False,
) -> Signature:
    """Allow the gaps and unknown levels for which a fitted model has a rule, once it answers them.

    With `tolerated` also gaps that it has no rule for, and answers. What was `told` of a feature
    stays.
    """
    told = told or {}
    asks = Asking(model, signature)
    gaps = [
        feature.name
        for feature in signature.features
        if not feature.missing and "missing" not in told.get(feature.name, {})
        if tolerated or known[feature.name].fills
    ]
    missing: set[str] = set()
    for names in _alike(gaps, known):
        missing |= set(asks.answered(dict.fromkeys(names), each=bool(known[names[0]].fills)))
    unseen = [
        feature.name
        for feature in signature.features
        if feature.type == "category" and "outside" not in told.get(feature.name, {})
        if known[feature.name].lenient
    ]
    warned = set(asks.answered(dict.fromkeys(unseen, UNSEEN)))
    features = [
        feature.model_copy(
            update=({"missing": True} if feature.name in missing else {})
            | ({"outside": "warn"} if feature.name in warned else {})
        )
        for feature in signature.features
    ]
    return signature.model_copy(update={"features": features})


def _alike(names: list[str], known: Mapping[str, Known]) -> Iterable[list[str]]:
    """Names of columns, those together that the same kind of part treats in the same way."""
    groups: dict[Any, list[str]] = {}
    for name in names:
        one = known[name]
        key = (one.by, one.type, one.lenient, one.fills) if one.by else name
        groups.setdefault(key, []).append(name)
    return groups.values()


class Asking:
    """Asks a fitted model for the example of its signature, with another value in one feature."""

    def __init__(self, model: Any, signature: Signature) -> None:
        self.row = signature.example
        self.engine = ScikitEngine(model, signature.features, signature.trained)

    def answered(self, values: Mapping[str, Any], *, each: bool = True) -> Iterable[str]:
        """Those features with whose value the model has an answer: all, or then `each` alone."""
        rows = [self.row | {name: value} for name, value in values.items()]
        if not rows or self._answers(rows):
            return values
        if not each or len(rows) > MOST_CATEGORIES:  # one by one they take too long
            return []
        return [name for name, row in zip(values, rows, strict=True) if self._answers([row])]

    def _answers(self, rows: list[Row]) -> bool:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                labels, _ = self.engine.run(rows)
        except Exception:
            return False
        return labels.dtype.kind != "f" or bool(np.isfinite(labels).all())


def takes_fractions(model: Any, signature: Signature, X: Any, names: Sequence[str]) -> set[str]:
    """Those `names` of whole numbers in a frame `X` (rows, features) that may be any numbers.

    The model answers the same when they are floats, and answers fractions.
    """
    engine = ScikitEngine(model, signature.features, signature.trained)

    def alike(name: str) -> bool:
        whole, some = X.head(MOST_CATEGORIES), X.head(MOST_CATEGORIES).astype({name: float})
        same = [engine.answers(frame)[0].tolist() for frame in (whole, some)]
        engine.answers(some.assign(**{name: some[name] + 0.5}))
        return bool(same[0] == same[1])

    found = set()
    for name in (f.name for f in signature.features if f.type == "integer" and f.name in names):
        with warnings.catch_warnings(), suppress(Exception):
            warnings.simplefilter("ignore")
            found |= {name} if alike(name) else set()
    return found
