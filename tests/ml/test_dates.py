"""Columns of dates: YYYY-MM-DD in JSON, forms and files, and datetime64 for the model."""

import csv
import importlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import SignatureError, publish
from modeldesk.ml.batch import predict_file
from modeldesk.ml.importing import import_model
from modeldesk.ml.importing.types import Told
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.signature import Feature, Output, Signature
from modeldesk.ml.validation import (
    InstanceValidator,
    InvalidInstances,
)
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from .. import owner

OWN_CODE = """
import pandas as pd


def parts(frame):
    days = frame.apply(lambda column: (column - pd.Timestamp("2020-01-01")).dt.days)
    return days.fillna(-1).assign(month=frame.iloc[:, 0].dt.month.fillna(0))
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A module beside the project's training, such as owners write for their pipelines."""
    with owner.installed(tmp_path_factory.mktemp("own"), parts_of_dates=OWN_CODE):
        yield importlib.import_module(f"{owner.PACKAGE}.ml.parts_of_dates")


def visits(gaps: bool = False) -> tuple[pd.DataFrame, pd.Series]:
    """Days of visits, some unknown, and how long the next one is away."""
    day = pd.Series(pd.date_range("2024-01-01", periods=60))
    y = pd.Series(np.arange(60) * 2.0 + day.dt.month, name="wait")
    return pd.DataFrame({"day": day.where(day.index % 7 > 0) if gaps else day, "n": y}), y


def fitted(own: Any, *, gaps: bool = False) -> Any:
    X, y = visits(gaps)
    parts = make_column_transformer((FunctionTransformer(own.parts), ["day"]))
    return make_pipeline(parts, LinearRegression()).fit(X, y)


def signature(**given: Any) -> Signature:
    day = Feature(name="day", type="date", example="2024-05-31", **given)
    return Signature(name="t", task="regression", features=[day], output=Output(name="y"))


@pytest.mark.parametrize(
    "days",
    [
        pd.date_range("2024-02-28", periods=3),
        pd.date_range("2024-02-28", periods=3).astype("datetime64[s]"),
        [date(2024, 2, 28), date(2024, 3, 1), None],
    ],
)
def test_what_is_read_off_a_column(days: Any) -> None:
    X = pd.DataFrame({"day": days})
    (feature,) = Signature.infer(X, [1.0, 2.0, 3.0], name="test").features
    assert (feature.type, feature.example, feature.outside) == ("date", "2024-02-28", "warn")
    assert (feature.min, feature.max) == ("2024-02-28", "2024-03-01")
    assert feature.missing is bool(X["day"].isna().any())


@pytest.mark.parametrize(
    "days",
    [
        [datetime(2024, 1, 1, 9, 30), datetime(2024, 1, 2)],
        [datetime(2024, 1, 1, tzinfo=UTC)] * 2,
        pd.to_datetime(["2024-01-01", "2024-01-01"]).tz_localize("Europe/Berlin"),
        [date(1500, 1, 1), date(2024, 1, 1)],
        pd.to_timedelta([1, 2], unit="D"),
    ],
)
def test_what_is_no_date_is_refused(days: Any) -> None:
    with pytest.raises(SignatureError, match="'day' holds"):
        Signature.infer(pd.DataFrame({"day": days}), [1.0, 2.0], name="test")


def test_a_signature_edited_by_hand() -> None:
    for given in ({"min": "2024-13-01"}, {"max": 5}, {"min": "20240101"}):
        with pytest.raises(ValueError, match="validation error"):
            signature(**given)
    with pytest.raises(ValueError, match="and else numbers"):
        Feature(name="x", type="number", min="2024-01-01")


def test_rows_of_json_forms_and_tables() -> None:
    validator = InstanceValidator(signature(missing=True))
    row = {"day": "2024-02-29"}
    assert validator.from_json([row, {"day": None}, {}])[0] == [row, {"day": None}, {"day": None}]
    assert validator.from_text({"day": " 2024-02-29 "})[0] == row
    assert validator.from_text({"day": ""})[0] == {"day": None}
    for value in (date(2024, 2, 29), datetime(2024, 2, 29), pd.Timestamp("2024-02-29")):
        assert validator.from_values({"day": value})[0] == row
    schema = validator.model.model_json_schema()["properties"]["day"]
    assert {"type": "string", "format": "date"} in schema["anyOf"]


@pytest.mark.parametrize(
    "value",
    [
        *("2024-02-30", "2024-2-29", "20240229", "2024-02-29T00:00:00", " 2024-02-29", ""),
        *("1677-12-31", "2262-01-01", "٢٠٢٤-٠٢-٢٩", 20240229, True, ["2024-02-29"]),
    ],
)
def test_what_is_no_date_in_json(value: Any) -> None:
    with pytest.raises(InvalidInstances, match="Day should be") as caught:
        InstanceValidator(signature()).from_json([{"day": value}])
    assert [fault.loc for fault in caught.value.faults] == [("instances", 0, "day")]


def test_a_moment_in_a_table_is_no_date() -> None:
    for moment in (datetime(2024, 2, 29, 9), datetime(2024, 2, 29, tzinfo=UTC)):
        with pytest.raises(InvalidInstances, match=r"a date, such as .* \(it was '2024-02-29T"):
            InstanceValidator(signature()).from_values({"day": moment})


def test_days_that_training_has_not_seen() -> None:
    seen = {"min": "2024-01-01", "max": "2024-12-31"}
    _, (warning,) = InstanceValidator(signature(**seen)).from_json([{"day": "2025-01-01"}])
    says = "Day should be less than or equal to 2024-12-31 (it was '2025-01-01')."
    assert (warning.msg, warning.loc) == (says, ("instances", 0, "day"))
    with pytest.raises(InvalidInstances, match=r"greater than or equal to 2024-01-01"):
        InstanceValidator(signature(outside="refuse", **seen)).from_json([{"day": "2023-12-31"}])


@pytest.mark.parametrize("gaps", [False, True])
def test_code_of_this_project_takes_dates_apart(own: Any, tmp_path: Path, gaps: bool) -> None:
    X, y = visits(gaps)
    model = fitted(own, gaps=gaps)
    artifact = publish(model, X, y, name="visits", test=(X, y), root=tmp_path)
    assert artifact.runtime == "skops"
    assert "dates" in artifact.metrics["parity"]["onnx_refused"]
    predictor = Predictor.load(tmp_path)
    rows = [
        {"day": None if pd.isna(day) else f"{day:%Y-%m-%d}", "n": n}
        for day, n in zip(X["day"], X["n"], strict=True)
    ]
    answers = predictor.predict(predictor.validator.from_json(rows)[0])
    assert np.allclose([answer.value for answer in answers], model.predict(X))


def test_a_model_that_takes_dates_is_imported(own: Any, tmp_path: Path) -> None:
    X, y = visits(gaps=True)
    model = fitted(own, gaps=True)
    path, data = tmp_path / "visits.joblib", tmp_path / "rows.csv"
    joblib.dump(model, path)
    X.assign(wait=y).to_csv(data, index=False)
    told = Told(dates={"day": None})
    imported = import_model(path, data, ["wait"], told=told, agreed=bool, say=print, root=tmp_path)
    assert [feature.type for feature in imported.signature.features] == ["date", "number"]
    assert imported.metrics["parity"]["agrees"]
    (answer,) = Predictor.load(tmp_path).predict([{"day": "2024-01-02", "n": 1.0}])
    assert np.allclose(answer.value, model.predict(X[1:2]))


def test_files_of_dates(own: Any, tmp_path: Path) -> None:
    publish(fitted(own), *visits(), name="visits", root=tmp_path)
    predictor = Predictor.load(tmp_path)
    expected = predictor.predict([{"day": "2024-01-01", "n": 1.0}, {"day": "2024-02-29", "n": 1.0}])
    wanted = [answer.value for answer in expected]
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("day,n\n2024-01-01,1\n2024-02-29,1\n2024-02-30,1\n", "utf-8")
    assert predict_file(predictor, source, target, progress=False).refused == 1
    *good, bad = csv.DictReader(target.read_text("utf-8").splitlines())
    assert [float(row["prediction"]) for row in good] == wanted
    assert bad["prediction_error"].startswith("Day should be a date, such as 2026-01-31")
    days = [date(2024, 1, 1), date(2024, 2, 29)]
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    for column in (days, pd.to_datetime(days), [str(day) for day in days]):
        pd.DataFrame({"day": column, "n": 1.0}).to_parquet(source)
        assert predict_file(predictor, source, target, progress=False).refused == 0
        assert list(pd.read_parquet(target)["prediction"]) == wanted
