"""Several numbers at once: a regression with a target for each column of y."""

import csv
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import ArtifactError, SignatureError, publish
from modeldesk.ml.answered import NotFinite
from modeldesk.ml.batch import predict_file
from modeldesk.ml.converting.parity import compare
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.signature import Signature
from modeldesk.ml.validation import InvalidInstances
from modeldesk.serving.body import feedback_body, parse
from modeldesk.serving.openapi import openapi
from modeldesk.testing import models
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    root = tmp_path_factory.mktemp("artifacts")
    models.publish_small_targets(root)
    return Predictor.load(root)


def test_what_is_read_off_the_frame(predictor: Predictor) -> None:
    output = predictor.signature.output
    assert output.targets
    assert [target.name for target in output.targets] == models.TARGETS
    rent, heating = output.targets
    assert (rent.unit, rent.label, heating.unit) == ("€", "Rent", None)
    _, y = models.rents()
    assert (heating.min, heating.max) == pytest.approx((y["$heat.ing"].min(), y["$heat.ing"].max()))
    assert (output.name, output.classes, output.min) == ("prediction", None, None)
    assert predictor.signature.task == "regression"


def test_one_column_is_as_a_series() -> None:
    X, y = models.rents()
    frame, series = (Signature.infer(X, one, name="t") for one in (y[["rent"]], y["rent"]))
    assert frame == series


def test_the_version_depends_on_the_names(predictor: Predictor) -> None:
    other = predictor.signature.model_copy(deep=True)
    assert other.output.targets
    other.output.targets[0].unit = "$"
    assert other.contract() == predictor.signature.contract()
    other.output.targets[0].name = "price"
    assert other.contract() != predictor.signature.contract()


@pytest.mark.parametrize(
    ("columns", "given", "words"),
    [
        ({"a": [1.0, 2.0], "b": ["x", "y"]}, {}, "train a model a column"),
        ({"a": [1.0, 2.0], "b": [True, False]}, {}, "train a model a column"),
        ({"a": ["x", "y"], "b": ["x", "y"]}, {"task": "regression"}, "holds no numbers"),
        ({"a": ["x", "y"], "b": ["x", "x"]}, {}, "one class only"),
        ({"a": [1.0, None], "b": [1.0, 2.0]}, {}, "without gaps"),
        ({"a": [1.0, np.inf], "b": [1.0, 2.0]}, {}, "finite"),
        ({0: [1.0, 2.0], 1: [1.0, 2.0]}, {}, "texts as names"),
        ({"a": [1.0, 2.0], "$ref": [1.0, 2.0]}, {}, "a reference"),
        ({"a": [1.0, 2.0], "error": [1.0, 2.0]}, {}, "'error'"),
        (
            {"a": [1.0, 2.0], "b": [1.0, 2.0]},
            {"output": {"targets": {"c": {"unit": "m"}}}},
            "the column 'c'",
        ),
    ],
)
def test_targets_that_are_refused(columns: Any, given: Any, words: str) -> None:
    X = pd.DataFrame({"x": [1.0, 2.0]})
    with pytest.raises(SignatureError, match=words):
        Signature.infer(X, pd.DataFrame(columns), name="test", **given)


def test_each_row_has_a_number_of_each_target(predictor: Predictor) -> None:
    X, y = models.rents()
    assert predictor.artifact.runtime == "onnx"
    for rows in (1, 2, 50):
        given = X[:rows].astype(object).to_dict("records")
        answers = predictor.predict(predictor.validator.from_json(given)[0])
        assert [list(answer.value) for answer in answers] == [models.TARGETS] * rows
        found = pd.DataFrame([answer.value for answer in answers])
        assert np.allclose(found, y[:rows], rtol=1e-4)


def test_scores_are_of_all_targets_and_of_each(predictor: Predictor) -> None:
    metrics = predictor.artifact.metrics["metrics"]
    assert list(metrics) == ["r2", "mae", "rmse", *(f"mae_{name}" for name in models.TARGETS)]
    assert metrics["mae"] == pytest.approx(sum(metrics[f"mae_{t}"] for t in models.TARGETS) / 2)
    card = (predictor.artifact.path / "card.md").read_text("utf-8")
    assert "## Targets" in card
    assert "- rent (€): " in card


def test_a_forest_of_several_targets(tmp_path: Path) -> None:
    X, y = models.rents()
    X = X.astype("float32")
    model = RandomForestRegressor(5, random_state=0).fit(X, y)
    publish(model, X, y, name="forest", root=tmp_path)
    predictor = Predictor.load(tmp_path)
    typed: Any = X.astype(str).astype(float).to_dict("records")
    found = pd.DataFrame([answer.value for answer in predictor.predict(typed)])
    assert np.allclose(found, model.predict(X), rtol=1e-4)


def test_a_model_of_more_or_fewer_targets_changes_nothing(tmp_path: Path) -> None:
    X, y = models.rents()
    both, one = LinearRegression().fit(X, y), LinearRegression().fit(X, y["rent"])
    for model, given, test in ((both, y["rent"], None), (one, y, None), (both, y["rent"], X)):
        pair = None if test is None else (test, given)  # which is scored
        with pytest.raises(ArtifactError, match=r"answers \d values a row, and y has \d: "):
            publish(model, X, given, name="test", test=pair, root=tmp_path)
    with pytest.raises(SignatureError, match="same columns"):
        publish(both, X, y, name="test", test=(X, y[y.columns[::-1]]), root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_row_without_one_of_its_numbers_has_no_answer(tmp_path: Path) -> None:
    artifact = models.publish_small_targets(tmp_path)

    class Engine:
        def run(self, rows: list[Any]) -> Any:
            return np.array([[1.0, row["area"]] for row in rows]), None

    predictor = Predictor(artifact, cast(Any, Engine()))
    rows = [{"area": area} for area in (50.0, np.inf, 60.0)]
    kinds = [isinstance(answer, NotFinite) for answer in predictor.predict_each(rows)]
    assert kinds == [False, True, False]


def test_each_target_is_compared_by_its_own_size() -> None:
    true = np.array([[1e6, 1e-3], [2e6, 2e-3]])
    assert compare((true * 1.00005, None), (true, None))["agrees"] is True
    for off in ([1, 1.001], [1.001, 1]):
        assert compare((true * off, None), (true, None))["agrees"] is False


def test_feedback_is_a_number_of_each_target(predictor: Predictor) -> None:
    body = feedback_body(predictor.signature.output)
    good = {"rent": 700, "$heat.ing": 30.5}
    given = parse(body, {"actual": good}).model_dump(by_alias=True)
    assert given == {"actual": good, "comment": ""}
    tried: list[tuple[Any, list[tuple[str, ...]]]] = [
        ({"rent": "high", "more": 1}, [("rent",), ("$heat.ing",), ("more",)]),
        ({"rent": float("nan"), "$heat.ing": True}, [("rent",), ("$heat.ing",)]),
        (700.0, [()]),
        (None, [()]),
    ]
    for actual, places in tried:
        with pytest.raises(InvalidInstances) as caught:
            parse(body, {"actual": actual})
        assert [fault.loc for fault in caught.value.faults] == [("actual", *p) for p in places]


def test_the_document_describes_each_target(predictor: Predictor) -> None:
    model = {"name": "rents", "version": predictor.version}
    document = openapi(predictor.signature, model, predictor.validator, auth=False)
    value = document["components"]["schemas"]["Value"]
    assert value["required"] == models.TARGETS
    assert value["properties"]["rent"] == {"type": "number", "description": "€"}
    example = document["components"]["examples"]["Feedback"]["value"]
    assert parse(feedback_body(predictor.signature.output), example)


def test_a_file_gets_a_column_of_each_target(predictor: Predictor, tmp_path: Path) -> None:
    added = ["prediction_rent", "prediction_$heat.ing", "prediction_error"]
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("area,rooms\n50,2\nwide,3\n", "utf-8")
    assert predict_file(predictor, source, target, progress=False).refused == 1
    header, first, second = csv.reader(target.read_text("utf-8").splitlines())
    assert header == ["area", "rooms", *added]
    expected = predictor.predict([{"area": 50.0, "rooms": 2}])[0].value
    assert [float(cell) for cell in first[2:4]] == list(expected.values())
    assert second[2:4] == ["", ""]
    assert "Area should be a valid number" in second[4]
    models.rents()[0].to_parquet(tmp_path / "in.parquet")
    predict_file(predictor, tmp_path / "in.parquet", tmp_path / "out.parquet", progress=False)
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert list(found) == ["area", "rooms", *added]
    assert found["prediction_rent"].dtype == "float64"
