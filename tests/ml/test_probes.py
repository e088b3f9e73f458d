"""What is asked beside the rows at hand, and that what is served answers it as the original does.

In each of these the rows at hand show nothing, and others that people have are answered otherwise
by a conversion in 32 bits.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import ArtifactError, publish
from modeldesk.ml.answered import NotFinite
from modeldesk.ml.converting.convert import convert, rows_of
from modeldesk.ml.converting.parity import difference, tried
from modeldesk.ml.converting.probes import like, probes
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.signature import Signature
from modeldesk.testing import models
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

R = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of several tests wait for each other for longer than they compute."""
    with threadpool_limits(1):
        yield


def asked(predictor: Predictor, frame: pd.DataFrame) -> list[Any]:
    """What the served model says to rows of a frame, as callers send them."""
    rows, _ = predictor.validator.from_json(frame.to_dict("records"))
    return [answer.value for answer in predictor.predict(rows)]


def test_whole_numbers_that_32_bits_cannot_tell_apart(tmp_path: Path) -> None:
    days = pd.date_range("2023-03-01", "2023-10-31")
    X = pd.DataFrame({"day": days.strftime("%Y%m%d").astype(int)})
    y = pd.Series(np.where(days.day_of_week >= 5, 100.0, 10.0) + days.month, name="target")
    model = HistGradientBoostingRegressor(max_iter=99, min_samples_leaf=1, max_leaf_nodes=99)
    model.fit(X, y)
    some = days.day_of_week.isin([2, 4])
    publish(model, X[some], y[some], name="days", root=tmp_path)
    predictor = Predictor.load(tmp_path)
    assert predictor.artifact.runtime == "onnx"
    assert asked(predictor, X) == pytest.approx(model.predict(X), rel=1e-4)


def test_numbers_at_the_splits_of_trees_behind_a_scaler(tmp_path: Path) -> None:
    """Rounded as people have them: in 32 bits one in a hundred falls on the other side."""
    X = pd.DataFrame({"a": R.integers(0, 500, 800) / 100, "b": R.normal(size=800).round(2)})
    y = (X["a"] * 7 % 1 > 0.5) ^ (X["b"] > 0.3)
    model = make_pipeline(StandardScaler(), RandomForestClassifier(9, random_state=0))
    model.fit(X[:700], y[:700])
    publish(model, X[700:], y[700:], name="splits", root=tmp_path)
    predictor = Predictor.load(tmp_path)
    assert predictor.artifact.runtime == "onnx"
    grid = pd.DataFrame({"a": np.arange(0, 5, 0.005).round(3), "b": 0.3})
    assert asked(predictor, grid) == model.predict(grid).tolist()


def test_equal_votes_of_a_forest(tmp_path: Path) -> None:
    X = pd.DataFrame({"a": R.normal(size=300), "b": R.normal(size=300)})
    y = pd.Series(np.where(R.random(300) < 0.5, "no", "yes"), name="y")
    for forest in (RandomForestClassifier, ExtraTreesClassifier):
        model = forest(10, random_state=0).fit(X, y)
        publish(model, X[:100], y[:100], name="votes", root=tmp_path / forest.__name__)
        predictor = Predictor.load(tmp_path / forest.__name__)
        assert predictor.artifact.runtime == "onnx"
        ask = pd.DataFrame(R.normal(size=(500, 2)), columns=["a", "b"])
        ties = np.isclose(model.predict_proba(ask)[:, 0], 0.5)
        assert ties.sum() > 20
        assert asked(predictor, ask) == model.predict(ask).tolist()


NOTES = {
    "Übel Übel müßig": 0.934,
    "ÄRGER größer": 0.052,
    "ÉTÉ niño": 0.512,
    "gut Übel café good": 0.943,
    "  good  ": 0.882,
    "don't good-bad": 0.488,
    "İyi good": 0.882,
}


def test_texts_in_a_language_that_the_rows_do_not_show(tmp_path: Path) -> None:
    random = np.random.default_rng(10)
    words = {1: ["good", "fine", "Übel", "müßig", "ÉTÉ"], 0: ["bad", "poor", "ÄRGER", "größer"]}
    words[0].append("niño")
    side = random.integers(0, 2, 600)
    X = pd.DataFrame({"note": [" ".join(random.choice(words[k], 5)) for k in side]})
    y = pd.Series(np.where(side == 1, "plus", "minus"), name="target")
    prepare = make_column_transformer((TfidfVectorizer(), "note"))
    model = make_pipeline(prepare, LogisticRegression()).fit(X[:400], y[:400])
    plain = pd.DataFrame({"note": [" ".join(random.choice(words[k][:2], 5)) for k in side[400:]]})
    publish(model, plain, y[400:].reset_index(drop=True), name="notes", root=tmp_path)
    predictor = Predictor.load(tmp_path)
    answers = predictor.predict([{"note": note} for note in NOTES])
    shares = [answer.probabilities["plus"] for answer in answers if answer.probabilities]
    assert shares == pytest.approx(list(NOTES.values()), abs=6e-4)


def test_a_level_that_the_original_has_no_answer_to(tmp_path: Path) -> None:
    """ONNX answers as if it were none of the levels; the original raises, and so is refused."""
    X = pd.DataFrame({"town": R.choice(["x", "y", "z"], 200), "size": R.normal(size=200)})
    y = X["size"] + (X["town"] == "x") * 7.99
    prepare = make_column_transformer((OrdinalEncoder(), ["town"]), remainder="passthrough")
    model = make_pipeline(prepare, LinearRegression()).fit(X, y)
    lenient = {"town": {"outside": "warn"}}
    artifact = publish(model, X, y, name="towns", features=lenient, root=tmp_path)
    assert artifact.runtime == "skops"
    assert ", not no answer" in artifact.metrics["parity"]["onnx_refused"]
    rows, warnings = (predictor := Predictor.load(tmp_path)).validator.from_json(
        [{"town": "w", "size": 0.0}]
    )
    assert warnings
    assert isinstance(predictor.predict_each(rows)[0], NotFinite)
    strict = publish(model, X, y, name="towns", root=tmp_path, force=True)
    assert strict.runtime == "onnx"  # where the level is refused before


def test_a_refusal_of_onnx_shows_a_row_and_both_answers(tmp_path: Path) -> None:
    X = pd.DataFrame({"code": R.integers(0, 9, 300), "z": R.random(300)})
    y = (X["code"] % 3 == 1) * 9.0
    model = HistGradientBoostingRegressor(max_iter=5, categorical_features=["code"]).fit(X, y)
    told = publish(model, X, y, name="codes", root=tmp_path).metrics["parity"]
    assert told["probes"] > 1000
    words = r"answers otherwise .* to \d+ of 300 rows, such as code \d, z 0\.\d+: \S+, not \S+"
    assert re.fullmatch(f"it {words}", told["onnx_refused"])
    assert "\n" not in told["onnx_refused"]


NUMBERS = ["x0", "x1", "x2"]
USUAL = {
    "logistic": LogisticRegression(),
    "forest": RandomForestClassifier(10, random_state=0),
    "boosted": GradientBoostingClassifier(n_estimators=10, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=10),
    "bayes": GaussianNB(),
    "linear": LinearRegression(),
    "forest of numbers": RandomForestRegressor(10, random_state=0),
    "boosted numbers": GradientBoostingRegressor(n_estimators=10, random_state=0),
    "histogram of numbers": HistGradientBoostingRegressor(max_iter=10),
}


@pytest.mark.parametrize("last", USUAL)
@pytest.mark.parametrize("steps", ["alone", "scaled", "encoded"])
def test_usual_models_are_served_as_onnx(steps: str, last: str) -> None:
    """Also by what they do at splits, ties, gaps and beyond their range."""
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(300, 3)).round(2), columns=NUMBERS)
    y = X["x0"] + (X["x1"] > 0) * X["x2"]
    if "number" not in last and last != "linear":
        y = y > 0
    model: Any = USUAL[last]
    if steps == "scaled":
        model = make_pipeline(MinMaxScaler(), model)
    if steps == "encoded":
        X = X.assign(town=R.choice(["x", "y", "z"], 300), x0=X["x0"].where(X["x1"] < 1))
        numbers = make_pipeline(SimpleImputer(), StandardScaler())
        encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        model = make_pipeline(
            make_column_transformer((encode, ["town"]), (numbers, NUMBERS)), model
        )
    model.fit(X, y)
    shares = {"probabilities": hasattr(model, "predict_proba")}
    signature = Signature.infer(X, y, name="m", output=shares)
    found = convert(model, signature, X[:60])
    assert found.runtime == "onnx", found.parity["onnx_refused"]
    assert found.parity["probes"] > 1000


def known(model: Any, X: pd.DataFrame, y: Any, **features: Any) -> tuple[Signature, list[Any]]:
    signature = Signature.infer(X, y, name="m", features=features)
    return signature, probes(model, signature, rows_of(X, signature))


def test_every_split_is_asked_at_and_on_both_sides() -> None:
    X, y = pd.DataFrame({"a": R.random(200), "b": R.random(200)}), R.random(200)
    for last in (
        RandomForestRegressor(1, max_depth=2, random_state=0),
        HistGradientBoostingRegressor(max_iter=1, max_leaf_nodes=4),
    ):
        model = make_pipeline(StandardScaler(), last).fit(X, y)
        _, rows = known(model, X, y)
        if hasattr(last, "estimators_"):
            tree = last.estimators_[0].tree_
            place, split = int(tree.feature[0]), float(tree.threshold[0])
        else:
            node = last._predictors[0][0].nodes[0]
            place, split = int(node["feature_idx"]), float(node["num_threshold"])
        values = {row["ab"[place]] for row in rows}
        at = split * model[0].scale_[place] + model[0].mean_[place]
        narrow = np.float32(at)
        beside = [np.nextafter(narrow, np.float32(way)) for way in (np.inf, -np.inf)]
        assert min(abs(value - at) for value in values) < 1e-14  # a scaler rounds, too
        assert set(map(float, [narrow, *beside])) <= values


def test_what_is_asked_of_each_kind_of_column() -> None:
    X = pd.DataFrame(
        {
            "day": 20230101 + R.integers(0, 200, 200),
            "town": R.choice(["x", "y"], 200),
            "gap": np.where(R.random(200) < 0.2, np.nan, R.random(200)),
            "sure": R.random(200) < 0.5,
        }
    )
    y = R.random(200)
    encode = make_column_transformer((OrdinalEncoder(), ["town"]), remainder="passthrough")
    model = make_pipeline(encode, HistGradientBoostingRegressor(max_iter=2)).fit(X, y)
    signature, rows = known(model, X, y, town={"outside": "warn"})
    days = {row["day"] for row in rows}
    assert all(type(day) is int for day in days)
    assert sum(day + 1 in days for day in days) > 100  # one by one
    assert min(days) < 20230101
    assert max(days) > 20230300
    assert {"x", "y", "", "X", "x "} < {row["town"] for row in rows}
    assert None in {row["gap"] for row in rows}
    assert {row["sure"] for row in rows} == {False, True}
    assert rows == probes(model, signature, rows_of(X, signature))
    assert 1000 < len(rows) <= 3500


def test_texts_are_asked_in_the_words_of_the_model() -> None:
    X = pd.DataFrame({"note": [f"müßig {i} good" for i in range(60)]})
    y = R.random(60)
    model = make_pipeline(CountVectorizer(), LinearRegression()).fit(X["note"], y)
    _, rows = known(model, X, y, note={"type": "text"})
    notes = {row["note"] for row in rows}
    assert {"", "MÜSSIG", "müßig", "mu\u0308ßig"} < notes
    assert max(map(len, notes)) > 1000


def test_a_wide_model_is_asked_fewer_rows() -> None:
    X = pd.DataFrame(R.random((50, 400)), columns=[f"x{i}" for i in range(400)])
    y = R.random(50)
    _, rows = known(LinearRegression().fit(X, y), X, y)
    assert len(rows) <= 1000


def test_the_original_is_asked_a_frame_as_it_was_trained_on() -> None:
    X, _ = models.houses()
    none = pd.Series([None, "a"] * 100, dtype=object)
    frame = X.assign(heating=X["heating"].astype("category"), none=none)
    row: dict[str, Any] = {str(name): value for name, value in X.iloc[0].items()} | {"none": None}
    made = like(frame, [row, row | {"heating": "sun", "none": "b"}])
    assert made["heating"].dtype.categories[:2].tolist() == ["electric", "gas"]
    assert made["heating"].tolist() == [row["heating"], "sun"]
    assert made["none"].tolist() == [None, "b"]
    assert made.dtypes["area"] == "float32"
    made = like(frame, [row, row | {"garden": None}])
    assert made["garden"].isna().tolist() == [False, True]


def test_rows_at_fault_are_found_among_others() -> None:
    values = np.arange(50.0)

    def ask(some: slice) -> Any:
        if 7 in values[some] or 31 in values[some]:
            raise ValueError
        return np.where(values[some] == 5, np.inf, values[some]), None

    found = tried(ask, 50)
    assert sorted({*range(50)} - {*found.answered.tolist()}) == [5, 7, 31]
    whole = tried(lambda some: (values[some], None), 50)
    told = difference(whole, found, [{"x": v} for v in values.tolist()], None)
    assert told == "to 3 of 50 probes, such as x 5.0: 5, not no answer"
    assert difference(found, found, [], None) is None


def test_soft_votes_of_several_models() -> None:
    X = pd.DataFrame(R.normal(size=(200, 3)), columns=["a", "b", "c"])
    y = pd.Series(np.where(X["a"] * X["b"] > 0, "warm", "cold"), name="target")
    forest = RandomForestClassifier(5, random_state=0)
    parts = [("lr", LogisticRegression()), ("rf", forest), ("nb", GaussianNB())]
    model = VotingClassifier(parts, voting="soft").fit(X, y)
    signature = Signature.infer(X, y, name="m", output={"probabilities": True})
    found = convert(model, signature, X)
    assert found.runtime == "onnx", found.parity["onnx_refused"]
    assert model.flatten_transform is True


def test_a_saved_model_that_answers_otherwise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = models.houses()
    X = X[["area", "rooms"]]
    model = LogisticRegression().fit(X, y)
    run = "modeldesk.ml.predictor.{}.run"
    for engine in ("OnnxEngine", "ScikitEngine"):
        monkeypatch.setattr(
            run.format(engine), lambda self, rows: (np.array(["dear"] * len(rows), object), None)
        )
    with pytest.raises(ArtifactError, match="saved model answers otherwise"):
        publish(model, X, y, name="test", root=tmp_path)


def test_a_gap_among_true_and_false_is_no_true(tmp_path: Path) -> None:
    X = pd.DataFrame({"garden": R.random(200) < 0.5, "area": R.normal(size=200)})
    y = X["garden"] * 10 + X["area"]
    prepare = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["garden"]), remainder="passthrough"
    )
    model = make_pipeline(prepare, LinearRegression()).fit(X, y)
    publish(model, X, y, name="gap", features={"garden": {"missing": True}}, root=tmp_path)
    gap = X[:1].assign(garden=pd.Series([None], dtype=object))
    assert asked(Predictor.load(tmp_path), gap) == pytest.approx(model.predict(gap).tolist())


def test_a_frame_of_32_bits_is_asked_as_one(tmp_path: Path) -> None:
    X = pd.DataFrame({"year": R.integers(1900, 2024, 300), "area": R.uniform(20, 300, 300)})
    X = X.astype("float32")
    y = X["area"] * 3 + (X["year"] > 1980) * 100
    trees = GradientBoostingRegressor(n_estimators=10, random_state=0)
    model = make_pipeline(StandardScaler(), trees).fit(X, y)  # whose scaler computes in 32 bits
    publish(model, X, y, name="narrow", root=tmp_path)
    typed = X.astype(str).astype(float)
    assert asked(Predictor.load(tmp_path), typed) == pytest.approx(model.predict(X).tolist())
    plain = HistGradientBoostingRegressor(max_iter=10).fit(X, y)
    assert publish(plain, X, y, name="narrow", root=tmp_path).runtime == "onnx"
