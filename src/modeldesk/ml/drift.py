"""Whether rows still look like the training data: the population stability index."""

from collections.abc import Sequence
from datetime import date
from math import log
from typing import Any

import numpy as np

from .frames import level_text
from .signature import Feature

BINS = 10
ENOUGH = 100  # rows; with fewer the index says more of chance than of drift
MOST_ROWS = 100_000  # of the training data: more would change no share by half a percent
FLOOR = 1e-4  # the share that an empty bin counts as

Profile = dict[str, dict[str, Any]]


def profile(X: Any, features: Sequence[Feature]) -> Profile:
    """The distribution of each column of a pandas frame `X` (rows, features), but for free text.

    A number, or a date as one of days, has the inner `edges` of bins that hold a tenth of the
    rows each, anything else its `values`. `shares` are those of the bins or values, then of all
    other values, then of gaps.
    """
    found: Profile = {}
    X = X.sample(MOST_ROWS, random_state=0) if len(X) > MOST_ROWS else X
    for feature in features:
        column = X[feature.name]
        known = column.dropna()
        if feature.type == "text" or not len(known):
            continue
        if feature.type in ("number", "integer", "date"):
            cuts = np.quantile(_rounded(known), np.linspace(0, 1, BINS + 1)[1:-1])
            bins: dict[str, Any] = {"edges": np.unique(cuts).tolist()}
        elif feature.type == "boolean":
            bins = {"values": [False, True]}
        else:
            bins = {"values": feature.categories or []}
        if feature.type == "category":
            column = column.astype(object).map(level_text, "ignore")
        given = [None if gap else value for value, gap in zip(column, column.isna(), strict=True)]
        found[feature.name] = bins | {"shares": _shares(given, bins)}
    return found


def stability_index(trained: dict[str, Any], values: Sequence[Any]) -> float | None:
    """The index of a feature's `values` against its entry in a profile, or None for too few.

    The sum of (seen - trained) * ln(seen / trained) over the bins. By custom, below 0.1 nothing
    changed, and above 0.25 much did (Siddiqi, Credit Risk Scorecards, 2006).
    """
    if len(values) < ENOUGH:
        return None
    pairs = zip(_shares(values, trained), trained["shares"], strict=True)
    floored = [(max(seen, FLOOR), max(before, FLOOR)) for seen, before in pairs]
    return float(sum((seen - before) * log(seen / before) for seen, before in floored))


def _rounded(numbers: Any) -> Any:
    """To the 32 bits of the model, so that 3.3 is the same in a frame and in JSON."""
    if isinstance(next(iter(numbers), None), str | date):  # dates, as in JSON or in a frame
        days = (date.fromisoformat(v) if isinstance(v, str) else v for v in numbers)
        numbers = [day.toordinal() for day in days]
    return np.array(numbers, np.float32).astype(float)


def _shares(values: Sequence[Any], bins: dict[str, Any]) -> list[float]:
    known = [value for value in values if value is not None]
    if "edges" in bins:
        counts = np.zeros(len(bins["edges"]) + 2, int)
        places = np.searchsorted(bins["edges"], _rounded(known), side="left")
        np.add.at(counts, places, 1)
    else:
        place = {value: index for index, value in enumerate(bins["values"])}
        counts = np.zeros(len(place) + 2, int)
        for value in known:
            counts[place.get(value, len(place))] += 1
    counts[-1] = len(values) - len(known)
    return [round(float(share), 6) for share in counts / len(values)]
