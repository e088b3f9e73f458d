"""Rows that a model is asked beside those at hand: where two ways of answering come apart.

They are made of the model and the rows it is compared on, and are the same each time: thresholds
of trees and what is next to them, values at, between and beyond those seen, whole numbers one by
one, rounded decimals, each level and unknown ones, gaps, and texts of the model's own words.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..fitted.parts import parts
from ..rows import Row
from ..signature import FIRST_DAY, INTEGER_MAX, LAST_DAY, Feature, Signature, parse_day
from ..validation import limits

MOST, FEWEST, MOST_CELLS = 3_000, 300, 60_000  # rows, and cells of wide ones
EXACT = 2**24  # whole numbers beyond it are not told apart in 32 bits
ZERO = 1e-34  # what is nearer is zero to LightGBM, which splits there at 1e-35
UNKNOWN = "a level nobody has seen"
WORDS = 40  # of a vocabulary
LETTERS = "İyi ÄRGER größer ÉTÉ niño ΣΟΦΟΣ Привет 東京 a\u0301 e\u0301te ﬁn ẞ 😀 ½ ²"


def probes(model: Any, signature: Signature, rows: Sequence[Row]) -> list[Row]:
    """Probes of a fitted model around `rows`, which must be as they are when checked."""
    features = signature.features
    most = min(MOST, max(FEWEST, MOST_CELLS // len(features)))
    random = np.random.default_rng(0)
    base = [rows[i] for i in np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int)]
    each = max(1, most // 2 // len(features))  # values of a feature, by themselves
    known = _thresholds(model, [feature.name for feature in features])
    words = _words(model, [feature.name for feature in features])
    pools = {
        feature.name: _usual(feature, base, known.get(feature.name, []), words, each)
        for feature in features
    }
    for name, was in signature.trained.items():
        if was.dtype == "float32" and pools[name] != [None]:  # to which all others are rounded
            pools[name] = np.unique(np.array(pools[name], "float32")).astype(float).tolist()
    found = list(_special(features, base))[:most]
    for feature in features:
        for value in _few(pools[feature.name], each):
            found.append(base[random.integers(len(base))] | {feature.name: value})
    for _ in range(most // 3):
        found.append({name: pool[random.integers(len(pool))] for name, pool in pools.items()})
    for _ in range(most // 6):
        found.append({f.name: base[random.integers(len(base))][f.name] for f in features})
    return found


def like(frame: Any, rows: Sequence[Row]) -> Any:
    """Rows as a pandas frame of the types that `frame` has, as training would have."""
    import pandas as pd

    columns = {name: _column(frame[name], [row[name] for row in rows]) for name in frame.columns}
    return pd.DataFrame(columns)


def _column(column: Any, values: list[Any]) -> Any:
    import pandas as pd

    dtype = column.dtype
    seen = column.dropna()
    if dtype == "category":
        itself = {str(level): level for level in dtype.categories}
        values = [itself.get(value, value) for value in values]
        new = dict.fromkeys(v for v in values if v is not None and v not in itself.values())
        return pd.Categorical(values, [*dtype.categories, *new])
    if dtype.kind == "M":
        return np.array([value or "NaT" for value in values], "datetime64[ns]")
    if dtype.kind in "fiu":
        whole = dtype.kind in "iu" and all(isinstance(v, int) or v == v // 1 for v in values if v)
        exact = whole and None not in values
        floats = "float32" if dtype == "float32" else "float64"
        return np.array(values, "int64" if exact else floats)
    if dtype.kind == "b" and None not in values:
        return np.array(values, bool)
    if dtype == np.dtype(bool):  # which has no gap; NaN would be true
        return np.array([np.nan if value is None else value for value in values], object)
    itself = {str(value): value for value in seen.unique()} if dtype.kind == "O" else {}
    gaps = column[column.isna()]
    gap = gaps.iloc[0] if len(gaps) else np.nan
    values = [gap if value is None else itself.get(value, value) for value in values]
    return pd.Series(values, dtype=dtype if dtype.kind == "O" or not gaps.size else None)


def _special(features: Sequence[Feature], base: Sequence[Row]) -> Iterator[Row]:
    """What a model may fail on: gaps and levels nobody has seen, a feature at a time."""
    some = [base[0], base[-1]]
    for feature in features:
        strange: list[Any] = [None] if feature.missing else []
        if feature.type == "category" and feature.outside == "warn":
            level = (feature.categories or [""])[0]
            strange += [UNKNOWN, "", level.swapcase(), f"{level} ", f"{level}İ"]
        for value in strange:
            yield from (row | {feature.name: value} for row in some)


def _usual(
    feature: Feature,
    base: Sequence[Row],
    thresholds: Sequence[float],
    words: Sequence[str],
    most: int,
) -> list[Any]:
    """Values of a feature, the seen ones among them, without gaps unless there is nothing else."""
    seen = list(dict.fromkeys(row[feature.name] for row in base if row[feature.name] is not None))
    if feature.type == "boolean":
        return [False, True]
    if feature.type == "category":
        return [*(feature.categories or []), *seen] or [None]
    if feature.type == "text":
        return list(_texts(seen, words)) or [""]
    if not seen:
        return [None]
    if feature.type == "date":
        return [*seen, *_days(feature, seen)]
    low, high = limits(feature)
    whole = feature.type == "integer"
    values = _numbers(np.array(sorted(seen), float), thresholds, most, whole=whole)
    given = dict.fromkeys(int(v) if whole else float(v) for v in values if low <= v <= high)
    return list(given) or seen


def _numbers(
    seen: np.ndarray, thresholds: Sequence[float], most: int, *, whole: bool
) -> np.ndarray:
    """Numbers at, between and beyond those seen, next to thresholds, and rounded."""
    low, high = seen[0], seen[-1]
    span = (high - low) or max(abs(high), 1.0)
    kept = np.array(_few(seen, max(9, most // 6)))
    found = [kept, (kept[1:] + kept[:-1]) / 2, np.linspace(low, high, 11)]
    found += [np.array([low - span, high + span, low - 10 * span, high + 10 * span, 0.0, 1.0])]
    at = np.array(_few(sorted(set(thresholds)), max(9, most // 6)))
    at = at[np.isfinite(at)]
    narrow = at.astype(np.float32)
    found += [at, narrow, np.nextafter(narrow, np.float32(np.inf))]
    found += [np.nextafter(narrow, np.float32(-np.inf))]
    found += [np.nextafter(at, np.inf), np.nextafter(at, -np.inf)]
    places = _decimals(seen)
    found += [np.round(at, places), np.round(at, places + 1), np.round(kept, max(places - 1, 0))]
    values = np.concatenate([part.astype(float) for part in found])
    wholes = whole or places == 0
    if wholes and max(abs(low), abs(high)) >= EXACT:
        starts = np.linspace(low, high, max(2, most // 8)).round()
        runs = (starts[:, None] + np.arange(-4, 5)).ravel()
        values = np.concatenate([values, runs])
    if whole:
        values = np.concatenate([np.floor(values), np.ceil(values)])
        values = values[np.abs(values) <= INTEGER_MAX]
    return np.unique(values[np.isfinite(values)])


def _decimals(seen: np.ndarray) -> int:
    """How many places the numbers seen are rounded to, up to 6."""
    some = seen[:200]
    return next((n for n in range(6) if np.array_equal(np.round(some, n), some)), 6)


def _days(feature: Feature, seen: list[str]) -> Iterator[str]:
    low, high = (parse_day(day).toordinal() for day in (min(seen), max(seen)))
    first, last = limits(feature) if feature.outside == "refuse" else (FIRST_DAY, LAST_DAY)
    span = max(high - low, 365)
    for day in (*np.linspace(low - span, high + span, 31).astype(int).tolist(), low - 1, high + 1):
        if first.toordinal() <= day <= last.toordinal():
            yield type(first).fromordinal(day).isoformat()


def _texts(seen: list[str], words: Sequence[str]) -> Iterator[str]:
    """Texts as they are and in other forms, of the words that a model knows and of others."""
    some = _few(seen, 60)
    strange = [word for word in words if not word.isascii()]
    chosen = [*_few(sorted(words), WORDS), *_few(sorted(strange), WORDS)]
    yield from some
    yield from ("", " ", "\n", ".", "a", "_", "-", "0", LETTERS)
    for word in (*chosen, *LETTERS.split()):
        yield from (word, word.upper(), word.title(), word.lower())
        yield from (unicodedata.normalize(form, word) for form in ("NFD", "NFC", "NFKC"))
    for place, text in enumerate(some):
        other = chosen[place % len(chosen)] if chosen else LETTERS
        yield f"{text} {other}"
        yield f"{other.upper()}, {text.upper()}!"
        yield f"{text}-{other}_{other}.{text}"
        yield f"  {text}\t{other}\n{other.title()}'s "
        yield unicodedata.normalize("NFD", text)
    for start in range(0, len(chosen), 5):
        group = chosen[start : start + 5]
        yield " ".join(group)
        yield " ".join(group).upper()
        yield "\n".join(group) * 3
    yield " ".join(chosen) * 20


def _words(model: Any, columns: Sequence[str]) -> list[str]:
    """The vocabulary of the vectorisers of a model."""
    found: dict[str, None] = {}
    for part in parts(model, columns):
        vocabulary = getattr(part.estimator, "vocabulary_", None)
        if isinstance(vocabulary, dict):
            found |= dict.fromkeys(word for word in vocabulary if isinstance(word, str))
    return list(found)


def _thresholds(model: Any, columns: Sequence[str]) -> dict[str, list[float]]:
    """Where the trees of a model split, by column, also behind scalers."""
    found: dict[str, set[float]] = defaultdict(set)
    for part in parts(model, columns):
        if part.sources is None:
            continue
        for place, value in _splits(part.estimator):
            source = part.sources[place] if place < len(part.sources) else None
            if source:
                found[source.column].add(value * source.scale + source.shift)
    return {column: sorted(values) for column, values in found.items()}


def _splits(estimator: Any) -> Iterator[tuple[int, float]]:
    """The places of features and the thresholds of a tree, or of boosted ones."""
    if hasattr(estimator, "tree_"):  # scikit-learn's
        inner = estimator.tree_.children_left != -1
        tree = estimator.tree_
        yield from zip(tree.feature[inner].tolist(), tree.threshold[inner].tolist(), strict=True)
    for tree in (tree for trees in getattr(estimator, "_predictors", []) for tree in trees):
        nodes = tree.nodes[tree.nodes["is_leaf"] == 0]  # HistGradientBoosting's
        yield from zip(nodes["feature_idx"].tolist(), nodes["num_threshold"].tolist(), strict=True)
    for name, feature, split in (
        ("get_booster", "Feature", "Split"),
        ("booster_", "split_feature", "threshold"),
    ):
        if hasattr(estimator, name):
            yield from _boosted(estimator, name, feature, split)


def _boosted(estimator: Any, name: str, feature: str, split: str) -> Iterator[tuple[int, float]]:
    """The same of XGBoost and LightGBM, which tell of their trees in a table."""
    booster = getattr(estimator, name)
    booster = booster() if callable(booster) and name == "get_booster" else booster
    names = booster.feature_names if name == "get_booster" else booster.feature_name()
    try:
        table = booster.trees_to_dataframe()
    except Exception:  # such as of categories, or of linear boosters
        return
    places = {column: place for place, column in enumerate(names or [])}
    for column, value in zip(table[feature], table[split], strict=True):
        place = places.get(column, int(column[1:]) if str(column)[1:].isdigit() else None)
        if place is not None and isinstance(value, float) and np.isfinite(value):
            yield place, 0.0 if abs(value) < ZERO else value


def _few(values: Any, most: int) -> list[Any]:
    """At most so many of them, spread over all."""
    if len(values) <= most:
        return list(values)
    return [values[i] for i in np.linspace(0, len(values) - 1, most).astype(int)]
