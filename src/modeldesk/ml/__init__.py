"""Everything about the model, free of any web framework."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .answered import Prediction
from .artifact import Artifact, ArtifactError
from .logged import with_feedback
from .rows import Row
from .signature import Signature, SignatureError
from .validation import listed

__all__ = [
    "Artifact",
    "ArtifactError",
    "Prediction",
    "Row",
    "SignatureError",
    "publish",
    "with_feedback",
]


def publish(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    name: str,
    test: tuple[Any, Any] | None = None,
    features: dict[str, dict[str, Any]] | None = None,
    output: dict[str, Any] | None = None,
    limits: Sequence[str] = (),
    promote: bool = True,
    force: bool = False,
    root: Path | None = None,
) -> Artifact:
    """Save a fitted model as a new version and make it the one served.

    It is one of scikit-learn, XGBoost, LightGBM or CatBoost, or a pipeline of theirs.

    `X` (rows, features), a pandas frame, and `y` (rows,) are what it was fitted on; a regression
    or a classification may have several targets, a frame `y` (rows, targets). `test` is such a pair
    it has not seen, for the score. A detector of outliers or a clusterer needs no `y`; that of its
    `test` may say which rows are outliers (-1 and 1, 1 and 0, or "anomaly" and "normal"), or be
    None.

    `features` and `output` add what data cannot tell:
    `features={"age": {"unit": "years", "outside": "refuse"}}`. Levels are those that the model
    knows; gaps, and levels it does not know, are taken where it has a rule for them, unless
    `features` says `"missing": False` or `"outside": "refuse"`. `limits` are sentences on what the
    model is not for, as its card and its page show them. `root` defaults to ARTIFACTS_DIR, then to
    the project's `artifacts`. Raises SignatureError or ArtifactError and changes nothing.

    One that would break callers of the version served is saved and not `promote`d: Incompatible,
    an ArtifactError, says why; `force` promotes it all the same.
    """
    from . import promotion
    from .card import sentences
    from .fitted.asking import described_by, with_rules
    from .fitted.booster_files import estimator
    from .fitted.boosters import as_numbered, with_levels
    from .fitted.columns import columns_for, unnamed_columns
    from .fitted.knowledge import knowledge
    from .fitted.served import served
    from .fitted.unsupervised import LEARNS_ALONE, compared_with, output_of
    from .project import artifacts_dir
    from .publishing import classes_by_target, classes_of, release, task_of

    model = served(estimator(model))
    X_test, y_test = test or (X, y)
    y, y_test = (one.squeeze("columns") if hasattr(one, "columns") else one for one in (y, y_test))
    task, names = task_of(model), list(getattr(X, "columns", ()))
    given: dict[str, Any] = {"probabilities": hasattr(model, "predict_proba")}
    if task in LEARNS_ALONE:
        y, y_test, given = None, compared_with(task, y_test, "y"), output_of(model, task)
    elif y is None or y_test is None:
        raise SignatureError(f"{type(model).__name__} learns from answers; give them as `y`.")
    elif task == "classification" and hasattr(y, "columns"):
        read, said = classes_by_target(model, y, "y"), (output or {}).get("targets", {})
        output = (output or {}) | {"targets": {n: read[n] | said.get(n, {}) for n in read}}
    elif task == "classification":
        given["classes"] = classes_of(model, y, "y")
    told, known = features or {}, knowledge(model, names)
    categories = {column: one["categories"] for column, one in told.items() if "categories" in one}
    if names and columns_for(model, names, "X") == names == list(X_test.columns):
        with_levels(model, X, known, categories, "X", fitted=True)
        X, X_test = as_numbered(X, known), as_numbered(X_test, known)
    described = described_by(known, X) if len(set(names)) == len(names) else {}
    described |= {column: described.get(column, {}) | one for column, one in told.items()}
    signature = Signature.infer(
        X, y, name=name, task=task, features=described, output=given | (output or {})
    )
    if not columns_for(model, names, "X") == names == list(X_test.columns):
        fitted_on = listed(getattr(model, "feature_names_in_", names))
        raise SignatureError(f"X and the test rows must have the fitted columns: {fitted_on}.")
    root = root or artifacts_dir()
    unnamed_columns(model, names, "X", root, force=force or promotion.wanted.get().force)
    if list(getattr(y, "columns", [])) != list(getattr(y_test, "columns", [])):
        raise SignatureError("y and the outcomes of the test rows must have the same columns.")
    signature = with_rules(model, signature, known, told=told)
    about = {"trained_rows": len(X), "limits": sentences(limits)}
    return release(
        model,
        signature,
        X,
        (X_test, y_test),
        scored=test is not None and y_test is not None,
        about=about,
        promote=promote,
        force=force,
        root=root,
    )
