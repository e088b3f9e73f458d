"""How much a model leans on each feature: permutation importance.

The values of one feature are shuffled among rows that the model has not seen; how much its score
drops is the importance of the feature (Breiman, Random Forests, Machine Learning 45, 2001). What
two features both tell is ascribed to neither.
"""

import time
from contextlib import suppress
from typing import Any

import numpy as np

from .converting.convert import rows_of
from .predictor import Engine
from .signature import Signature

SECONDS = 2.0  # that it may take; features that are not reached by then have no importance
REPEATS = 3
MOST_ROWS, MOST_CELLS = 1_000, 200_000


def importance(engine: Engine, signature: Signature, X: Any, y: Any) -> dict[str, float]:
    """The mean drop of the accuracy, or of R², by feature, of an engine as it will be served.

    `X` (rows, features) is a pandas frame that the model has not seen, `y` its outcomes, (rows,)
    or (rows, targets). A feature on whose shuffled values the model fails is left out.
    """
    if signature.task == "clustering":  # whose numbers no outcome has
        return {}
    X, y = _sampled(X, y, signature)
    if len(X) < 2:
        return {}
    random = np.random.default_rng(0)
    score = _r2 if signature.task == "regression" else _accuracy
    table = engine.table(rows_of(X, signature))
    best = score(engine.answers(table)[0], y)
    stop = time.monotonic() + SECONDS
    drops: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for name in (feature.name for feature in signature.features):
            order = random.permutation(len(X))
            if time.monotonic() > stop:
                break
            with suppress(Exception):  # rows that nobody has may be more than a model can take
                labels, _ = engine.answers(engine.shuffled(table, name, order))
                drops.setdefault(name, []).append(best - score(labels, y))
    means = {name: float(np.mean(found)) for name, found in drops.items()}
    return {name: round(mean, 6) for name, mean in means.items() if np.isfinite(mean)}


def _sampled(X: Any, y: Any, signature: Signature) -> tuple[Any, np.ndarray]:
    """Rows that are answered, no more than are needed, and their outcomes."""
    required = [feature.name for feature in signature.features if not feature.missing]
    whole = X[required].notna().all(axis="columns").to_numpy().nonzero()[0]
    most = min(MOST_ROWS, max(100, MOST_CELLS // len(signature.features)))
    if len(whole) > most:
        whole = np.sort(np.random.default_rng(0).choice(whole, most, replace=False))
    return X.iloc[whole], np.asarray(y)[whole]


def _accuracy(labels: np.ndarray, actual: np.ndarray) -> float:
    return float(np.mean(labels == actual))


def _r2(numbers: np.ndarray, actual: np.ndarray) -> float:
    """Of several targets the mean; nan where none of them varies."""
    actual = actual.astype(float)
    spread = actual.var(axis=0)
    told = 1 - np.mean((numbers - actual) ** 2, axis=0) / np.where(spread > 0, spread, 1)
    return float(np.mean(told[spread > 0])) if np.any(spread > 0) else np.nan
