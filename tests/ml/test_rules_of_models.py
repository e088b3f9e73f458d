"""What a model knows better than the rows: levels, gaps, dtypes; and scores that tell of faults."""

import importlib
import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import Artifact, ArtifactError, publish
from modeldesk.ml.frames import Column, as_trained, column_of
from modeldesk.ml.importing.quantiles import quantile_of
from modeldesk.ml.importing.types import Told
from modeldesk.ml.predictor import Predictor, ScikitEngine
from modeldesk.ml.signature import Feature, Signature
from modeldesk.testing import models
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, QuantileRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from .. import owner
from .test_import_model import bring, take

RANDOM = np.random.default_rng(0)
TOWNS = pd.DataFrame(
    {"town": RANDOM.choice(list("ABCDE"), 400, p=[0.45, 0.4, 0.05, 0.05, 0.05]), "size": 0.0}
).assign(size=RANDOM.normal(size=400))
RARE = pd.Series(np.where(TOWNS["town"].isin(list("CDE")), "rare", "usual"), name="price")
LINE = pd.DataFrame({"x": np.arange(60.0), "z": np.arange(60) % 7 * 1.0})
PRICE = (LINE["x"] * 2 + LINE["z"]).rename("price")
LINEAR = LinearRegression().fit(LINE, PRICE)
OWN_CODE = """
def objects(frame):
    texts = frame.columns[frame.dtypes == object]
    return frame[texts].apply(lambda column: column.map(len)).assign(none=0.0)


def categories(frame):
    texts = frame.select_dtypes("category")
    return texts.apply(lambda column: column.cat.codes.astype(float)).assign(none=0.0)


def lengths(frame):
    texts = frame.columns[frame.dtypes == "str"]
    return frame[texts].apply(lambda column: column.str.len()).assign(none=0.0)
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module of a project for parts of models that its owner wrote."""
    with owner.installed(tmp_path_factory.mktemp("own"), parts_of_frames=OWN_CODE):
        yield importlib.import_module(f"{owner.PACKAGE}.ml.parts_of_frames")


def town(encoder: Any) -> Any:
    prepare = make_column_transformer((encoder, ["town"]), remainder="passthrough")
    return make_pipeline(prepare, LogisticRegression())


def answered(folder: Path, *rows: dict[str, Any]) -> tuple[list[Any], list[tuple[Any, ...]]]:
    """What the current model answers to rows of JSON, and where it warns."""
    predictor = Predictor.load(folder)
    checked, warnings = predictor.validator.from_json([*rows])
    return [one.value for one in predictor.predict(checked)], [fault.loc for fault in warnings]


def feature(artifact: Artifact, name: str) -> Feature:
    return next(feature for feature in artifact.signature.features if feature.name == name)


def test_rare_levels_and_levels_nobody_has_seen(tmp_path: Path) -> None:
    rule = OneHotEncoder(min_frequency=40, handle_unknown="infrequent_if_exist")
    model = town(rule).fit(TOWNS[:300], RARE[:300])
    rows = TOWNS[300:].join(RARE[300:])
    said: list[str] = []
    artifact = bring(tmp_path, model, rows[rows["town"] != "E"], say=said.append)
    assert feature(artifact, "town").categories == list("ABCDE")
    assert feature(artifact, "town").outside == "warn"
    data = tmp_path / "rows.csv"
    assert f"Taken too, though no row of {data} has them: town E" in said
    assert "Answered with a warning: other values of town, by a rule of the model" in said
    given = [{"town": name, "size": 0.0} for name in "EZA"]
    expected = list(model.predict(pd.DataFrame(given)))
    assert answered(tmp_path / "artifacts", *given) == (expected, [("instances", 1, "town")])


@pytest.mark.parametrize(
    ("encoder", "levels", "outside"),
    [
        (OneHotEncoder(), list("ABCDE"), "refuse"),
        (OneHotEncoder(handle_unknown="ignore"), list("ABCDE"), "warn"),
        (OrdinalEncoder(categories=[list("DECAB")]), list("DECAB"), "refuse"),
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            list("ABCDE"),
            "warn",
        ),
    ],
)
def test_levels_are_those_of_the_model_in_its_order(
    tmp_path: Path, encoder: Any, levels: list[str], outside: str
) -> None:
    model = town(encoder).fit(TOWNS[:300], RARE[:300])
    rows = TOWNS[300:].join(RARE[300:])
    imported = bring(tmp_path, model, rows[rows["town"] != "E"], accept_score=True)
    test = TOWNS[300:], RARE[300:]
    published = publish(model, TOWNS[:300], RARE[:300], name="t", test=test, root=tmp_path / "p")
    for artifact in (imported, published):
        assert feature(artifact, "town").categories == levels
        assert feature(artifact, "town").outside == outside
    given = {"town": "E", "size": 0.3}
    expected = list(model.predict(pd.DataFrame([given])))
    assert answered(tmp_path / "artifacts", given) == (expected, [])


def test_a_gap_is_taken_where_the_model_takes_one(tmp_path: Path) -> None:
    model = models.pipeline(LogisticRegression())
    X, y = models.houses(300)
    model.fit(X[:150], y[:150])
    rows = X[150:].dropna().join(y)
    said: list[str] = []
    artifact = bring(tmp_path, model, rows, say=said.append)
    taken = {feature.name: feature.missing for feature in artifact.signature.features}
    assert taken == {"area": True, "age": True, "rooms": True, "garden": False, "heating": True}
    data = tmp_path / "rows.csv"
    assert f"Taken too, though no row of {data} has them: gaps in area, age, rooms, heating" in said
    given = artifact.signature.example | {"area": None, "heating": None}
    frame = pd.DataFrame([given | {"area": np.nan}])
    expected = list(model.predict(frame))
    assert answered(tmp_path / "artifacts", given)[0] == expected
    for name in ("strict", "loose"):
        (tmp_path / name).mkdir()
    strict = bring(tmp_path / "strict", LINEAR, LINE.join(PRICE))
    assert not any(feature.missing for feature in strict.signature.features)
    trees = HistGradientBoostingRegressor(max_iter=3).fit(LINE, PRICE)
    loose = bring(tmp_path / "loose", trees, LINE.join(PRICE))
    assert all(feature.missing for feature in loose.signature.features)


def test_a_column_of_gaps_alone(tmp_path: Path) -> None:
    """The model knows what is in it, though no row shows any of it."""
    X, y = models.houses(300)
    model = models.pipeline(LogisticRegression()).fit(X[:150], y[:150])
    rows = X[150:].assign(age=np.nan, heating=np.nan)
    artifact = bring(tmp_path, model, rows.join(y))
    assert (feature(artifact, "age").type, feature(artifact, "age").min) == ("number", None)
    assert feature(artifact, "heating").categories == ["electric", "gas", "oil"]
    given = {str(name): value for name, value in X.iloc[1].to_dict().items()}
    assert answered(tmp_path / "artifacts", given)[0] == list(model.predict(pd.DataFrame([given])))


def test_published_rows_are_those_of_training(tmp_path: Path) -> None:
    """They had no gap; an imputer takes some all the same, trees are not asked."""
    X, y = LINE.assign(town=["a", "b"] * 30), PRICE
    filled = make_pipeline(SimpleImputer(), LinearRegression()).fit(LINE, y)
    trees = DecisionTreeRegressor(max_depth=3).fit(LINE, y)
    for model, missing in ((filled, True), (trees, False)):
        artifact = publish(model, X[["x", "z"]], y, name="t", root=tmp_path / str(missing))
        assert [feature.missing for feature in artifact.signature.features] == [missing, missing]
    told: dict[str, dict[str, Any]] = {"x": {"missing": False}, "z": {"unit": "m"}}
    artifact = publish(filled, LINE, y, name="t", features=told, root=tmp_path / "told")
    assert [(f.missing, f.unit) for f in artifact.signature.features] == [
        (False, None),
        (True, "m"),
    ]


@pytest.mark.parametrize("level", [True, 3, 1.5])
def test_none_among_objects_reaches_the_model_as_in_training(tmp_path: Path, level: Any) -> None:
    values = pd.Series([level, level * 0, None, level] * 15, dtype=object)
    values = pd.Series([v if v is None else type(level)(v) for v in values], dtype=object)
    X = pd.DataFrame({"value": values})
    y = pd.Series(np.where(values.isna(), "gap", "level"), name="price")
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(X, y)
    for kind in ("csv", "parquet"):
        root = tmp_path / kind
        root.mkdir()
        (root / "model.pkl").write_bytes(pickle.dumps(model))
        getattr(X.assign(price=y), f"to_{kind}")(root / f"rows.{kind}", index=False)
        take(root / "model.pkl", root / f"rows.{kind}", "price", root=root / "artifacts")
        rows: Any = [{"value": level}, {"value": None}]
        answers = Predictor.load(root / "artifacts").predict(rows)
        assert [answer.value for answer in answers] == ["level", "gap"]
        shares = [list((answer.probabilities or {}).values()) for answer in answers]
        assert np.allclose(shares, model.predict_proba(X.iloc[[0, 2]]))


@pytest.mark.parametrize("gap", [None, np.nan])
def test_gaps_among_objects_reach_the_model_as_in_training(tmp_path: Path, gap: Any) -> None:
    texts = pd.Series(["a", "b", gap, "a"] * 15, dtype=object)
    X = pd.DataFrame({"town": texts, "size": np.arange(60) % 4 * 1.0})
    y = pd.Series(np.where(texts.isna(), "gap", "level"), name="price")
    model = town(OneHotEncoder()).fit(X, y)
    imported = bring(tmp_path, model, X.join(y))
    assert imported.metrics["metrics"]["accuracy"] == 1.0
    published = publish(model, X, y, name="t", root=tmp_path / "published")
    for artifact in (imported, published):
        assert feature(artifact, "town").missing is True
        assert feature(artifact, "town").categories == ["a", "b"]
        engine = ScikitEngine(model, artifact.signature.features, artifact.signature.trained)
        rows = [{"town": name, "size": 1.0} for name in ("a", None)]
        assert list(engine.run(rows)[0]) == ["level", "gap"]


@pytest.mark.parametrize("name", ["objects", "categories", "lengths"])
def test_code_that_selects_columns_by_dtype(own: Any, tmp_path: Path, name: str) -> None:
    dtype: Any = {"objects": "object", "categories": "category", "lengths": "str"}[name]
    words = pd.Series(["a", "bbb", "cc", "dddd"] * 15)
    X = LINE[["z"]].assign(word=words.astype(dtype))
    y = (words.str.len() * 5.0 if name != "categories" else words.factorize()[0] * 5.0) + 1
    y = pd.Series(y, name="price")
    model = make_pipeline(FunctionTransformer(getattr(own, name)), LinearRegression()).fit(X, y)
    imported = bring(tmp_path, model, X.join(y))
    published = publish(model, X, y, name="t", test=(X, y), root=tmp_path / "published")
    for artifact, root in ((imported, "artifacts"), (published, "published")):
        assert artifact.runtime == "skops"
        assert artifact.metrics["metrics"]["r2"] == pytest.approx(1)
        assert artifact.signature.trained["word"].dtype == dtype
        given = [{"z": 1.0, "word": word} for word in ("dddd", "a")]
        expected = list(model.predict(pd.DataFrame(given).astype({"word": X["word"].dtype})))
        assert answered(tmp_path / root, *given)[0] == pytest.approx(expected)


@pytest.mark.parametrize("index", ["repeats", "dates", "named", "target"])
def test_frames_with_an_index(tmp_path: Path, index: str) -> None:
    X, y = LINE.copy(), PRICE
    rows = {
        "repeats": X.assign(price=y).set_axis(list(range(20)) * 3),
        "dates": X.assign(price=y).set_axis(pd.date_range("2024-01-01", periods=60)),
        "named": X.assign(price=y).set_index("z"),
        "target": X.assign(price=y).set_index("price"),
    }[index]
    bring(tmp_path, LINEAR, X.join(y))
    rows.to_parquet(tmp_path / "rows.parquet")
    artifact = take(tmp_path / "brought.pkl", tmp_path / "rows.parquet", root=tmp_path / "b")
    assert artifact.metrics["metrics"]["r2"] == 1.0
    assert artifact.metrics["held_out_rows"] == 60
    if index in ("repeats", "dates"):
        frame, truth = rows[["x", "z"]], rows["price"]
        artifact = publish(LINEAR, frame, truth, name="t", test=(frame, truth), root=tmp_path / "c")
        assert artifact.metrics["metrics"]["r2"] == 1.0


@pytest.mark.parametrize(
    ("values", "kind", "column"),
    [
        ([1.5, None], "number", None),
        (pd.array([1.5, 2.5], "Float64"), "number", Column(dtype="Float64", gap="NA")),
        (np.array([1.5, 2.5], "float32"), "number", Column(dtype="float32")),
        ([1, 2], "integer", None),
        (np.array([1, 2], "int8"), "integer", None),
        (pd.array([1, None], "Int8"), "integer", Column(dtype="Int64", gap="NA")),
        (pd.Series([1, None], dtype=object), "integer", Column(dtype="object", gap="None")),
        ([True, False], "boolean", None),
        (pd.array([True, None], "boolean"), "boolean", Column(dtype="boolean", gap="NA")),
        (pd.Series([True, None], dtype=object), "boolean", Column(dtype="object", gap="None")),
        (pd.Series(["a", "b"], dtype=object), "category", Column(dtype="object")),
        (pd.Series(["a", None], dtype=object), "category", Column(dtype="object", gap="None")),
        (pd.Series(["a", np.nan], dtype=object), "text", Column(dtype="object")),
        (pd.array(["a", None], "string"), "text", Column(dtype="string", gap="NA")),
        (
            pd.Categorical(["b", None], ["b", "a"]),
            "category",
            Column(dtype="category", levels=["b", "a"]),
        ),
        (pd.Categorical([2, 1]), "integer", Column(dtype="category", levels=[1, 2])),
        (pd.Categorical([0.5, 1]), "number", Column(dtype="category", levels=[0.5, 1.0])),
        (pd.DatetimeIndex(["2024-02-01", pd.NaT]).as_unit("ns"), "date", None),
        (pd.to_datetime(["2024-02-01"]).as_unit("s"), "date", Column(dtype="datetime64[s]")),
        (pd.to_datetime(["2024-02-01"]).date, "date", Column(dtype="object")),
    ],
)
def test_columns_are_made_again(values: Any, kind: Any, column: Column | None) -> None:
    was = pd.Series(values)
    described = Feature(name="x", type=kind, missing=bool(was.isna().any()))
    assert column_of(was, described) == column
    plain = was.astype(object).where(was.notna(), None)
    rows = [f"{v:%Y-%m-%d}" if kind == "date" and v else v for v in plain]
    again = pd.Series(as_trained(rows, described, column))
    small = was.dtype in ("int8", "Int8")
    pd.testing.assert_series_equal(again, was.astype(again.dtype) if small else was)


def test_signatures_of_before_have_frames_of_before() -> None:
    features = [
        Feature(name="c", type="category", categories=["b", "a"]),
        Feature(name="n", type="number", missing=True),
    ]
    frame = ScikitEngine(None, features).table([{"c": "b", "n": None}, {"c": "x", "n": 1.0}])
    assert list(frame["c"].cat.categories) == ["a", "b", "x"]
    assert frame["n"].dtype == "float64"
    X, y = pd.DataFrame({"n": [1.5, 2.5], "c": pd.Categorical(["b", "a"])}), [1.0, 2.0]
    signature = Signature.infer(X[["n"]], y, name="t")
    assert "trained" not in signature.model_dump()
    with_texts = Signature.infer(X, y, name="t")
    assert with_texts.trained == {"c": Column(dtype="category", levels=["a", "b"])}
    assert Signature.model_validate_json(with_texts.model_dump_json()) == with_texts
    assert with_texts.contract() != with_texts.model_copy(update={"trained": {}}).contract()


SHUFFLED = PRICE.sample(frac=1, random_state=0).set_axis(PRICE.index)
DOTS = pd.DataFrame({"x": [f"{i}.{i:03}" for i in range(101, 161)], "z": 0.0})


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (LINE.assign(price=SHUFFLED), r"\(r2 -\S+\) is worse than always .* mean: likely the answ"),
        (LINE.assign(price=PRICE / 1000), "likely the target is in other units or marks than in"),
        (
            DOTS.assign(price=np.arange(60) * 1e6),
            r"'101\.101' in column 'x' means 101101 \(`--thousands \.`\)",
        ),
    ],
)
def test_a_score_worse_than_the_mean_stops_an_import(
    tmp_path: Path, rows: pd.DataFrame, words: str
) -> None:
    with pytest.raises(ArtifactError, match=words) as refused:
        bring(tmp_path, LINEAR, rows)
    assert str(refused.value).endswith("If the score is right, `--accept-score` goes on.")
    assert not (tmp_path / "artifacts").exists()
    said: list[str] = []
    artifact = bring(tmp_path, LINEAR, rows, accept_score=True, say=said.append)
    assert artifact.metrics["metrics"]["r2"] < 0
    assert any(line.endswith("it goes on, as told by `--accept-score`") for line in said)
    said.clear()
    bring(tmp_path, LINEAR, rows[:8], say=said.append, told=Told(decimal="."))
    assert "8 rows are too few to tell why" in said[-1]


def test_a_score_worse_than_the_most_common_class(tmp_path: Path) -> None:
    side = pd.Series(np.where(LINE["x"] < 25, "low", "high"), name="price")
    model = LogisticRegression(max_iter=1000).fit(LINE, side)
    other = side.sample(frac=1, random_state=1).set_axis(side.index)
    why = r"\(accuracy 0\.\d+\) is worse than always answering the most common class \(0\.583\)"
    with pytest.raises(ArtifactError, match=why):
        bring(tmp_path, model, LINE.assign(price=other))
    matrix = LogisticRegression(max_iter=1000).fit(LINE.to_numpy(), side)
    with pytest.raises(ArtifactError, match="columns are in another order than in training"):
        bring(tmp_path, matrix, LINE[["z", "x"]].assign(price=side))


def test_a_target_that_is_a_logarithm(tmp_path: Path) -> None:
    logarithms = LinearRegression().fit(LINE, LINE["x"] / 20)
    with pytest.raises(ArtifactError, match="other units"):
        bring(tmp_path, logarithms, LINE.assign(price=np.exp(LINE["x"] / 20)))


@pytest.mark.parametrize("which", [0.05, 0.9])
def test_a_quantile_is_no_mean(tmp_path: Path, which: float) -> None:
    price = PRICE + np.random.default_rng(4).gamma(1, 3 * PRICE.std(), len(PRICE))
    models = (
        GradientBoostingRegressor(loss="quantile", alpha=which, n_estimators=5),
        HistGradientBoostingRegressor(loss="quantile", quantile=which, max_iter=5),
        QuantileRegressor(quantile=which, alpha=0),
    )
    for model in models:
        assert quantile_of(make_pipeline(model).fit(LINE, price)) == which
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        bring(folder, model.fit(LINE, price), LINE.assign(price=price))
    with pytest.raises(ArtifactError, match=rf"skill for the quantile {which}.* that of all rows"):
        bring(tmp_path, model, LINE.assign(price=-5 * price))
    assert quantile_of(LINEAR) is None


def test_several_classes_are_compared_with_the_same_row(tmp_path: Path) -> None:
    y = pd.DataFrame(
        {"p": np.where(LINE["x"] < 25, "y", "n"), "q": np.where(LINE["x"] > 1, "y", "n")}
    )
    model = DecisionTreeClassifier(max_depth=1).fit(LINE, y)
    bring(tmp_path, model, LINE.join(y), targets=["p", "q"], accept_score=False)


def test_a_model_that_looks_for_the_rare_ones_goes_on(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [*np.linspace(0, 1, 190), *np.linspace(0.7, 1.2, 10)]})
    rare = pd.Series(["usual"] * 190 + ["rare"] * 10, name="price")
    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(frame, rare)
    artifact = bring(tmp_path, model, frame.join(rare))
    scores = artifact.metrics["metrics"]
    assert scores["accuracy"] < 0.95
    assert scores["balanced_accuracy"] >= 0.75


def test_the_same_answer_to_every_row_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    side = pd.Series(np.where(LINE["x"] < 25, "low", "high"), name="price")
    model = LogisticRegression(max_iter=1000).fit(LINE, side)
    bring(tmp_path, model, LINE.tail(30).assign(price=["high"] * 29 + ["low"]), say=said.append)
    assert f"The answer to every row of {tmp_path / 'rows.csv'} is the same: high" in said
