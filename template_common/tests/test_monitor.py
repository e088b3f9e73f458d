"""The figures of the monitor, also of a log that models of another kind have written to."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from modeldesk.ml.predictor import Predictor
from modeldesk.serving.log import PredictionLog
from modeldesk.staff.monitor import figures

from . import models
from .records import record


def watched(root: Path, log: PredictionLog) -> Any:
    """What the monitor needs of a service."""
    predictor = Predictor.load(root)
    return SimpleNamespace(predictor=predictor, signature=predictor.signature, log=log)


def test_rows_like_the_training_have_not_drifted_and_others_have(
    small_model: Path, log: PredictionLog
) -> None:
    service = watched(small_model, log)
    frame, _ = models.houses()
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    version = service.predictor.version
    log.add(
        [
            record(inputs=row | {"rooms": 8}, value="dear", label="dear", model_version=version)
            for row in rows
        ]
    )
    found = figures(service)
    assert found["predictions"] == found["outputs"]["dear"] == len(rows)
    assert found["outputs"]["cheap"] == 0
    assert found["feedback_share"] == 0
    assert found["drift"]["area"] < 0.25 < found["drift"]["rooms"]


def test_rows_of_another_version_are_not_held_against_this_training(
    small_model: Path, log: PredictionLog
) -> None:
    log.add([record(inputs={"area": "small", "rooms": None}) for _ in range(200)])
    drift = figures(watched(small_model, log))["drift"]
    assert set(drift) == {"area", "age", "rooms", "garden", "heating"}
    assert not any(drift.values())


@pytest.mark.parametrize("value", ["dear", {"rent": 1.0}, None])
def test_values_of_another_kind_are_left_out(
    small_regression: Path, log: PredictionLog, value: Any
) -> None:
    log.add([record(value=value), record(value=2.5), record(value=3.5)])
    assert sum(figures(watched(small_regression, log))["outputs"].values()) == 2
