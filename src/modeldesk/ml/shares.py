"""Scores that are probabilities: within 0 and 1, adding up to 1, and meant as such."""

from typing import Any

import numpy as np

from .signature import Output

SUM, ROUND = 1e-3, 1e-5  # how far 32 bits may miss: a sum of probabilities, and one of them


def are_shares(scores: np.ndarray) -> np.ndarray:
    """Which rows of scores (rows, classes) are probabilities, but for rounding: (rows,)."""
    inside = ((scores >= -ROUND) & (scores <= 1 + ROUND)).all(axis=1)
    found: np.ndarray = inside & (np.abs(scores.sum(axis=1) - 1) <= SUM)
    return found


def rounded(shares: np.ndarray) -> np.ndarray:
    """Probabilities (rows, classes) without what rounding did to them, in 64 bits."""
    inside = np.clip(shares.astype(float), 0, 1)
    found: np.ndarray = inside / inside.sum(axis=1, keepdims=True)
    return found


def by_target(output: Output, shares: np.ndarray) -> list[np.ndarray]:
    """The probabilities (rows, classes) of each target, which stand beside each other."""
    widths = [len(part.classes or []) for part in output.parts]
    return np.split(shares, np.cumsum(widths)[:-1], axis=1)


def no_shares(model: Any, output: Output, scores: Any) -> str:
    """Why the scores (rows, classes) of a model are no probabilities; "" where they are."""
    from .fitted.boosters import objective_without_shares

    if name := objective_without_shares(model):
        return f"It answers without probabilities: the scores of {name} are none."
    finite = by_target(output, scores[np.isfinite(scores).all(axis=1)])
    if not all(are_shares(one).all() for one in finite):
        return "It answers without probabilities: its scores do not add up to 1 within 0 and 1."
    return ""
