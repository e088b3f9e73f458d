"""From a fitted model and its signature to a version that is served."""

import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from . import promotion
from .artifact import Artifact, ArtifactError, save
from .card import card
from .convert import convert, rows_of, score
from .drift import profile
from .importance import importance
from .logged import rows_added
from .predictor import ScikitEngine, start
from .project import artifacts_dir
from .signature import Class, Signature, SignatureError, Task, brief
from .unsupervised import answer_shares, no_predict, unsupervised_task
from .validation import listed

LIBRARIES = ("scikit-learn", "skl2onnx", "skops", "numpy")


def task_of(model: Any) -> Task:
    """What a fitted model is for. Raises ArtifactError when it cannot be served."""
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    kind = type(model).__name__
    if not hasattr(model, "predict"):
        raise ArtifactError(no_predict(model))
    if isinstance(model, BaseEstimator):
        try:
            check_is_fitted(model)
        except NotFittedError as error:
            raise ArtifactError(f"{kind} has not been fitted; fit it first.") from error
        if task := unsupervised_task(model):
            return task
    return "classification" if hasattr(model, "classes_") else "regression"


def classes_of(model: Any, y: Any, source: str) -> list[Class]:
    """The classes a fitted classifier tells apart, in its order.

    Raises SignatureError when the answers `y` (rows,) have others.
    """
    if isinstance(model.classes_, list) or np.ndim(model.classes_) != 1:
        kind = type(model).__name__
        raise ArtifactError(f"{kind} answers several classes at once; publish one model for each.")
    known = np.asarray(model.classes_).tolist()
    if foreign := [value for value in dict.fromkeys(y) if value not in known]:
        named = listed((repr(value) for value in foreign), 5)
        answers = f"the model answers {listed(map(repr, known), 10)} only"
        raise SignatureError(f"{source} has the class {named}, and {answers}; name them alike.")
    return [int(c) if isinstance(c, float) and c.is_integer() else c for c in known]


def release(
    model: Any,
    signature: Signature,
    X: Any,
    test: tuple[Any, Any],
    *,
    scored: bool = True,
    about: dict[str, Any] | None = None,
    promote: bool = True,
    force: bool = False,
    root: Path | None = None,
) -> Artifact:
    """Convert a model, compare and score it on `test`, save it and make it current.

    `X` (rows, features) is what its signature was read from; `about` is added to the metrics.
    `promote` and `force` are as of `publish`. Raises ArtifactError, and Incompatible once the
    version is saved; the current one stays.
    """
    X_test, y_test = test
    logged_rows = rows_added()
    if hasattr(model, "bring"):
        rows = rows_of(X_test, signature)
        content, signature, parity = model.bring(signature, rows)
        runtime, engine = "onnx", start("onnx", content, signature.features)
        answers = engine.run(rows)
    else:
        try:
            answers = ScikitEngine(model, signature.features).answers(X_test)
        except Exception as error:
            raise ArtifactError(f"The model fails on the rows: {brief(error)}.") from error
        _check_known(signature, answers[0])
        content, runtime, parity = convert(model, signature, X_test)
        engine = start(runtime, content, signature.features)
    metrics = {
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "runtime": runtime,
        "metrics": score(signature, answers, y_test) if scored else {},
        "held_out_rows": len(X_test) if scored else 0,
        "logged_rows": logged_rows,
        "importance": importance(engine, signature, X_test, y_test) if scored else {},
        "answers": answer_shares(signature, answers[0]),
        "parity": parity,
        "profile": profile(X, signature.features),
        "libraries": {name: version(name) for name in LIBRARIES} | _optional(),
    } | (about or {})
    root = root or artifacts_dir()
    told = promotion.wanted.get()
    force = force or told.force
    if not force:
        promotion.check_same(root, signature.digest(content), signature)
    artifact = save(root, content, signature, metrics, card(signature, metrics))
    if promote and told.promote:
        promotion.promote(root, artifact.version, force=force)
    return artifact


def _check_known(signature: Signature, labels: Any) -> None:
    """Raise ArtifactError for an answer (rows,) that is none of the classes."""
    known = signature.output.classes
    if known and (other := [one for one in np.unique(labels).tolist() if one not in known]):
        answers = f"{listed(map(repr, other), 5)}, which is none of {listed(map(repr, known), 10)}"
        raise ArtifactError(f"The model answers {answers}; fit it anew.")


def _optional() -> dict[str, str]:
    """Those of the libraries of other models that this one has made use of."""
    used = ("xgboost", "lightgbm", "onnxmltools", "torch")
    return {name: str(sys.modules[name].__version__) for name in used if name in sys.modules}
