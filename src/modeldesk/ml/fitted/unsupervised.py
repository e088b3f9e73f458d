"""Models that learn without answers: detectors of outliers, and clusterers."""

from typing import Any

import numpy as np

from ..artifact import ArtifactError
from ..signature import Signature, SignatureError, Task, class_label
from ..validation import listed

LEARNS_ALONE = ("anomaly", "clustering")
ANOMALY, NORMAL = -1, 1  # what scikit-learn's detectors answer
NAMES = {str(ANOMALY): "anomaly", str(NORMAL): "normal"}
TRUTHS = [  # how an outlier and any other row are written in data
    ("-1", "1"),
    ("1", "0"),
    ("true", "false"),
    ("anomaly", "normal"),
    ("outlier", "inlier"),
    ("yes", "no"),
]


def unsupervised_task(model: Any) -> Task | None:
    """What a scikit-learn estimator that learnt without answers is for; None for any other."""
    from sklearn.base import is_clusterer, is_outlier_detector
    from sklearn.utils import get_tags

    if is_outlier_detector(model):
        return "anomaly"
    if is_clusterer(model) or get_tags(model).estimator_type == "density_estimator":
        return "clustering"
    return None


def has_decision(model: Any) -> bool:
    """Whether it is a detector of outliers that tells more than its verdict."""
    from sklearn.base import BaseEstimator, is_outlier_detector

    detects = isinstance(model, BaseEstimator) and is_outlier_detector(model)
    return detects and hasattr(model, "decision_function")


def no_predict(model: Any) -> str:
    """Why a model has no `predict`, and the mend."""
    kind, last = type(model).__name__, last_of(model)
    if inside := _held(model):
        return f"The file holds a {kind}, and the model is its {inside}; save that alone."
    if hasattr(last, "novelty"):
        return f"The model ({kind}) knows the rows it was fitted on only; fit it with novelty=True."
    if hasattr(last, "fit_predict"):
        mend = "take a clusterer that answers new rows, such as KMeans or GaussianMixture"
        return f"The model ({kind}) has no `predict`, as it groups its own rows only; {mend}."
    mend = "publish a fitted model that answers rows, or the pipeline that ends in one"
    return f"The model ({kind}) has no `predict`; {mend}."


def _held(found: Any) -> str | None:
    """Where a dict or list holds a model, such as "['model']"; None if it does not."""
    if not isinstance(found, dict | list | tuple):
        return None
    pairs = found.items() if isinstance(found, dict) else enumerate(found)
    return next((f"[{place!r}]" for place, one in pairs if hasattr(one, "predict")), None)


def last_of(model: Any) -> Any:
    """The estimator that a pipeline, or a search, ends in."""
    while inner := getattr(model, "best_estimator_", None) or _last_step(model):
        model = inner
    return model


def _last_step(model: Any) -> Any:
    steps = getattr(model, "steps", None)
    return steps[-1][1] if steps else None


def output_of(model: Any, task: Task) -> dict[str, Any]:
    """What a fitted detector or clusterer gives. Raises ArtifactError.

    A detector answers -1 for an outlier and else 1: -1 where its `score_samples` are below its
    `offset_`, as `decision_function`, their difference, is negative.
    """
    last = last_of(model)
    if task == "anomaly":
        gives: dict[str, Any] = {"name": "prediction", "classes": [ANOMALY, NORMAL], "names": NAMES}
        if has_decision(model):
            gives["threshold"] = float(np.ravel(getattr(last, "offset_", 0.0))[0])
        return gives
    numbers = {int(number) for number in np.unique(getattr(last, "labels_", []))}
    numbers |= {int(number) for number in getattr(last, "subcluster_labels_", [])}
    centres = getattr(last, "cluster_centers_", getattr(last, "means_", ()))
    clusters = sorted(numbers | set(range(len(centres))))
    if len(clusters) < 2:
        raise ArtifactError(f"{type(last).__name__} found one cluster; nothing is told apart.")
    return {
        "name": "cluster",
        "classes": clusters,
        "probabilities": hasattr(model, "predict_proba"),
    }


def compared_with(task: Task, y: Any, source: str) -> Any:
    """What the answers of such a model are scored against, if there is a `y` (rows,).

    Raises SignatureError.
    """
    return y if y is None or task == "clustering" else truth(y, source)


def truth(y: Any, source: str) -> Any:
    """Which rows are outliers (-1), as a column `y` (rows,) without gaps says, and which not (1).

    Raises SignatureError for what may mean something else.
    """
    import pandas as pd

    column = pd.Series(y)
    texts = column.map(_written)
    meant = [pair for pair in TRUTHS if set(texts) <= set(pair)]
    if not meant:
        found = listed((repr(value) for value in dict.fromkeys(column)), 5)
        mend = "write -1 and 1, 1 and 0, or anomaly and normal"
        raise SignatureError(f"{source} holds {found}, where it says which are outliers: {mend}.")
    if len({pair.index(texts.iloc[0]) for pair in meant}) > 1:
        why = "which may mean an outlier, or none"
        raise SignatureError(f"{source} holds 1 only, {why}: add rows of both.")
    return texts.map(dict(zip(meant[0], (ANOMALY, NORMAL), strict=True)))


def _written(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return class_label(int(value) if whole else value).strip().lower()


def detector_scores(labels: Any, decision: Any, actual: Any) -> dict[str, float]:
    """How well a detector finds the outliers (-1) of `actual` (rows,), the positives here.

    `decision` (rows,) is its decision function, lower for outliers, or None.
    """
    from sklearn import metrics as m

    true, found = np.asarray(actual) == ANOMALY, np.asarray(labels) == ANOMALY
    scores = {
        "accuracy": float(np.mean(true == found)),
        "precision": float(m.precision_score(true, found, zero_division=0)),
        "recall": float(m.recall_score(true, found, zero_division=0)),
        "f1": float(m.f1_score(true, found, zero_division=0)),
    }
    if decision is not None and true.any() and not true.all():
        scores["roc_auc"] = float(m.roc_auc_score(true, -np.ravel(decision)))
    return scores


def answer_shares(signature: Signature, labels: Any) -> dict[str, float]:
    """How often each class is answered to rows, by label: all that is known without a truth."""
    if signature.task not in LEARNS_ALONE:
        return {}
    classes = signature.output.classes or []
    return {class_label(one): round(float(np.mean(labels == one)), 6) for one in classes}
