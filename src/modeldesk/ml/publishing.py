"""From a fitted model and its signature to a version that is served."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from . import promotion
from .artifact import Artifact, ArtifactError, save
from .card import card
from .converting.convert import convert, rows_of, score
from .converting.kept import Kept
from .converting.parity import average
from .drift import profile
from .fitted.boosters import FAMILIES, OWN_OBJECTIVE, objective_without_shares, ranks
from .fitted.unsupervised import answer_shares, no_predict, unsupervised_task
from .importance import importance
from .logged import rows_added
from .predictor import ScikitEngine, start
from .project import artifacts_dir
from .shares import no_shares
from .signature import Class, Signature, SignatureError, Task, brief
from .validation import listed

LIBRARIES = ("scikit-learn", "skl2onnx", "skops", "numpy")


def task_of(model: Any) -> Task:
    """What a fitted model is for. Raises ArtifactError when it cannot be served."""
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    kind = type(model).__name__
    if isinstance(model, type):
        raise ArtifactError(f"{model.__name__} is a class, and no model; save what `fit` gave.")
    if not hasattr(model, "predict"):
        raise ArtifactError(no_predict(model))
    if isinstance(model, BaseEstimator):
        try:
            check_is_fitted(model)
        except NotFittedError as error:
            raise ArtifactError(f"{kind} has not been fitted; fit it first.") from error
        if task := unsupervised_task(model):
            return task
    return "classification" if len(getattr(model, "classes_", ())) else "regression"


def classes_of(model: Any, y: Any, source: str) -> list[Class]:
    """The classes a fitted classifier tells apart, in its order.

    Raises SignatureError when the answers `y` (rows,) have others.
    """
    if isinstance(model.classes_, list):
        count = f"{len(model.classes_)} classes a row"
        raise SignatureError(f"{type(model).__name__} answers {count}; name a target for each.")
    return _checked(np.asarray(model.classes_).tolist(), y, source)


def classes_by_target(model: Any, y: Any, source: str) -> dict[str, dict[str, list[Class]]]:
    """The classes that a fitted classifier of several targets, a frame `y` (rows, targets), knows.

    Raises SignatureError.
    """
    known = model.classes_
    if not isinstance(known, list):  # of multi-label models: 0 or 1 for each of so many labels
        known = [np.array([0, 1])] * len(known)
    if len(known) != y.shape[1]:
        has = f"and {source} has {y.shape[1]} targets: {listed(y.columns)}"
        raise SignatureError(f"{type(model).__name__} answers {len(known)} classes a row, {has}.")
    pairs = zip(y.columns, known, strict=True)
    return {name: {"classes": _checked(of_it.tolist(), y[name], name)} for name, of_it in pairs}


def _checked(known: list[Any], y: Any, source: str) -> list[Class]:
    if foreign := [value for value in dict.fromkeys(y) if value not in known]:
        named = listed((repr(value) for value in foreign), 5)
        answers = f"the model answers {listed(map(repr, known), 10)} only"
        raise SignatureError(f"{source} has the class {named}, and {answers}; name them alike.")
    return [int(c) if isinstance(c, float) and c.is_integer() else c for c in known]


def check_answers(model: Any, signature: Signature, labels: Any) -> None:
    """Raise ArtifactError for answers (rows,) or (rows, targets) of other targets or classes."""
    wanted = len(signature.output.targets or []) or 1
    if (given := np.size(labels[0])) != wanted:
        why = f"The model answers {given} values a row, and y has {wanted}"
        raise ArtifactError(f"{why}: name a target for each, or fit a model for each.")
    several = np.reshape(labels, (len(labels), -1)).T.tolist()
    for part, given in zip(signature.output.parts, several, strict=False):
        known = part.classes
        if known and (strange := [value for value in given if value not in known]):
            why = f"The model answers {strange[0]!r}, which is none of its classes"
            mend = "fit it anew, on the classes themselves"
            if objective_without_shares(model) == OWN_OBJECTIVE:
                why += ", as its objective is a function of your own"
                mend = "save its booster alone, which is served as a regression of its scores"
            raise ArtifactError(f"{why}: {mend}.")


def release(
    model: Any,
    signature: Signature,
    X: Any,
    test: tuple[Any, Any],
    *,
    scored: bool = True,
    about: dict[str, Any] | None = None,
    judge: Callable[..., None] | None = None,
    promote: bool = True,
    force: bool = False,
    root: Path | None = None,
) -> Artifact:
    """Convert a model, compare and score it on `test`, save it and make it current.

    `X` (rows, features) is what its signature was read from; `about` is added to the metrics.
    `judge` may raise once it sees the signature, the answers to the test, the truth, and the score.
    `promote` and `force` are as of `publish`. Raises ArtifactError, and Incompatible once the
    version is saved; the current one stays.
    """
    X_test, y_test = test
    logged_rows = rows_added()
    if hasattr(model, "bring"):
        rows = rows_of(X_test, signature)
        content, signature, parity = model.bring(signature, rows)
        runtime, engine = "onnx", start("onnx", content, signature)
        answers = engine.run(rows)
        kept = Kept.of(rows, answers, average(answers[0]), ["onnxruntime"]).dumps()
    else:
        try:
            answers = ScikitEngine(model, signature.features).answers(X_test)
        except Exception as error:
            raise ArtifactError(f"The model fails on the rows: {brief(error)}.") from error
        check_answers(model, signature, answers[0])
        if signature.output.probabilities and (
            why := no_shares(model, signature.output, answers[1])
        ):
            output = signature.output.model_copy(update={"probabilities": False})
            signature, answers = signature.model_copy(update={"output": output}), (answers[0], None)
            about = (about or {}) | {"limits": [*(about or {}).get("limits", []), why]}
    scored = scored and not ranks(model)
    scores = score(signature, answers, y_test) if scored else {}
    if judge and scored:
        judge(signature, answers, y_test, scores)
    if not hasattr(model, "bring"):
        content, runtime, parity, kept = convert(model, signature, X_test)
        engine = start(runtime, content, signature)
    metrics = {
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "runtime": runtime,
        "metrics": scores,
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
    artifact = save(root, content, signature, metrics, card(signature, metrics), kept=kept)
    if promote and told.promote:
        promotion.promote(root, artifact.version, force=force)
    return artifact


def _optional() -> dict[str, str]:
    """Those of the libraries of other models that this one has made use of."""
    used = (*FAMILIES, "onnxmltools", "torch")
    return {name: str(sys.modules[name].__version__) for name in used if name in sys.modules}
