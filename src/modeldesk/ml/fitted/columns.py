"""Which columns a fitted model takes, and in which order."""

import re
from pathlib import Path
from typing import Any

from ..signature import SignatureError
from ..validation import listed
from ..versions import current_version, signature_of
from .boosters import family


def columns_for(model: Any, given: list[str], source: str) -> list[str]:
    """The columns of `given` a fitted model takes, in its order. Raises SignatureError.

    By name where it knows them, else all of them, if their number is right.
    """
    names = fitted_names(model)
    if names is not None:
        called = {re.sub(r"\W", "_", name): name for name in given}  # as ONNX's makers write them
        called |= {name.replace(" ", "_"): name for name in given}  # and as LightGBM does
        called |= {name: name for name in given}
        if lacking := [name for name in names if name not in called]:
            has = f"{source} has: {listed(given)}"
            raise SignatureError(f"The model takes {listed(lacking)}, too; {has}.")
        return [called[name] for name in names]
    takes = 1 if takes_text(model) else getattr(model, "n_features_in_", len(given))
    if takes != len(given):
        count = "one column of text" if takes_text(model) else f"{takes} columns"
        has = f"{source} has {len(given)} beside the target ({listed(given)})"
        raise SignatureError(f"The model takes {count} and knows no names; {has}: leave those.")
    return given


def fitted_names(model: Any) -> list[str] | None:
    """The names of the columns that a model was fitted on, in its order, if it knows them."""
    if family(model) == "catboost":
        names = list(model.feature_names_)
        return None if names == [str(place) for place in range(len(names))] else names
    return [str(name) for name in getattr(model, "feature_names_in_", ())] or None


def unnamed_columns(
    model: Any, columns: list[str], source: str, root: Path, *, force: bool = False
) -> str | None:
    """What to say of a model that was fitted on a matrix: its columns are those of `source`.

    Raises SignatureError when the current version below `root` takes them in another order, unless
    `force`.
    """
    if fitted_names(model) is not None or not hasattr(model, "n_features_in_"):
        return None
    current = current_version(root)
    before = signature_of(root, current) if current else None
    known = [feature.name for feature in before.features] if before else []
    if not force and known != columns and sorted(known) == sorted(columns):
        why = f"The model knows no names of columns, and {source} has them as {listed(columns)}"
        mend = "put them into the order of training, or fit the model on a table with names"
        raise SignatureError(
            f"{why}, where version {current} takes {listed(known)}: {mend}; if the order is that "
            "of training, `force` takes it."
        )
    return f"The model knows no names; its columns are taken as {source} has them"


def takes_text(model: Any) -> bool:
    """Whether it was fitted on a list of texts, as TfidfVectorizer is."""
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer

    while steps := getattr(getattr(model, "best_estimator_", model), "steps", None):
        model = steps[0][1]
    if hasattr(model, "transformer_list"):  # a union of vectorizers
        return any(takes_text(part) for _, part in model.transformer_list)
    return isinstance(model, CountVectorizer | HashingVectorizer)
