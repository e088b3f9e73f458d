"""Every estimator of scikit-learn that takes rows of columns is served as it answers.

`python -m tests.ml.test_estimators` prints how each is: as ONNX, by skops, or why not.
"""

import inspect
import pickle
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import Artifact, ArtifactError, publish, skops_file
from modeldesk.ml.importing.pickles import read_pickle
from modeldesk.ml.predictor import Predictor, ScikitEngine
from sklearn.base import RegressorMixin, clone, is_clusterer, is_outlier_detector
from sklearn.experimental import (  # noqa: F401 - they are known by this
    enable_halving_search_cv,
    enable_iterative_imputer,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators, get_tags

ROWS = 40
random = np.random.default_rng(0)
X = pd.DataFrame(random.uniform(0.1, 2, (ROWS, 3)).round(3), columns=list("abc"))
NUMBER = (X["a"] * 2 + X["b"] + 0.1 * random.random(ROWS)).rename("y")
LABEL = pd.Series(np.where(X["a"] + X["b"] / 2 > 1.5, "ja", "nein"), name="y")
BOTH = pd.DataFrame({"y": NUMBER, "z": X["c"] - X["a"]})
TEXTS = LABEL.map({"ja": "good room", "nein": "bad room"}).to_frame("said")

SETTINGS: dict[str, dict[str, Any]] = {  # what rows as few as these need
    "CCA": {"n_components": 1},
    "GaussianRandomProjection": {"n_components": 2},
    "HashingVectorizer": {"n_features": 64},
    "IterativeImputer": {"estimator": Ridge()},
    "MissingIndicator": {"features": "all"},
    "PLSCanonical": {"n_components": 1},
    "QuantileTransformer": {"n_quantiles": 10},
    "RANSACRegressor": {"min_samples": 0.5},
    "SparseRandomProjection": {"n_components": 2},
}
NO_ROWS = {  # why they cannot be asked for rows of columns
    "ClassifierChain": "several classes at once",
    "DictVectorizer": "takes dicts",
    "FeatureHasher": "takes dicts",
    "FrozenEstimator": "is made of a fitted one",
    "KernelCenterer": "takes distances",
    "LabelBinarizer": "takes answers",
    "LabelEncoder": "takes answers",
    "MultiLabelBinarizer": "takes answers",
    "MultiOutputClassifier": "several classes at once",
    "PLSSVD": "makes two tables of one",
    "PatchExtractor": "takes pictures",
}
REFUSED = {
    "Birch": "Birch are not supported",  # by skops, and ONNX does not know it
    "MiniBatchSparsePCA": "does not answer its own example",  # nor does it in scikit-learn:
    "SparsePCA": "does not answer its own example",  # it takes two rows and more
}
ESTIMATORS = dict(all_estimators())


class Fitted(NamedTuple):
    """A model, what it was fitted on, and what it answers to that."""

    model: Any
    X: Any
    y: Any
    labels: Any
    shares: Any


def is_left_out(estimator: Any) -> bool:
    """Whether its answers are compared elsewhere: groups and outliers."""
    if is_clusterer(estimator) or is_outlier_detector(estimator):
        return True
    return bool(get_tags(estimator).estimator_type == "density_estimator")


def why_not(name: str) -> str:
    """Why an estimator is not tried here; nothing for those that are."""
    estimator = ESTIMATORS[name]
    if name in NO_ROWS:
        return NO_ROWS[name]
    if hasattr(estimator, "transform"):
        return ""
    if not hasattr(estimator, "predict"):
        return "answers nothing for new rows"
    return "groups or outliers" if is_left_out(made(name)) else ""


def made(name: str) -> Any:
    """An estimator that is not fitted, with others inside where it needs them."""
    kind = ESTIMATORS[name]
    numbers = issubclass(kind, RegressorMixin)
    inner = Ridge() if numbers else LogisticRegression()
    grid = {"alpha" if numbers else "C": [0.1, 1.0]}
    needs = {
        "dictionary": np.eye(3),
        "estimator": inner,
        "estimators": [("one", clone(inner)), ("two", make_pipeline(StandardScaler(), inner))],
        "param_distributions": grid,
        "param_grid": grid,
        "steps": [("scale", StandardScaler()), ("last", inner)],
        "transformer_list": [("scale", StandardScaler())],
        "transformers": [("scale", StandardScaler(), ["a", "b"])],
    }
    taken = inspect.signature(kind).parameters
    given = {key: value for key, value in needs.items() if key in taken}
    if "cv" in taken:
        given["cv"] = 2
    if "random_state" in taken:
        given["random_state"] = 0
    for key, few in (("n_estimators", 5), ("max_iter", 20)):
        if key in taken and isinstance(taken[key].default, int):
            given[key] = min(few, taken[key].default)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are to be removed
        return kind(**given | SETTINGS.get(name, {}))


@cache
def fitted(name: str) -> Fitted:
    """The estimator, or a pipeline from it to a simple one, fitted on as little as it needs."""
    model = made(name)
    if not hasattr(type(model), "predict") or is_left_out(model):
        model = make_pipeline(model, LogisticRegression())
    frame: Any = X
    y: Any = NUMBER if isinstance(model, RegressorMixin) else LABEL
    if name.startswith("MultiTask") or name in ("MultiOutputRegressor", "RegressorChain"):
        y = BOTH
    if name == "IsotonicRegression":
        frame = X[["a"]]
    given: Any = frame
    if name.endswith("Vectorizer"):
        frame, given = TEXTS, list(TEXTS["said"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(given, y)
        shares = model.predict_proba(given) if hasattr(model, "predict_proba") else None
        return Fitted(model, frame, y, np.asarray(model.predict(given)), shares)


def served(name: str, folder: Path) -> tuple[Artifact, Any, Any]:
    """How it is served, once it came out of a pickle; what it answers then, and its shares."""
    case = fitted(name)
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(case.model))
    model = read_pickle(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        artifact = publish(model, case.X, case.y, name="test", root=folder)
        predictor = Predictor.load(folder)
        rows = case.X.to_dict("records")
        return artifact, *answers_of(predictor.predict(rows))


def answers_of(predictions: Any) -> tuple[Any, Any]:
    first = predictions[0]
    values = [p.value for p in predictions]
    if isinstance(first.value, dict):
        values = [list(value.values()) for value in values]
    shares = [[*p.probabilities.values()] for p in predictions] if first.probabilities else None
    return np.asarray(values), shares


def agree(case: Fitted, labels: Any, shares: Any) -> None:
    labels = labels.reshape(case.labels.shape)
    if case.labels.dtype.kind == "f":
        assert labels == pytest.approx(case.labels, rel=1e-4, abs=1e-4)
    else:
        assert labels.tolist() == case.labels.tolist()
    assert (shares is None) == (case.shares is None)
    if shares is not None:
        assert np.asarray(shares) == pytest.approx(case.shares, abs=1e-4)


TRIED = [name for name in ESTIMATORS if not why_not(name)]


@pytest.mark.parametrize("name", [name for name in TRIED if name not in REFUSED])
def test_an_estimator(name: str, tmp_path: Path) -> None:
    case = fitted(name)
    _, labels, shares = served(name, tmp_path)
    agree(case, labels, shares)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        saved = ScikitEngine.load(skops_file.dumps(case.model), []).answers(case.X)
    agree(case, *saved)


@pytest.mark.parametrize("name", REFUSED)
def test_an_estimator_that_cannot_be_saved(name: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=REFUSED[name]):
        served(name, tmp_path)


def test_most_are_tried() -> None:
    assert len(TRIED) > 0.75 * len(ESTIMATORS)


def table() -> None:
    """Print how each estimator is served."""
    for name in ESTIMATORS:
        with tempfile.TemporaryDirectory() as folder:
            found = f"not tried: {why_not(name)}"
            if name in TRIED:
                try:
                    artifact = served(name, Path(folder))[0]
                    why = artifact.metrics["parity"].get("onnx_refused", "")
                    found = f"{artifact.runtime}{why and ', as '}{why:.90}"
                except Exception as error:
                    found = f"refused: {error}"
        print(f"{name:<32}{found}")


if __name__ == "__main__":
    table()
