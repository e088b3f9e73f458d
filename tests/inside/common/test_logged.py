"""Logged rows join the training data: as it writes them, or not at all."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import (
    Artifact,
    ArtifactError,
    SignatureError,
    publish,
    with_feedback,
)
from modeldesk.ml.logged import LoggedRows, offering
from modeldesk.ml.predictor import Predictor
from modeldesk.serving.log import (
    Feedback,
    LogUnavailable,
    PredictionLog,
)
from modeldesk.serving.newest import NothingLogged
from modeldesk.serving.retraining import rows_with_feedback
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.linear_model import LogisticRegression

from . import models
from .database import unreachable
from .framework import prediction_log
from .records import MOMENT, record

Pair = tuple[dict[str, Any], Any]
Say = Callable[[str], None]
GAP = None


def extended(X: Any, y: Any, *pairs: Pair, say: Say = print) -> tuple[Any, Any]:
    """The training data with logged rows and their outcomes."""
    rows = LoggedRows(say)
    rows.keep(pairs)
    with offering(rows):
        return with_feedback(X, y)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (pd.Series([1.5, 2.0], dtype="float32"), [0.1, 3]),
        (pd.Series([1.5, np.nan], dtype="float64"), [0.1, GAP]),
        (pd.Series([1.5, pd.NA], dtype="Float64"), [0.1, GAP]),
        (pd.Series([1, 2], dtype="int64"), [7, 8.0]),
        (pd.Series([1, 2], dtype="uint8"), [0, 255]),
        (pd.Series([1, pd.NA], dtype="Int32"), [7, GAP]),
        (pd.Series([1.0, np.nan]), [7, GAP]),
        (pd.Series([True, False]), [False, True]),
        (pd.Series([True, pd.NA], dtype="boolean"), [False, GAP]),
        (pd.Series([True, np.nan], dtype=object), [False, GAP]),
        (pd.Series([True, None], dtype=object), [False, GAP]),
        (pd.Series(["gas", "oil"], dtype=object), ["coal", "漢"]),
        (pd.Series(["gas", "oil"]), ["coal", ""]),
        (pd.Series(["gas", pd.NA], dtype="string"), ["coal", GAP]),
        (pd.Series(["gas", "oil"], dtype="category"), ["oil", "gas"]),
        (pd.Series(["gas", None], dtype=pd.CategoricalDtype(["oil", "gas"])), ["oil", GAP]),
        (pd.Series(pd.to_datetime(["2026-01-31", "2026-02-28"])), ["2024-02-29", "1999-12-31"]),
        (pd.Series(["2026-01-31", None]).astype("datetime64[ns]"), ["2024-02-29", GAP]),
        (pd.Series(["2026-01-31", None]).astype("datetime64[s]"), ["1999-12-31", GAP]),
        (pd.Series([date(2026, 1, 31), None], dtype=object), ["2024-02-29", GAP]),
    ],
    ids=lambda given: str(given.dtype) if isinstance(given, pd.Series) else None,
)
def test_a_value_is_written_as_its_column_is(column: Any, values: list[Any]) -> None:
    """The types of a column stay, and so does what it writes for a gap."""
    X, y = pd.DataFrame({"x": column}), pd.Series([0.5, 1.5])
    more, _ = extended(X, y, *(({"x": value}, 2.5) for value in values))
    assert more["x"].dtype == column.dtype
    assert_frame_equal(more.head(2), X)
    (gap,) = column[column.isna()].tolist() or [GAP]
    for given, kept in zip(values, more["x"].tolist()[2:], strict=True):
        if given is GAP:
            assert kept is gap or (kept != kept and type(kept) is type(gap))  # noqa: PLR0124 - NaN
        elif isinstance(kept, date):
            assert f"{kept:%Y-%m-%d}" == given
        else:
            assert kept == pytest.approx(given)
            assert type(kept) is type(column.tolist()[0])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pd.Series([1.5, 2.0]), GAP),
        (pd.Series([1.5, 2.0]), "1.5"),
        (pd.Series([1.5, 2.0]), True),
        (pd.Series([1, 2]), 1.5),
        (pd.Series([1, 2], dtype="uint8"), 256),
        (pd.Series([1, 2]), GAP),
        (pd.Series([True, False]), 1),
        (pd.Series([True, False]), "true"),
        (pd.Series(["gas", "oil"]), 1),
        (pd.Series(["gas", "oil"]), GAP),
        (pd.Series(["gas", "oil"], dtype="category"), "coal"),
        (pd.Series(pd.to_datetime(["2026-01-31", "2026-02-28"])), "gas"),
        (pd.Series(pd.to_datetime(["2026-01-31", "2026-02-28"])), 20260131),
    ],
    ids=lambda given: str(given.dtype) if isinstance(given, pd.Series) else repr(given),
)
def test_a_value_that_its_column_does_not_take(column: Any, value: Any) -> None:
    X, y = pd.DataFrame({"x": column}), pd.Series([0.5, 1.5])
    words = "1 of 1 logged rows was left out: 1 has values that the columns of X do not take"
    with pytest.raises(ArtifactError, match=words):
        extended(X, y, ({"x": value}, 2.5))


@pytest.mark.parametrize(
    ("y", "outcome", "other"),
    [
        (pd.Series(["dear", "cheap"]), "cheap", "free"),
        (pd.Series(["dear", "cheap"]), "cheap", 1),
        (pd.Series(["dear", "cheap"], dtype="category"), "cheap", "free"),
        (pd.Series([0, 1]), 1, 2),
        (pd.Series([0, 1]), 1, True),
        (pd.Series([0, 1], dtype="int8"), 1, "1"),
        (pd.Series([0.0, 1.0]), 1, 2),
        (pd.Series([0.0, 1.0], dtype="float32"), 0, False),
        (pd.Series([True, False]), True, 1),
        (pd.Series([True, False], dtype=object), False, 0),
        (pd.Series([0.5, 1.5]), 2.5, "dear"),
        (pd.Series([0.5, 1.5], dtype="float32"), 2.5, {"rent": 1.5}),
        (pd.Series([5, 7]), 6.0, 6.5),
    ],
)
def test_an_outcome_is_written_as_y_is(y: Any, outcome: Any, other: Any) -> None:
    """A class as the training data writes it, whatever the signature makes of it."""
    X = pd.DataFrame({"x": [1.5, 2.5]})
    told: list[str] = []
    given = ({"x": 3.5}, outcome), ({"x": 4.5}, other)
    X_more, y_more = extended(X, y.rename("price"), *given, say=told.append)
    assert X_more["x"].tolist() == [1.5, 2.5, 3.5]
    assert_series_equal(y_more, pd.Series([*y, outcome], dtype=y.dtype, name="price"))
    assert told[-1] == "1 of 2 logged rows was left out: 1 has an outcome that y does not take."


def test_several_targets() -> None:
    X, y = models.rents()
    rent, heating = models.TARGETS
    outcomes = {heating: 20.5, rent: 900.0, "more": 1.0}, {rent: 900.0}, 900.0
    given = [({"area": 80, "rooms": 3}, outcome) for outcome in outcomes]
    X_more, y_more = extended(X[:9], y[:9], *given)
    assert_frame_equal(X_more.tail(1), pd.DataFrame({"area": 80.0, "rooms": 3.0}, index=[9]))
    assert_frame_equal(y_more.tail(1), pd.DataFrame({rent: 900.0, heating: 20.5}, index=[9]))


def test_one_target_in_a_frame() -> None:
    X, y = models.rents()
    X_more, y_more = extended(X, y[["rent"]], ({"area": 80.0, "rooms": 3.0}, 900.0))
    assert len(X_more) == len(X) + 1
    assert list(y_more) == ["rent"]
    assert y_more["rent"].iloc[-1] == 900.0


def test_columns_are_those_of_the_training_data() -> None:
    """Rows of versions that took more are taken, those of ones that took less are told."""
    X, y = models.houses(90)
    house = {"area": 99.5, "age": None, "rooms": 3, "garden": True, "heating": "gas"}
    old = {name: value for name, value in house.items() if name != "heating"}
    given = [(row, "dear") for row in (house | {"pool": True}, old, house | {"rooms": "3"})]
    told: list[str] = []
    X_more, y_more = extended(X.sample(frac=1, random_state=0), y, *given, say=told.append)
    assert list(X_more) == list(X)
    assert dict(X_more.dtypes) == dict(X.dtypes)
    assert X_more.index.tolist() == y_more.index.tolist() == list(range(91))
    assert told == [
        "Training on 90 rows and 1 logged one",
        "2 of 3 logged rows were left out: 1 has other columns, "
        "1 has values that the columns of X do not take.",
    ]


def test_nothing_changes_without_rows() -> None:
    X, y = models.houses()
    X_back, y_back = with_feedback(X, y)
    assert X_back is X
    assert y_back is y


@pytest.mark.parametrize("X", [np.zeros((3, 1)), pd.DataFrame({"x": []})], ids=["array", "empty"])
def test_training_data_that_is_refused(X: Any) -> None:
    with pytest.raises(SignatureError, match="DataFrame with rows"):
        extended(X, np.zeros(len(X)), ({"x": 1.5}, 1.5))


HOUSE = {"area": 99.5, "age": 7.0, "rooms": 3, "garden": True, "heating": "gas"}


def log_houses(log: PredictionLog, count: int, **fields: Any) -> None:
    """Log predictions of cheap houses that turned out to be dear."""
    usual = {"inputs": HOUSE, "value": "cheap", "label": "cheap"}
    usual |= {"feedback": Feedback("dear", "", MOMENT)} | fields
    log.add([record(**usual) for _ in range(count)])


def train(root: Path) -> Artifact:
    """What a train.py does."""
    X, y = models.houses()
    X, X_test, y, y_test = X[:150], X[150:], y[:150], y[150:]
    X, y = with_feedback(X, y)
    model = models.pipeline(LogisticRegression()).fit(X, y)
    return publish(model, X, y, name="houses", test=(X_test, y_test), root=root)


def test_a_model_learns_from_the_log(log: PredictionLog, tmp_path: Path) -> None:
    before = train(tmp_path)
    assert before.metrics["logged_rows"] == 0
    told: list[str] = []
    log_houses(log, 1500)
    log_houses(log, 20, feedback=None)
    log_houses(log, 30, inputs={"area": 99.5})
    with offering(rows_with_feedback(log, told.append, progress=False)):
        after = train(tmp_path)
    assert after.metrics["logged_rows"] == 1500
    assert after.version != before.version
    assert "also on 1500 logged rows" in (after.path / "card.md").read_text("utf-8")
    assert after.metrics["held_out_rows"] == before.metrics["held_out_rows"] == 50
    assert told == [
        "Training on 150 rows and 1,500 logged ones",
        "30 of 1,530 logged rows were left out: 30 have other columns.",
    ]
    asked = Predictor.load(tmp_path, before.version), Predictor.load(tmp_path, after.version)
    small = HOUSE | {"area": 60.0}
    shares = [one.predict([small])[0].probabilities or {} for one in asked]
    assert shares[0]["dear"] < 0.5 < shares[1]["dear"]


def test_a_training_that_asks_for_no_rows(log: PredictionLog, tmp_path: Path) -> None:
    log_houses(log, 3)
    with (
        offering(rows_with_feedback(log, print, progress=False)),
        pytest.raises(ArtifactError, match=r"add the line `X, y = with_feedback\(X, y\)`"),
    ):
        models.publish_small_model(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_numbers_are_outcomes_as_floats(log: PredictionLog) -> None:
    """Also from a file that was imported."""
    fields = {"value": 1.5, "label": None, "feedback": Feedback(2, "", MOMENT)}
    log_houses(log, 1, inputs={"x": 1.5}, **fields)
    with offering(rows_with_feedback(log, print, progress=False)):
        _, y = with_feedback(pd.DataFrame({"x": [0.5]}), pd.Series([0.5]))
    assert y.tolist() == [0.5, 2.0]


@pytest.mark.parametrize("most", [{"most_rows": 1200}, {"most_values": 5 * 1001}])
def test_the_newest_rows_are_taken(log: PredictionLog, most: dict[str, int]) -> None:
    told: list[str] = []
    log_houses(log, 1000, inputs=HOUSE | {"rooms": 1})
    log_houses(log, 1000, inputs=HOUSE | {"rooms": 2})
    rows = rows_with_feedback(log, told.append, progress=False, **most)
    taken = most.get("most_rows", 2000)
    assert (rows.rows, rows.values) == (taken, taken * 5)
    assert told == [f"Only the newest {taken:,} logged rows are taken."]
    X, y = models.houses()
    with offering(rows):
        X_more, _ = with_feedback(X, y)
    assert X_more["rooms"][len(X) :].tolist() == [2] * 1000 + [1] * (taken - 1000)


def test_a_log_without_outcomes(log: PredictionLog) -> None:
    log_houses(log, 3, feedback=None)
    with pytest.raises(NothingLogged, match="true outcome yet"):
        rows_with_feedback(log, print, progress=False)


def test_a_database_that_is_away(tmp_path: Path) -> None:
    with (
        prediction_log(unreachable(tmp_path)) as log,
        pytest.raises(LogUnavailable, match="The database does not answer: ") as refused,
    ):
        rows_with_feedback(log, print, progress=False)
    assert "unsaid" not in str(refused.value)
