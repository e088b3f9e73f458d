"""From a fitted model to a served one: equal answers, or a fallback that says so, or a refusal."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from modeldesk.ml import ArtifactError, SignatureError, publish
from modeldesk.ml.answered import NotFinite, Prediction
from modeldesk.ml.artifact import load, save
from modeldesk.ml.converting.parity import compare
from modeldesk.ml.predictor import Predictor, ScikitEngine
from modeldesk.ml.versions import set_current
from modeldesk.testing import models
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from .. import owner

# A step as people write them, which keeps no names of columns.
OWN_CODE = """
from sklearn.base import BaseEstimator, TransformerMixin


class Ratio(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.assign(ratio=X["area"] / X["rooms"])

    def __sklearn_is_fitted__(self):
        return True
"""


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module of a project for parts of models that its owner wrote."""
    with owner.installed(tmp_path_factory.mktemp("own"), transformers=OWN_CODE):
        yield importlib.import_module(f"{owner.PACKAGE}.ml.transformers")


def served(root: Path, frame: pd.DataFrame) -> list[Prediction]:
    """What the current model answers to a frame, through the checks of the API."""
    typed = frame.apply(lambda c: c.astype(str).astype(float) if c.dtype == "float32" else c)
    rows = json.loads(typed.to_json(orient="records", double_precision=15))
    predictor = Predictor.load(root)
    return predictor.predict(predictor.validator.from_json(rows)[0])


def test_a_classification(tmp_path: Path) -> None:
    artifact = models.publish_small_model(tmp_path)
    X, y = models.houses()
    model = models.pipeline(LogisticRegression()).fit(X[:150], y[:150])
    answers = served(tmp_path, X)
    assert [answer.value for answer in answers] == list(model.predict(X))
    shares = [list((answer.probabilities or {}).values()) for answer in answers]
    assert np.allclose(shares, model.predict_proba(X), atol=1e-4)
    assert list(answers[0].probabilities or {}) == ["cheap", "dear"]
    assert artifact.runtime == "onnx"
    assert artifact.metrics["metrics"]["accuracy"] == model.score(X[150:], y[150:])
    names = ["accuracy", "balanced_accuracy", "f1_macro", "log_loss"]
    assert list(artifact.metrics["metrics"]) == names
    assert artifact.metrics["held_out_rows"] == 50
    assert artifact.metrics["parity"]["labels_equal"] is True
    card = (artifact.path / "card.md").read_text("utf-8")
    assert "# houses" in card
    assert "- area (number, m²): " in card
    assert "- age (number, years, may be missing)" in card


def test_a_regression(tmp_path: Path) -> None:
    artifact = models.publish_small_regression(tmp_path)
    X, _ = models.houses()
    X = X[["area", "rooms"]]
    values = [answer.value for answer in served(tmp_path, X)]
    assert np.allclose(values, X["area"] * 3 + X["rooms"] * 10, rtol=1e-4)
    assert list(artifact.metrics["metrics"]) == ["r2", "mae", "rmse"]
    assert artifact.signature.output.label == "Price"
    assert artifact.signature.output.min is not None


def test_the_same_training_makes_the_same_version(tmp_path: Path) -> None:
    first, second = (models.publish_small_model(tmp_path / name) for name in "ab")
    assert first.version == second.version


def test_a_tall_table_is_scored_whole_and_compared_on_a_sample(tmp_path: Path) -> None:
    X, _ = models.houses(20_000)
    X = X[["area", "rooms"]]
    y = X["area"] * 3.0
    model = LinearRegression().fit(X, y)
    artifact = publish(model, X, y, name="tall", test=(X, y), root=tmp_path)
    assert artifact.metrics["held_out_rows"] == 20_000
    assert artifact.metrics["parity"]["rows"] == 10_000


def test_a_notebook_publishes_into_the_project(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("ARTIFACTS_DIR=models\n", "utf-8")
    (folder / "notebooks").mkdir()
    monkeypatch.chdir(folder / "notebooks")
    monkeypatch.delenv("ARTIFACTS_DIR", raising=False)
    X, _ = models.houses()
    X = X[["area", "rooms"]]
    y = X["area"] * 3.0
    artifact = publish(LinearRegression().fit(X, y), X, y, name="test")
    assert artifact.path == folder / "models" / artifact.version


def trap(seed: int) -> tuple[Any, pd.DataFrame, pd.Series]:
    """A model of codes whose order means nothing to it, which ONNX does not know."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame({"x": random.integers(0, 20, 400), "z": random.random(400)})
    y = (X["x"] % 3 == 1) * 9.0
    model = HistGradientBoostingRegressor(max_iter=5, categorical_features=["x"])
    return model.fit(X, y), X, y


def test_a_conversion_that_deviates_is_not_served(tmp_path: Path) -> None:
    model, X, y = trap(0)
    artifact = publish(model, X, y, name="trap", root=tmp_path)
    assert artifact.runtime == "skops"
    assert "answers otherwise" in artifact.metrics["parity"]["onnx_refused"]
    assert "onnx_refused" in (artifact.path / "card.md").read_text("utf-8")
    assert [answer.value for answer in served(tmp_path, X)] == pytest.approx(model.predict(X))


def coded() -> pd.DataFrame:
    X, _ = models.houses()
    return X.assign(heating=X["heating"].astype("category"))


def gaps() -> pd.DataFrame:
    X, _ = models.houses()
    return X.assign(heating=X["heating"].where(X.index % 7 > 0, None))


IMPUTED = make_column_transformer(
    (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()), ["heating"]),
    remainder="drop",
)
ENCODED = make_column_transformer((OneHotEncoder(), ["heating"]), remainder="drop")


@pytest.mark.parametrize(
    ("frame", "model", "runtime"),
    [
        (coded(), HistGradientBoostingRegressor(max_iter=5), "skops"),
        (gaps(), make_pipeline(IMPUTED, LinearRegression()), "skops"),
        (gaps(), make_pipeline(ENCODED, LinearRegression()), "onnx"),
    ],
)
def test_categories_and_gaps(tmp_path: Path, frame: Any, model: Any, runtime: str) -> None:
    y = frame["area"] * 3.0
    artifact = publish(model.fit(frame, y), frame, y, name="test", root=tmp_path)
    assert artifact.runtime == runtime
    values = [answer.value for answer in served(tmp_path, frame)]
    assert values == pytest.approx(model.predict(frame), rel=1e-4)


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda y: y == "dear", [False, True]),
        (lambda y: np.where(y == "dear", 7, 3), [3, 7]),
        (lambda y: np.where(y == "dear", 2.0, 1.0), [1, 2]),
    ],
)
@pytest.mark.parametrize("forest", [True, False])
def test_class_names(
    tmp_path: Path, make: Callable[[Any], Any], names: list[Any], forest: bool
) -> None:
    X, y = models.houses()
    X, y = X[["area", "rooms"]], make(y)
    last = RandomForestClassifier(5, random_state=0) if forest else LogisticRegression()
    model = make_pipeline(StandardScaler(), last).fit(X, y)
    artifact = publish(model, X, y, name="test", root=tmp_path)
    assert artifact.signature.output.classes == names
    answers = served(tmp_path, X)
    assert [answer.value for answer in answers] == list(model.predict(X))
    assert {type(answer.value) for answer in answers} == {type(names[0])}


def test_classes_without_probabilities(tmp_path: Path) -> None:
    X, y = models.houses()
    X = X[["area", "rooms"]]
    model = make_pipeline(StandardScaler(), LinearSVC(random_state=0)).fit(X, y)
    artifact = publish(model, X, y, name="test", test=(X, y), root=tmp_path)
    assert artifact.runtime == "onnx"
    assert artifact.signature.output.probabilities is False
    answers = served(tmp_path, X)
    assert [answer.value for answer in answers] == list(model.predict(X))
    assert answers[0].probabilities is None


def test_columns_of_any_name(tmp_path: Path) -> None:
    X, _ = models.houses()
    X = X[["area", "rooms", "heating", "garden"]]
    X = X.set_axis(["a b", "a_b", "Wärme [Art]", "garden?"], axis="columns")
    y = X["a b"] * 3.0 + X["a_b"]
    prepare = make_column_transformer(
        (StandardScaler(), ["a b", "a_b"]), (OneHotEncoder(), ["Wärme [Art]"])
    )
    model = make_pipeline(prepare, LinearRegression()).fit(X, y)
    publish(model, X, y, name="test", root=tmp_path)
    values = [answer.value for answer in served(tmp_path, X)]
    assert values == pytest.approx(model.predict(X), rel=1e-4)


def test_free_text(tmp_path: Path) -> None:
    X = pd.DataFrame({"note": [f"{w} number {i}" for i in range(60) for w in ("good", "bad")]})
    y = X["note"].str.startswith("good")
    prepare = make_column_transformer((TfidfVectorizer(), "note"))
    model = make_pipeline(prepare, LogisticRegression())
    artifact = publish(model.fit(X, y), X, y, name="test", root=tmp_path)
    assert artifact.signature.features[0].type == "text"
    assert [answer.value for answer in served(tmp_path, X)] == list(y)


def test_a_model_fitted_on_a_matrix(tmp_path: Path) -> None:
    X, _ = models.houses()
    X = X[["area", "rooms", "garden"]]
    y = X["area"] * 3.0
    model = LinearRegression().fit(X.to_numpy(float), y)
    assert publish(model, X, y, name="test", root=tmp_path).runtime == "onnx"
    values = [answer.value for answer in served(tmp_path, X)]
    assert values == pytest.approx(list(y), rel=1e-4)


def test_code_of_the_project_is_served(own: Any, tmp_path: Path) -> None:
    X, _ = models.houses()
    X = X[["area", "rooms"]]
    y = X["area"] / X["rooms"] + 1
    model = make_pipeline(own.Ratio(), LinearRegression()).fit(X, y)
    assert publish(model, X, y, name="test", root=tmp_path).runtime == "skops"
    values = [answer.value for answer in served(tmp_path, X)]
    assert values == pytest.approx(model.predict(X), rel=1e-4)


def test_code_of_a_project_that_is_gone_is_refused(tmp_path: Path) -> None:
    """What is not installed here is nobody's we know, although it was when the model was saved."""
    X, _ = models.houses()
    X = X[["area", "rooms"]]
    y = X["area"] / X["rooms"] + 1
    with owner.installed(tmp_path / "own", transformers=OWN_CODE):
        own = importlib.import_module(f"{owner.PACKAGE}.ml.transformers")
        model = make_pipeline(own.Ratio(), LinearRegression()).fit(X, y)
        publish(model, X, y, name="test", root=tmp_path / "artifacts")
    with pytest.raises(ArtifactError, match=rf"not scikit-learn's, .*{own.Ratio.__module__}.Ratio"):
        Predictor.load(tmp_path / "artifacts")


def twice(x: Any) -> Any:
    return x * 2


def test_what_cannot_be_served_changes_nothing(own: Any, tmp_path: Path) -> None:
    before = models.publish_small_regression(tmp_path)
    X, _ = models.houses()
    X = X[["area", "rooms"]]
    y = X["area"] * 3.0
    own_code = make_pipeline(FunctionTransformer(twice), LinearRegression()).fit(X, y)
    unnamed = make_pipeline(FunctionTransformer(lambda x: x * 2), LinearRegression()).fit(X, y)
    good = LinearRegression().fit(X, y)
    for model, frame, words in [
        (own_code, X, rf"twice`, .* move it to {owner.TRANSFORMERS}"),
        (unnamed, X, rf"needs a lambda, .* write it as a function in {owner.TRANSFORMERS}"),
        (object(), X, "no `predict`"),
        (good, X[["rooms", "area"]], "fitted columns"),
        (good, X.assign(more=1.0), "fitted columns"),
    ]:
        with pytest.raises((ArtifactError, SignatureError), match=words):
            publish(model, frame, y, name="test", root=tmp_path)
    assert load(tmp_path).version == before.version


def test_a_skops_file_with_foreign_code_is_refused(tmp_path: Path) -> None:
    import skops.io

    model, X, y = trap(0)
    artifact = publish(model, X, y, name="trap", root=tmp_path)
    path = artifact.path / "model.skops"
    evil = skops.io.dumps(make_pipeline(FunctionTransformer(twice), model))
    path.write_bytes(evil)
    with pytest.raises(ArtifactError, match="not as trained"):
        Predictor.load(tmp_path)
    forged = save(tmp_path, evil, artifact.signature, artifact.metrics, card="")
    set_current(tmp_path, forged.version)
    with pytest.raises(ArtifactError, match=r"not scikit-learn's, .*twice"):
        Predictor.load(tmp_path)


def test_rows_without_a_finite_answer(tmp_path: Path) -> None:
    X = pd.DataFrame({"x": np.linspace(0, 1, 20, dtype="float32"), "z": np.arange(20) * 1.0})
    y = np.exp(3 * X["x"])
    model = PoissonRegressor(alpha=0).fit(X, y)
    assert publish(model, X, y, name="steep", root=tmp_path).runtime == "onnx"
    predictor = Predictor.load(tmp_path)
    rows = [{"x": 0.5, "z": 1.0}, {"x": 1e10, "z": 1.0}, {"x": 0.5, "z": 1.0}]
    with pytest.raises(NotFinite) as caught:
        predictor.predict(rows)
    assert caught.value.index == 1
    answers = predictor.predict_each(rows)
    assert [isinstance(answer, NotFinite) for answer in answers] == [False, True, False]
    assert predictor.predict([]) == []


def test_one_row_that_fails_does_not_fail_the_rest(tmp_path: Path) -> None:
    X, _ = models.houses()
    y = X["area"] * 3.0
    model = make_pipeline(ENCODED, HistGradientBoostingRegressor(max_iter=2)).fit(X, y)
    artifact = publish(model, X, y, name="test", root=tmp_path)
    predictor = Predictor(artifact, ScikitEngine(model, artifact.signature.features))
    rows = [artifact.signature.example | {"heating": heat} for heat in ("gas", "coal", "oil")]
    kinds = [type(answer) for answer in predictor.predict_each(rows)]
    assert kinds == [Prediction, NotFinite, Prediction]


def test_the_comparison_sees_every_difference() -> None:
    numbers, shares = np.array([1.0, 2.0]), np.array([[0.5, 0.5], [0.9, 0.1]])
    labels = np.array(["a", "b"], object)
    assert compare((numbers, None), (numbers * 1.00005, None))["agrees"] is True
    assert compare((numbers, None), (numbers * 1.0002, None))["agrees"] is False
    assert compare((numbers * np.nan, None), (numbers, None))["agrees"] is False
    assert compare((labels, shares), (labels, shares + 5e-5))["agrees"] is True
    assert compare((labels, shares), (labels, shares + 2e-4))["agrees"] is False
    assert compare((labels, shares), (labels[::-1], shares))["agrees"] is False


def test_serving_needs_no_training_library(tmp_path: Path) -> None:
    models.publish_small_model(tmp_path)
    program = f"""
import sys
from pathlib import Path
from {Predictor.__module__} import Predictor
predictor = Predictor.load(Path(sys.argv[1]))
predictor.predict(predictor.validator.from_json([predictor.signature.example])[0])
print([name for name in ("sklearn", "scipy", "pandas", "onnx", "skops") if name in sys.modules])
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
