"""Probabilities are within 0 and 1 and add up to 1; other scores are none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from modeldesk.ml.answered import NO_SHARES, NotFinite, Prediction
from modeldesk.ml.artifact import load
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.shares import are_shares, no_shares, rounded
from modeldesk.ml.signature import Output
from modeldesk.testing import models
from sklearn.linear_model import LogisticRegression

BINARY = Output(name="y", classes=[0, 1])


def test_only_rounding_is_forgiven() -> None:
    scores = np.array([[0.5, 0.5], [-1e-7, 1.0000001], [3.94, -2.94], [0.6, 0.6], [np.nan, 1]])
    assert are_shares(scores).tolist() == [True, True, False, False, False]
    assert rounded(scores[:2]).tolist() == [[0.5, 0.5], [0.0, 1.0]]
    third = np.full((1, 3), 1 / 3, "float32")
    assert rounded(third).sum() == 1


def test_scores_of_a_model_that_does_not_know_what_they_are() -> None:
    model = LogisticRegression()
    assert no_shares(model, BINARY, np.array([[0.25, 0.75], [np.nan, np.nan]])) == ""
    says = "It answers without probabilities: its scores do not add up to 1 within 0 and 1."
    assert no_shares(model, BINARY, np.array([[0.25, 0.75], [2.0, -1.0]])) == says


class Stub:
    """An engine that gives scores."""

    def __init__(self, scores: Any) -> None:
        self.scores = np.array(scores)

    def run(self, rows: list[Any]) -> Any:
        return np.array(["dear"] * len(rows)), self.scores[: len(rows)]


def test_a_row_whose_scores_are_none_has_no_answer(tmp_path: Path) -> None:
    models.publish_small_model(tmp_path)
    engine: Any = Stub([[0.1, 0.9000001], [-2.94, 3.94], [0.0, np.inf]])
    good, bad, infinite = Predictor(load(tmp_path), engine).predict_each([{}] * 3)
    assert isinstance(good, Prediction)
    assert good.value == "dear"
    assert good.probabilities == pytest.approx({"cheap": 0.1, "dear": 0.9})
    assert sum((good.probabilities or {}).values()) == 1
    assert isinstance(bad, NotFinite)
    assert (bad.index, str(bad)) == (1, NO_SHARES)
    assert isinstance(infinite, NotFinite)
    assert str(infinite) == "The model has no finite answer to it."
