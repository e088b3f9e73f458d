"""What another version would have said: every figure of a replay, and what it refuses."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from modeldesk.ml.predictor import Predictor
from modeldesk.serving.log import (
    Feedback,
    LogUnavailable,
    PredictionLog,
    Record,
)
from modeldesk.serving.newest import NothingLogged
from modeldesk.serving.replay import (
    Replay,
    replay,
    report,
)

from . import models
from .database import unreachable
from .framework import MIGRATE, prediction_log
from .records import MOMENT, record
from .running import database_of, manage

HOUSE = {"area": 99.5, "age": None, "rooms": 3, "garden": True, "heating": "gas"}


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    root = tmp_path_factory.mktemp("houses")
    models.publish_small_model(root)
    return Predictor.load(root)


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    root = tmp_path_factory.mktemp("prices")
    models.publish_small_regression(root)
    return Predictor.load(root)


@pytest.fixture(scope="module")
def rents(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    root = tmp_path_factory.mktemp("rents")
    models.publish_small_targets(root)
    return Predictor.load(root)


def answered(predictor: Predictor, rows: list[dict[str, Any]]) -> list[Record]:
    """Records as the service logs them."""
    checked, _ = predictor.validator.from_json(rows)
    return [
        record(
            model_version=predictor.version,
            inputs=row,
            value=answer.value,
            label=answer.value if predictor.signature.output.classes else None,
        )
        for row, answer in zip(checked, predictor.predict(checked), strict=True)
    ]


def replayed(predictor: Predictor, log: PredictionLog, limit: int = 10_000) -> Replay:
    return replay(predictor, log, limit, progress=False)


def told(one: Record, actual: Any) -> Record:
    return replace(one, feedback=Feedback(actual, "", MOMENT))


def test_the_same_version_changes_nothing(log: PredictionLog, houses: Predictor) -> None:
    given = answered(houses, [HOUSE | {"area": 25 + i / 10} for i in range(2500)])
    log.add(given)
    found = replayed(houses, log)
    assert found.logged_by == {houses.version: 2500}
    assert (found.rows, found.refused.total(), found.apart, found.changed) == (2500, 0, 0, 0)
    assert (found.labels, found.scores) == ({}, {})
    for one in log.scan("", 3000):
        assert one.feedback is None
    assert log.count() == 2500


def test_classes_that_change(log: PredictionLog, houses: Predictor) -> None:
    rows = [HOUSE | {"area": area} for area in (30.0, 280.0, 31.0, 281.0)]
    given = answered(houses, rows)
    assert [one.value for one in given] == ["cheap", "dear", "cheap", "dear"]
    log.add(
        [
            told(replace(given[0], value="dear", label="dear", model_version="a" * 12), "cheap"),
            told(given[1], "dear"),
            told(given[2], "dear"),
            replace(given[3], value="free", label="free", model_version="b" * 12),
        ]
    )
    found = replayed(houses, log)
    assert found.logged_by == {houses.version: 2, "a" * 12: 1, "b" * 12: 1}
    assert (found.rows, found.changed) == (4, 2)
    assert found.labels == {("dear", "cheap"): 1, ("free", "dear"): 1}
    score = found.scores["accuracy"]
    assert (score.count, score.logged, score.replayed) == (3, 1, 2)
    lines = list(report(found))
    assert lines[0] == f"Version {houses.version} was asked what 4 logged rows asked."
    assert f"          2  {houses.version}" in lines
    assert "answered otherwise                  2    50.0%" in lines
    assert "          1  free -> dear" in lines
    assert lines[-2:] == [
        "Score on true outcomes   rows   logged   replayed",
        "  accuracy                  3   0.3333     0.6667",
    ]


def test_rows_that_it_refuses(log: PredictionLog, houses: Predictor) -> None:
    """Each is counted by its first fault, whose first sentence is told."""
    (good,) = answered(houses, [HOUSE])
    lacking = {name: value for name, value in HOUSE.items() if name != "rooms"}
    log.add(
        [
            *(
                record(value="dear", label="dear", inputs=HOUSE | {"area": area})
                for area in (1001.5, 1002.5)
            ),
            *(record(value="dear", label="dear", inputs=lacking) for _ in range(3)),
            record(value="dear", label="dear", inputs=HOUSE | {"pool": None}),
            good,
        ]
    )
    found = replayed(houses, log)
    assert (found.rows, found.refused.total(), found.changed) == (7, 6, 0)
    text = "\n".join(report(found))
    assert "refused                             6    85.7%" in text
    assert "          3  Rooms is missing." in text
    assert "          2  Living area should be less than or equal to " in text
    assert "(it was 1002.5)." in text
    assert "          1  'pool' is not a feature; this model takes: area, age," in text


def test_numbers_that_change(log: PredictionLog, prices: Predictor) -> None:
    given = answered(prices, [{"area": 80.0 + i, "rooms": 3} for i in range(4)])
    moved = [
        replace(one, value=one.value + by) for one, by in zip(given, (0, 3, -5, 1e-6), strict=True)
    ]
    moved[1] = told(moved[1], given[1].value + 1.0)
    moved[2] = told(moved[2], given[2].value)
    log.add(moved)
    found = replayed(prices, log)
    change, score = found.changes["price"], found.scores["mean absolute error of price"]
    assert (found.rows, found.changed, change.count, change.changed) == (4, 2, 4, 2)
    assert (change.distance, change.largest) == pytest.approx((8.0, 5.0), abs=1e-3)
    assert score.count == 2
    assert (score.logged, score.replayed) == pytest.approx((2 + 5, 1 + 0), abs=1e-3)
    lines = list(report(found))
    assert lines[-5:] == [
        "Numbers   rows   changed   mean change   largest change",
        "  price      4         2             2                5",
        "",
        "Score on true outcomes           rows   logged   replayed",
        "  mean absolute error of price      2      3.5        0.5",
    ]


def test_a_score_on_rows_of_its_training(log: PredictionLog, prices: Predictor) -> None:
    """It is too good, as people are told."""
    metrics = prices.artifact.metrics | {"logged_rows": 1234}
    taught = Predictor(replace(prices.artifact, metrics=metrics), prices.engine)
    (given,) = answered(prices, [{"area": 80.0, "rooms": 3}])
    log.add([told(given, given.value)])
    earlier = replace(taught.artifact, trained_at=MOMENT - timedelta(days=1))
    unaware = Predictor(earlier, prices.engine)
    for predictor, is_told in ((prices, False), (taught, True), (unaware, False)):
        text = "\n".join(report(replayed(predictor, log)))
        assert ("It was trained on 1,234 logged rows" in text) is is_told


def test_several_targets(log: PredictionLog, rents: Predictor) -> None:
    rent, heating = models.TARGETS
    (given,) = answered(rents, [{"area": 80.0, "rooms": 3}])
    log.add([told(replace(given, value={rent: given.value[rent] + 7.0, "more": 1.0}), given.value)])
    found = replayed(rents, log)
    assert list(found.changes) == [rent]
    assert found.changes[rent].largest == pytest.approx(7.0, abs=1e-3)
    assert found.scores[f"mean absolute error of {rent}"].replayed == pytest.approx(0, abs=1e-3)
    assert heating not in "\n".join(report(found))


@pytest.mark.parametrize(
    "fields", [{"value": "dear", "label": "dear"}, {"value": {"rent": 1.5}, "label": None}]
)
def test_answers_of_another_kind(
    log: PredictionLog, prices: Predictor, fields: dict[str, Any]
) -> None:
    log.add([record(inputs={"area": 80.0, "rooms": 3}, **fields)])
    found = replayed(prices, log)
    assert (found.rows, found.apart, found.changed, found.changes) == (1, 1, 0, {})
    assert "answers of another kind             1   100.0%" in list(report(found))


def test_a_class_is_no_number(log: PredictionLog, houses: Predictor) -> None:
    log.add([record(inputs=HOUSE, value=1.5)])
    assert replayed(houses, log).apart == 1


def test_the_newest_rows(log: PredictionLog, houses: Predictor) -> None:
    old = answered(houses, [HOUSE | {"area": 280.0}] * 1200)
    log.add([replace(one, value="cheap", label="cheap") for one in old])
    log.add(answered(houses, [HOUSE] * 1100))
    found = replayed(houses, log, limit=1101)
    assert (found.rows, found.changed) == (1101, 1)


def test_an_empty_log(log: PredictionLog, houses: Predictor) -> None:
    with pytest.raises(NothingLogged, match="Nothing is logged yet"):
        replayed(houses, log)


def test_a_database_that_is_away(tmp_path: Path, houses: Predictor) -> None:
    with (
        prediction_log(unreachable(tmp_path)) as log,
        pytest.raises(LogUnavailable, match="The database does not answer: "),
    ):
        replayed(houses, log)


def test_the_command(project: Path, small_model: Path) -> None:
    houses = Predictor.load(small_model)
    settings = {"ARTIFACTS_DIR": str(small_model)}
    first = manage(project, "replay", houses.version, **settings)
    assert first.stderr.startswith("Error: ")
    assert f"manage {' '.join(MIGRATE)}" in first.stderr
    with prediction_log(database_of(project)) as log:
        refused = manage(project, "replay", houses.version, **settings)
        log.add(answered(houses, [HOUSE] * 7))
    assert refused.stderr == "Error: Nothing is logged yet, so there is nothing to replay.\n"
    done = manage(project, "replay", houses.version[:8], "--limit", "5", **settings)
    assert done.returncode == 0, done.stderr
    assert f"Version {houses.version} was asked what 5 logged rows asked." in done.stdout
    assert "100%" in done.stderr
    for wrong in ("0", "-1", "many"):
        assert manage(project, "replay", houses.version, "--limit", wrong).returncode == 2


def test_versions_that_cannot_be_replayed(project: Path) -> None:
    version = models.publish_small_model(project / "artifacts").version
    for text, words in (("0" * 12, "has no version"), (version, "is damaged")):
        done = manage(project, "replay", text)
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.count("\n") == 1
        (project / "artifacts" / version / "metrics.json").write_text("{")
