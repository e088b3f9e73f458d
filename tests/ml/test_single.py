"""A row that is asked for alone gets the very answer that the way for many rows has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from modeldesk.ml import Artifact
from modeldesk.ml.answered import NotFinite
from modeldesk.ml.predictor import OnnxEngine, Predictor
from modeldesk.ml.signature import Feature
from modeldesk.testing import models

MODELS: list[Callable[[Path], Artifact]] = [
    models.publish_small_model,
    models.publish_small_regression,
    models.publish_small_targets,
    models.publish_small_detector,
    models.publish_small_clusters,
    models.publish_small_classes,
]


def value(feature: Feature, random: np.random.Generator) -> Any:
    if feature.missing and random.random() < 0.3:
        return None
    if feature.categories:
        return str(random.choice(feature.categories))
    if feature.type in ("number", "integer") and feature.min is not None:
        low, high = float(feature.min), float(feature.max or 0)
        found = random.uniform(low, high)
        return int(found) if feature.type == "integer" else found
    return feature.example


@pytest.mark.parametrize("publish", MODELS)
def test_the_short_way_and_the_other(publish: Callable[[Path], Artifact], tmp_path: Path) -> None:
    predictor = Predictor.load(publish(tmp_path).path.parent)
    random = np.random.default_rng(0)
    rows = [{f.name: value(f, random) for f in predictor.signature.features} for _ in range(200)]
    short = [predictor.predict_each([row])[0] for row in rows]
    assert not any(isinstance(answer, NotFinite) for answer in short)
    predictor._read = None
    assert short == [predictor.predict_each([row])[0] for row in rows]


def test_what_has_no_finite_answer_says_so_alone_too(small_regression: Path) -> None:
    predictor = Predictor.load(small_regression)
    assert isinstance(predictor.engine, OnnxEngine)
    row: dict[str, Any] = dict(predictor.signature.example)
    number = next(f.name for f in predictor.signature.features if f.type == "number")
    (answer,) = predictor.predict_each([row | {number: float("inf")}])
    assert isinstance(answer, NotFinite)
