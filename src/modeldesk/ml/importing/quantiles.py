"""Finds out that a model answers a quantile, and not the mean."""

from contextlib import suppress
from typing import Any

from ..fitted.walk import inside

SAY_SO = ("loss", "objective", "loss_function")  # parameters, by library
WHICH = ("quantile", "alpha", "quantile_alpha")


def quantile_of(model: Any) -> float | None:
    """Which quantile a fitted model was trained to answer, if one."""
    for part in inside(model):
        given: dict[str, Any] = {}
        with suppress(Exception):
            given = part.get_params(deep=False)
        said = str(next((given[name] for name in SAY_SO if given.get(name)), ""))
        if type(part).__name__ != "QuantileRegressor" and "quantile" not in said.lower():
            continue
        with suppress(ValueError):  # as CatBoost has it: Quantile:alpha=0.9
            return float(said.rpartition("alpha=")[2])
        which = next((given[name] for name in WHICH if given.get(name) is not None), 0.5)
        with suppress(TypeError, ValueError):
            return float(which)
    return None
