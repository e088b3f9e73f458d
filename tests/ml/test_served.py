"""What is served of a model: what answers, in the same bytes each time, and on one core."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import Memory
from modeldesk.ml import ArtifactError, SignatureError, publish, skops_file
from modeldesk.ml.fitted.served import served
from modeldesk.ml.importing.pickles import read_pickle
from modeldesk.ml.predictor import Predictor, ScikitEngine
from modeldesk.testing import models
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

HOUSES, _ = models.houses(120)
X = HOUSES[["area", "rooms"]]
Y = pd.Series(np.where(X["area"] > 150, "dear", "cheap"), name="price")
PARTS = [("line", LogisticRegression(max_iter=500)), ("tree", RandomForestClassifier(3))]


class Sampler(BaseEstimator):
    """As those of imbalanced-learn, which has no `transform`."""

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        return X, y


class Imbalanced(Pipeline):
    """As the pipelines of imbalanced-learn."""

    __module__ = "imblearn.pipeline"


def sampling() -> Any:
    scale, line = StandardScaler().fit(X), LogisticRegression()
    line.fit(scale.transform(X), Y)
    return Imbalanced([("scale", scale), ("more", Sampler()), ("line", line)])


def answers(root: Path, frame: Any = X) -> list[Any]:
    predictor = Predictor.load(root)
    return [answer.value for answer in predictor.predict(frame.to_dict("records"))]


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (VotingClassifier(PARTS, voting="soft"), Y),
        (VotingClassifier(PARTS), Y),
        (StackingClassifier(PARTS, passthrough=True, cv=2), Y),
        (OneVsRestClassifier(LogisticRegression(max_iter=500)), Y),
        (CalibratedClassifierCV(LogisticRegression(max_iter=500), cv=2), Y),
        (MultiOutputRegressor(Ridge()), pd.DataFrame({"p": X["area"] * 2, "q": X["rooms"] * 3.0})),
        (
            TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
            X["rooms"] * 2.0,
        ),
        (
            GridSearchCV(
                make_pipeline(FunctionTransformer(np.sqrt), Ridge()), {"ridge__alpha": [1]}
            ),
            X["area"] * 2,
        ),
    ],
    ids=lambda part: type(part).__name__,
)
def test_models_of_models(tmp_path: Path, model: Any, y: Any) -> None:
    publish(model.fit(X, y), X, y, name="test", root=tmp_path)
    given, wanted = answers(tmp_path), model.predict(X)
    if isinstance(given[0], dict):
        given = [list(answer.values()) for answer in given]
    if isinstance(given[0], str):
        assert given == wanted.tolist()
    else:
        assert np.asarray(given) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("tuned", [True, False])
def test_the_answer_is_that_of_a_tuned_threshold(tmp_path: Path, tuned: bool) -> None:
    y = (X["area"] + HOUSES["age"].fillna(0) > 150).astype(int)
    line = LogisticRegression(max_iter=500)
    model: Any = FixedThresholdClassifier(line, threshold=0.02)
    if tuned:
        model = TunedThresholdClassifierCV(line, scoring="recall", cv=2)
    publish(model.fit(X, y), X, y, name="test", root=tmp_path)
    given, shares = answers(tmp_path), model.predict_proba(X)[:, 1]
    assert given == model.predict(X).tolist()
    assert ((shares < 0.5) & (np.asarray(given) == 1)).any()


def test_a_search_is_served_by_its_best_model() -> None:
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, cv=2).fit(X, X["area"])
    assert served(search) is search.best_estimator_
    nested = make_pipeline(StandardScaler(), search).fit(X, X["area"])
    assert type(served(nested)[-1]) is Ridge
    assert type(nested[-1]) is GridSearchCV
    kept_none = GridSearchCV(Ridge(), {"alpha": [1]}, cv=2, refit=False).fit(X, X["area"])
    with pytest.raises(ArtifactError, match=r"GridSearchCV kept no model, .*`refit=True`"):
        publish(kept_none, X, X["area"], name="test")


def test_a_cache_is_left_out(tmp_path: Path) -> None:
    for memory in (str(tmp_path / "cache"), Memory(tmp_path / "other", verbose=0)):
        model = make_pipeline(StandardScaler(), Ridge(), memory=memory).fit(X, X["area"])
        (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
        assert served(model).memory is None
        found = served(read_pickle(tmp_path / "model.pkl"))
        assert skops_file.loads(skops_file.dumps(found)).memory is None
        assert found.predict(X).tolist() == model.predict(X).tolist()


def test_a_sampler_is_left_out(tmp_path: Path) -> None:
    model = sampling()
    found = served(model)
    assert type(found) is Pipeline
    assert list(found.named_steps) == ["scale", "line"]
    artifact = publish(model, X, Y, name="test", root=tmp_path)
    assert artifact.runtime == "onnx"
    assert answers(tmp_path) == found.predict(X).tolist()
    calibrated = CalibratedClassifierCV(LogisticRegression(), cv=2).fit(X, Y)
    calibrated.calibrated_classifiers_[0].estimator = model
    assert type(served(calibrated).calibrated_classifiers_[0].estimator) is Pipeline
    assert served(calibrated.calibrated_classifiers_[1]) is calibrated.calibrated_classifiers_[1]


def test_a_model_answers_on_one_core() -> None:
    forest, near = RandomForestClassifier(3), KNeighborsClassifier()
    model = VotingClassifier([("a", forest), ("b", near)]).fit(X, Y)
    for part in (model, *model.estimators_, *model.estimators_[0].estimators_):
        if hasattr(part, "n_jobs"):
            part.n_jobs = -1
    found = ScikitEngine.load(skops_file.dumps(model), []).model
    parts = [found, *found.estimators_, *found.estimators_[0].estimators_]
    assert {part.n_jobs for part in parts if hasattr(part, "n_jobs")} == {1}
    assert model.n_jobs == -1


class Keeps(TransformerMixin, BaseEstimator):
    """An owner's own part that keeps more than it needs."""

    def fit(self, X: Any, y: Any = None) -> "Keeps":
        self.means_ = X.mean()
        return self

    def transform(self, X: Any) -> Any:
        return X - self.means_


def test_what_a_part_keeps_of_pandas_is_refused_with_the_mend(tmp_path: Path) -> None:
    model = make_pipeline(Keeps(), LogisticRegression()).fit(X, Y)
    words = r"^`means_` of Keeps is a pandas Series, .* keep its values \(`\.to_numpy\(\)`"
    with pytest.raises(ArtifactError, match=words):
        publish(model, X, Y, name="test", root=tmp_path)


def test_a_matrix_in_another_order_than_before(tmp_path: Path) -> None:
    y = X["area"] * 3.0
    model = LinearRegression().fit(X.to_numpy(), y)
    publish(model, X, y, name="test", root=tmp_path)
    other = X[["rooms", "area"]]
    words = r"knows no names .* rooms, area, where version \w+ takes area, rooms: put them"
    with pytest.raises(SignatureError, match=words):
        publish(model, other, y, name="test", root=tmp_path)
    names = X.set_axis(["area", "floors"], axis="columns")
    publish(model, names, y, name="test", force=True, root=tmp_path)
    assert answers(tmp_path, names) == pytest.approx(list(y), rel=1e-4)


MAKES = """
import hashlib, sys, warnings
from pathlib import Path
import numpy as np, pandas as pd
from modeldesk.ml import publish, skops_file
from modeldesk.ml.importing.pickles import read_pickle
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
warnings.simplefilter("ignore")
X = pd.DataFrame(np.random.default_rng(0).random((40, 2)).round(3), columns=["a", "b"])
y = pd.Series(np.where(X["a"] > 0.5, "ja", "nein"), name="y")
folder = Path(sys.argv[1])
for model in (SVC().fit(X, y), read_pickle(Path(sys.argv[2]))):
    found = publish(model, X, y, name="test", root=folder, force=True)
    print(found.runtime, found.version)
stop = {"a", "and", "the", "wide"}
for model in (
    TfidfVectorizer(stop_words=list(sorted(stop))).fit(["a good room", "the bad place"]),
    KNeighborsClassifier(algorithm="ball_tree").fit(X, y),
    {"words": stop, "fixed": frozenset(stop), "bytes": [b"1", b"2"]},
):
    print(hashlib.sha256(skops_file.dumps(model)).hexdigest())
"""


def test_the_same_model_is_the_same_version_whatever_chance_says(tmp_path: Path) -> None:
    """Not so before: hashes order sets, and skops names parts by their place in memory."""
    frame = pd.DataFrame(np.random.default_rng(0).random((40, 2)).round(3), columns=["a", "b"])
    y = pd.Series(np.where(frame["a"] > 0.5, "ja", "nein"), name="y")
    fitted = make_pipeline(FunctionTransformer(np.sqrt), LogisticRegression()).fit(frame, y)
    fitted.labels = {"a", "b", "c", ("d", 1)}
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(fitted))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", MAKES, str(tmp_path / seed), str(tmp_path / "m.pkl")],
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "4")
    ]
    first, second = (process.communicate()[0].splitlines() for process in running)
    assert [line.split()[0] for line in first[:2]] == ["onnx", "skops"]
    assert len(first) == 5
    assert first == second
