"""Everything about the model, free of any web framework."""

import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .artifact import Artifact, ArtifactError, save, set_current
from .signature import Signature, SignatureError, Task

__all__ = ["Artifact", "ArtifactError", "SignatureError", "publish"]


def publish(
    model: Any,
    X: Any,
    y: Any,
    *,
    name: str,
    test: tuple[Any, Any] | None = None,
    features: dict[str, dict[str, Any]] | None = None,
    output: dict[str, Any] | None = None,
    root: Path | None = None,
) -> Artifact:
    """Save a fitted scikit-learn model as a new version and make it the one served.

    `X` (rows, features), a pandas frame, and `y` (rows,) are what it was fitted on; `test` is
    such a pair it has not seen, for the score. `features` and `output` add what data cannot
    tell: `features={"age": {"unit": "years", "outside": "refuse"}}`. `root` defaults to
    ARTIFACTS_DIR, then `artifacts`. Raises SignatureError or ArtifactError and changes nothing.
    """
    from .convert import card, convert, score
    from .predictor import ScikitEngine

    if not hasattr(model, "predict"):
        raise ArtifactError("The model has no `predict`; publish a fitted scikit-learn model.")
    task: Task = "classification" if hasattr(model, "classes_") else "regression"
    output = {"probabilities": hasattr(model, "predict_proba")} | (output or {})
    signature = Signature.infer(X, y, name=name, task=task, features=features, output=output)
    X_test, y_test = test or (X, y)
    fitted_on = list(getattr(model, "feature_names_in_", X.columns))
    if not fitted_on == list(X.columns) == list(X_test.columns):
        raise SignatureError(f"X and the test rows must have the fitted columns: {fitted_on}.")
    content, runtime, parity = convert(model, signature, X_test)
    answers = ScikitEngine(model, signature.features).answers(X_test)
    metrics = {
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "runtime": runtime,
        "metrics": score(signature, answers, y_test) if test else {},
        "held_out_rows": len(X_test) if test else 0,
        "parity": parity,
        "libraries": {lib: version(lib) for lib in ("scikit-learn", "skl2onnx", "skops", "numpy")},
    }
    root = root or Path(os.environ.get("ARTIFACTS_DIR") or "artifacts")
    artifact = save(root, content, signature, metrics, card(signature, metrics))
    set_current(root, artifact.version)
    return artifact
