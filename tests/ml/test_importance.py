"""What a model leans on, and what its card says that it is not for."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import Artifact, ArtifactError, importance, publish
from modeldesk.ml.predictor import ScikitEngine
from modeldesk.ml.signature import Signature
from modeldesk.testing import models
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge


def card_of(artifact: Artifact) -> str:
    return (artifact.path / "card.md").read_text("utf-8")


def test_what_decides_is_important_and_noise_is_not(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    X = pd.DataFrame(random.normal(size=(400, 3)), columns=["much", "little", "noise"])
    X = X.astype("float32")
    y = 5 * X["much"] + X["little"]
    train, test = slice(300), slice(300, 400)
    model = LinearRegression().fit(X[train], y[train])
    found = publish(
        model, X[train], y[train], name="lines", test=(X[test], y[test]), root=tmp_path
    ).metrics["importance"]
    # Shuffled, a part of variance v of a sum costs twice its share of the whole in R².
    share = 25 * X["much"][test].var() / y[test].var()
    assert found["much"] == pytest.approx(2 * share, rel=0.2)
    assert found["much"] > 5 * found["little"] > 0
    assert found["noise"] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("make", [models.publish_small_model, models.publish_small_targets])
def test_every_feature_is_measured_and_alike_each_time(tmp_path: Path, make: Any) -> None:
    first, second = (make(tmp_path / name) for name in "ab")
    found = first.metrics["importance"]
    assert list(found) == [feature.name for feature in first.signature.features]
    assert found == second.metrics["importance"]
    assert max(found, key=found.__getitem__) == "area"
    assert f"- area: {found['area']}" in card_of(first)


def test_without_held_out_rows_nothing_is_measured(tmp_path: Path) -> None:
    X, y = models.houses()
    model = models.pipeline(LogisticRegression()).fit(X, y)
    artifact = publish(model, X, y, name="houses", root=tmp_path)
    assert artifact.metrics["importance"] == {}
    assert artifact.metrics["trained_rows"] == 200
    assert "Not measured." in card_of(artifact)
    assert "nobody has measured it on held-out rows" in card_of(artifact)


def test_a_model_in_skops_is_measured_as_served(tmp_path: Path) -> None:
    X = pd.DataFrame({"x": np.random.default_rng(0).integers(0, 20, 400), "z": 0.5})
    y = (X["x"] % 3 == 1) * 9.0  # codes, whose order ONNX takes for one of numbers
    model = HistGradientBoostingRegressor(max_iter=5, categorical_features=["x"]).fit(X, y)
    artifact = publish(model, X, y, name="trap", test=(X, y), root=tmp_path)
    assert artifact.runtime == "skops"
    assert artifact.metrics["importance"]["x"] > 0.5
    assert artifact.metrics["importance"]["z"] == 0


def test_an_outcome_that_never_varies_has_no_importance(tmp_path: Path) -> None:
    X, _ = models.houses()
    X, y = X[["area", "rooms"]], X["area"] * 3.0
    model = LinearRegression().fit(X, y)
    test = X[:50], y[:50] * 0 + 7
    assert publish(model, X, y, name="flat", test=test, root=tmp_path).metrics["importance"] == {}


class Fussy(RegressorMixin, BaseEstimator):
    """Fails on rows that it has not been shown in this order."""

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        if not X["area"].is_monotonic_increasing:
            raise ValueError("not in order")
        return X["rooms"].to_numpy(float)


def test_what_a_model_fails_on_is_left_out() -> None:
    X, _ = models.houses()
    X = X[["area", "rooms"]].sort_values("area", ignore_index=True)
    signature = Signature.infer(X, X["rooms"], name="fussy", task="regression")
    engine = ScikitEngine(Fussy(), signature.features)
    found = importance.importance(engine, signature, X, X["rooms"])
    assert list(found) == ["rooms"]
    assert found["rooms"] == pytest.approx(2, abs=0.3)


def test_a_wide_model_takes_no_longer_than_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importance, "SECONDS", 0.02)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 2000)).astype("float32"))
    X = X.rename(columns="gene_{}".format)
    y = X["gene_0"]
    model = Ridge().fit(X, y)
    artifact = publish(model, X, y, name="genes", test=(X, y), root=tmp_path)
    assert "gene_0" in artifact.metrics["importance"]
    assert len(artifact.metrics["importance"]) < 2000


def test_limits_are_on_the_card(tmp_path: Path) -> None:
    X, y = models.houses()
    model = models.pipeline(LogisticRegression()).fit(X, y)
    said = ["  Not for castles,\n nor for caves. "]
    artifact = publish(model, X, y, name="houses", limits=said, root=tmp_path)
    assert artifact.metrics["limits"] == ["Not for castles, nor for caves."]
    assert "- Not for castles, nor for caves." in card_of(artifact).splitlines()


@pytest.mark.parametrize("limits", [[""], ["Not for caves.", " "], "", [7], ["\ud800"]])
def test_limits_are_sentences(tmp_path: Path, limits: Any) -> None:
    X, y = models.houses()
    model = models.pipeline(LogisticRegression()).fit(X, y)
    with pytest.raises(ArtifactError, match="list of sentences"):
        publish(model, X, y, name="houses", limits=limits, root=tmp_path)
    assert not list(tmp_path.iterdir())
