"""Models of XGBoost, LightGBM and CatBoost, which no project depends on: imported and published.

It is no module of tests here: `test_import` has it run in an environment that has the libraries.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from modeldesk.ml import ArtifactError, SignatureError, publish
from modeldesk.ml.importing import import_model
from modeldesk.ml.importing.types import Told
from modeldesk.ml.predictor import Predictor
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TOWNS = {"Aachen": 0, "Bonn": 10, "Köln": 20, "Ulm": 30}
STORES = {3: 0, 7: 10, 20: -5, 41: 30}
FEW: Any = {"n_estimators": 10, "n_jobs": 1}
LEAVES = FEW | {"verbose": -1, "min_child_samples": 5}
SLOW = {"verbose": -1, "num_threads": 1}


def towns(rows: int = 300, known: dict[Any, int] = TOWNS) -> tuple[pd.DataFrame, pd.Series]:
    """Rows with a category, and an answer that depends on it more than on the number."""
    random = np.random.default_rng(5)
    column = pd.Categorical(random.choice([*known], rows), [*known])
    X = pd.DataFrame({"town": column, "size": random.normal(size=rows)})
    return X, X["town"].map(known).astype(float) + X["size"]


def numbers(rows: int = 600) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Rows of numbers, two classes of them, and three."""
    X = pd.DataFrame(np.random.default_rng(6).normal(size=(rows, 3)), columns=list("abc"))
    two = (X["a"] > 0.3).astype(int)
    return X, two, two + (X["b"] > 0.8)


def imported(folder: Path, save: Callable[[str], Any], file: str, rows: Any, **told: Any) -> Any:
    """What is served of a model that `save` wrote, and what was said."""
    data = folder / ("rows.parquet" if told.pop("parquet", False) else "rows.csv")
    rows.to_parquet(data) if data.suffix == ".parquet" else rows.to_csv(data, index=False)
    save(str(folder / file))
    root, said = Path(tempfile.mkdtemp(dir=folder)), list[str]()
    options: Any = {
        "agreed": lambda _: True,
        "say": said.append,
        "root": root,
        "accept_score": True,
    }
    import_model(folder / file, data, ["target"], told=Told(**told), **options)
    return Predictor.load(root), "\n".join(said)


def dumped(model: Any) -> Callable[[str], Any]:
    return lambda path: joblib.dump(model, path)


def asked(predictor: Predictor, *rows: Any) -> list[Any]:
    checked = predictor.validator.from_json(list(rows))[0]
    return [answer.value for answer in predictor.predict(checked)]


def as_rows(X: pd.DataFrame) -> list[dict[str, Any]]:
    rows: Any = X.astype(object).where(X.notna(), None).to_dict("records")
    return list(rows)


def warnings_of(predictor: Predictor, row: Any) -> list[str]:
    return [fault.msg for fault in predictor.validator.from_json([row])[1]]


def refused(predictor: Predictor, row: dict[str, Any]) -> str:
    with pytest.raises(ValueError, match="should be") as caught:
        predictor.validator.from_json([row])
    return str(caught.value)


def without_categories(model: Any) -> bytearray:
    """What XGBoost 2.1 writes of a model, which has no categories in it."""
    content = json.loads(model.get_booster().save_raw("json"))
    del content["learner"]["gradient_booster"]["model"]["cats"]
    about = content["learner"]["learner_model_param"]
    about["base_score"] = about["base_score"].strip("[]")
    return bytearray(json.dumps(content | {"version": [2, 1, 4]}), "utf-8")


@pytest.mark.parametrize("file", ["model.joblib", "model.json", "model.ubj"])
def test_xgboost_knows_a_level_that_the_rows_lack(tmp_path: Path, file: str) -> None:
    X, y = towns()
    model = xgboost.XGBRegressor(enable_categorical=True, **FEW).fit(X, y)
    save = dumped(model) if file.endswith("joblib") else model.save_model
    rows = X.assign(target=y)[X["town"] != "Aachen"]
    predictor, said = imported(tmp_path, save, file, rows)
    every = pd.DataFrame({"town": pd.Categorical([*TOWNS, None], [*TOWNS]), "size": 0.0})
    found = asked(predictor, *({"town": town, "size": 0.0} for town in [*TOWNS, None]))
    assert found == pytest.approx(model.predict(every).tolist())
    assert found[:4] == pytest.approx([*TOWNS.values()], abs=3)
    assert asked(predictor, {"town": "Ulm", "size": None})[0] == pytest.approx(30, abs=4)
    assert predictor.signature.features[0].categories == [*TOWNS]
    assert "no row of" in said
    assert "town Aachen" in said
    assert "'Ulm' (it was 'Berlin')" in refused(predictor, {"town": "Berlin", "size": 0.0})


def test_xgboost_keeps_the_order_and_the_type_of_its_categories(tmp_path: Path) -> None:
    X, y = towns(known={"ü": 30, "b": 20, "never": 50, "a": 0})
    small = np.random.default_rng(0).integers(0, 4, len(X)).astype("int8") * np.int8(5)
    X["small"] = pd.Categorical(small)
    y += small * 7.0
    model = xgboost.XGBRegressor(enable_categorical=True, **FEW).fit(X, y)
    rows = X.assign(target=y)[(X["town"] != "b") & (small != 5)]
    predictor, _ = imported(tmp_path, model.save_model, "model.json", rows)
    pairs = [(town, number) for town in ("a", "b", "ü") for number in (0, 5, 10, 15)]
    every = X[:1].loc[[0] * len(pairs)].reset_index(drop=True)
    every["town"] = pd.Categorical([town for town, _ in pairs], X["town"].cat.categories)
    every["small"] = pd.Categorical(
        np.array([n for _, n in pairs], "int8"), X["small"].cat.categories
    )
    size = float(every["size"][0])
    found = asked(predictor, *({"town": t, "small": n, "size": size} for t, n in pairs))
    assert found == pytest.approx(model.predict(every).tolist())


def test_xgboost_that_does_not_keep_its_categories(tmp_path: Path) -> None:
    X, y = towns()
    model = xgboost.XGBRegressor(enable_categorical=True, **FEW).fit(X, y)
    content, rows = without_categories(model), X.assign(target=y)

    def save(path: Any) -> None:
        Path(path).write_bytes(content)

    for parquet in (False, True):
        with pytest.raises(SignatureError, match=r"since 3\.1\. Name .*`--categories town=a,b,c`"):
            imported(tmp_path, save, "old.json", rows, parquet=parquet)
    with pytest.raises(SignatureError, match="are 2, and the model has a split by number 3"):
        imported(tmp_path, save, "old.json", rows, categories={"town": ["Aachen", "Ulm"]})
    told = {"categories": {"town": [*TOWNS]}}
    predictor, _ = imported(tmp_path, save, "old.json", rows[X["town"] != "Bonn"], **told)
    found = asked(predictor, *({"town": town, "size": 0.0} for town in TOWNS))
    assert found == pytest.approx([*TOWNS.values()], abs=3)
    old = xgboost.XGBRegressor()
    old.load_model(content)
    publish(old, X, y, name="old", root=tmp_path)  # the frame that it was fitted on tells them
    assert asked(Predictor.load(tmp_path), {"town": "Köln", "size": 0.0}) == [found[2]]


def test_levels_whose_end_xgboost_cut_off(tmp_path: Path) -> None:
    X, y = towns()
    model = xgboost.XGBRegressor(enable_categorical=True, **FEW).fit(X, y)
    rows = X.assign(target=y)
    kept = model.get_booster().get_categories(export_to_arrow=True).to_arrow()[0][1]
    if kept.buffers()[2].to_pybytes().decode("utf-8", "ignore").endswith("Ulm"):
        pytest.skip("this XGBoost writes all of them")
    with pytest.raises(SignatureError, match="numbers the categories of 'town'"):
        imported(tmp_path, model.save_model, "model.json", rows[X["town"] != "Ulm"])


@pytest.mark.parametrize("file", ["model.joblib", "booster.joblib", "model.txt"])
@pytest.mark.parametrize("kind", ["csv", "numbers", "texts"])
def test_lightgbm_and_categories_that_are_numbers(tmp_path: Path, file: str, kind: str) -> None:
    X, y = towns(known=STORES)
    model = lightgbm.LGBMRegressor(**LEAVES).fit(X, y)
    booster = dumped(model.booster_) if file.startswith("booster") else model.booster_.save_model
    save = dumped(model) if file.startswith("model.j") else booster
    rows = X.assign(target=y)[X["town"] != 7]
    if kind == "texts":
        rows = rows.astype({"town": str}).astype({"town": "category"})
    predictor, said = imported(tmp_path, save, file, rows, parquet=kind != "csv")
    asks = [*STORES, "20", 41.0, 5, None]
    every = pd.DataFrame({"town": pd.Categorical([3, 7, 20, 41, 20, 41, None, None]), "size": 0.0})
    found = asked(predictor, *({"town": store, "size": 0.0} for store in asks))
    assert found == pytest.approx(model.predict(every).tolist())
    assert "other values of town" in said
    (warning,) = warnings_of(predictor, {"town": 5, "size": 0.0})
    assert warning == "Town should be '3', '7', '20' or '41' (it was '5')."
    assert predictor.artifact.metrics["parity"]["onnx_refused"].startswith("it numbers categories")


def test_categories_inside_a_pipeline(tmp_path: Path) -> None:
    X, y = towns()
    X["flag"] = X["size"] > 1
    scale = make_column_transformer(
        (StandardScaler(), ["size"]), remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    model = make_pipeline(scale, lightgbm.LGBMRegressor(**LEAVES)).fit(X, y)
    rows = X.assign(target=y)[X["town"] != "Aachen"]
    predictor, _ = imported(tmp_path, dumped(model), "model.joblib", rows)
    every = pd.DataFrame({"town": pd.Categorical([*TOWNS], [*TOWNS]), "size": 0.0, "flag": True})
    found = asked(predictor, *({"town": t, "size": 0.0, "flag": True} for t in TOWNS))
    assert found == pytest.approx(model.predict(every).tolist())


@pytest.mark.parametrize(
    "model", [xgboost.XGBRegressor(**FEW), lightgbm.LGBMRegressor(**LEAVES)], ids=["xgb", "lgbm"]
)
def test_gaps_are_taken_though_no_row_has_them(tmp_path: Path, model: Any) -> None:
    X, _ = towns()
    X = X[["size"]].assign(flag=X["size"] > 1, rooms=np.arange(len(X)) % 7 + 0.5)
    model.fit(X, X["size"] * 3 + X["rooms"])
    predictor, said = imported(tmp_path, dumped(model), "m.joblib", X.assign(target=X["size"] * 3))
    assert predictor.artifact.runtime == "onnx"
    assert "gaps in size, flag, rooms" in said
    gaps = pd.DataFrame(
        {"size": [np.nan, 1.0, 1.0], "flag": [1.0, np.nan, 0], "rooms": [3, 3, np.nan]}
    )
    rows = json.loads(gaps.to_json(orient="records"))
    rows = [row | {"flag": None if row["flag"] is None else bool(row["flag"])} for row in rows]
    assert asked(predictor, *rows) == pytest.approx(model.predict(gaps).tolist(), rel=1e-4)


RAW = {
    "binary:logitraw": lambda raw: np.stack([1 / (1 + np.exp(raw)), 1 / (1 + np.exp(-raw))], 1),
    "binary:logistic": lambda raw: np.stack([1 - raw, raw], 1),
    "binary:hinge": None,
    "multi:softmax": None,
    "multi:softprob": lambda raw: raw,
    "rank:pairwise": None,
    "reg:squarederror": None,
}


@pytest.mark.parametrize("file", ["raw.json", "raw.joblib"])
@pytest.mark.parametrize("objective", RAW)
def test_a_raw_booster_of_xgboost(tmp_path: Path, objective: str, file: str) -> None:
    X, two, three = numbers()
    several = objective.startswith("multi")
    y = three if several else two
    given = {"objective": objective, "nthread": 1, "base_score": 0.5}
    given |= {"num_class": 3} if several else {"base_score": 0.3} if "log" in objective else {}
    data = xgboost.DMatrix(X[:400], label=y[:400])
    if objective.startswith("rank"):
        data.set_group([100] * 4)
    booster = xgboost.train(given, data, 6)
    save = dumped(booster) if file.endswith("joblib") else booster.save_model
    predictor, said = imported(tmp_path, save, file, X.assign(target=y)[400:])
    raw = booster.predict(xgboost.DMatrix(X))
    answers = predictor.predict(as_rows(X))
    values, shares = np.array([a.value for a in answers]), [a.probabilities for a in answers]
    if (mean := RAW[objective]) is not None:
        table = np.array([[*share.values()] for share in shares])
        assert np.allclose(table, mean(raw), atol=1e-5)
        assert np.allclose(table.sum(axis=1), 1, atol=1e-12)
        assert values.tolist() == table.argmax(axis=1).tolist()
    else:
        assert np.allclose(values, raw, atol=1e-5)
        assert (shares[0] is not None) == (objective == "multi:softmax")
    assert ("It ranks rows" in said) == (objective == "rank:pairwise")


@pytest.mark.parametrize(
    ("objective", "task"),
    [
        ({"objective": "binary", "sigmoid": 2.5}, "shares"),
        ({"objective": "multiclass", "num_class": 3}, "shares"),
        ({"objective": "multiclassova", "num_class": 3}, "classes"),
        ({"objective": "cross_entropy"}, "numbers"),
        ({"objective": "poisson"}, "numbers"),
        ({"objective": "lambdarank"}, "numbers"),
        ({"objective": "binary", "boosting": "rf", "bagging_freq": 1, "subsample": 0.6}, "shares"),
        ({"objective": "regression", "boosting": "dart"}, "numbers"),
        ({"objective": "quantile", "alpha": 0.8}, "numbers"),
        ({"objective": "regression", "zero_as_missing": True}, "numbers"),
        ({"objective": "regression", "linear_tree": True}, "numbers"),
    ],
    ids=str,
)
def test_a_raw_booster_of_lightgbm(tmp_path: Path, objective: Any, task: str) -> None:
    X, two, three = numbers()
    X = X.round(1) + 0.05  # without a zero in the rows
    y = three if "num_class" in objective else two
    group = [100] * 4 if objective["objective"] == "lambdarank" else None
    data = lightgbm.Dataset(X[:400], label=y[:400], group=group)
    booster = lightgbm.train(SLOW | objective, data, 6)
    predictor, _ = imported(tmp_path, booster.save_model, "raw.txt", X.assign(target=y)[400:])
    odd = pd.concat([X, X[:20].assign(a=0.0), X[:20].assign(b=np.nan)], ignore_index=True)
    raw = booster.predict(odd)
    answers = predictor.predict(as_rows(odd))
    values = np.array([answer.value for answer in answers])
    assert (answers[0].probabilities is not None) == (task == "shares")
    if task == "numbers":
        assert np.allclose(values, raw, rtol=1e-4)
        return
    table = raw if raw.ndim == 2 else np.stack([1 - raw, raw], 1)
    assert values.tolist() == table.argmax(axis=1).tolist()
    if task == "shares":
        found = [[*answer.probabilities.values()] for answer in answers if answer.probabilities]
        assert np.allclose(found, table, atol=1e-5)


def test_early_stopping(tmp_path: Path) -> None:
    X, two, _ = numbers()
    check = [(X[400:], two[400:])]
    best = xgboost.XGBClassifier(n_estimators=60, learning_rate=0.9, early_stopping_rounds=3)
    best.fit(X[:400], two[:400], eval_set=check, verbose=False)
    raw = xgboost.train(
        {"objective": "binary:logistic", "learning_rate": 0.9},
        xgboost.DMatrix(X[:400], two[:400]),
        60,
        evals=[(xgboost.DMatrix(X[400:], two[400:]), "check")],
        early_stopping_rounds=3,
        verbose_eval=False,
    )
    assert raw.best_iteration + 1 < raw.num_boosted_rounds()
    wants = [best.predict_proba(X)[:, 1], raw.predict(xgboost.DMatrix(X))]
    for model, shares in zip((best, raw), wants, strict=True):
        rows = X.assign(target=two)[400:]
        predictor, _ = imported(tmp_path, model.save_model, "early.ubj", rows)
        answers = predictor.predict(as_rows(X))
        found = [answer.probabilities["1"] for answer in answers if answer.probabilities]
        assert np.allclose(found, shares, atol=1e-5)


@pytest.mark.parametrize(
    ("model", "none"),
    [
        (xgboost.XGBClassifier(objective="binary:hinge", **FEW), "binary:hinge"),
        (xgboost.XGBClassifier(objective="binary:logitraw", **FEW), "binary:logitraw"),
        (lightgbm.LGBMClassifier(objective="multiclassova", **LEAVES), "multiclassova"),
        (
            lightgbm.LGBMClassifier(objective="cross_entropy_lambda", **LEAVES),
            "cross_entropy_lambda",
        ),
        (xgboost.XGBClassifier(objective="multi:softmax", **FEW), ""),
        (lightgbm.LGBMClassifier(objective="cross_entropy", **LEAVES), ""),
    ],
    ids=lambda one: one or "shares" if isinstance(one, str) else type(one).__name__,
)
def test_classifiers_whose_scores_are_shares_or_none(tmp_path: Path, model: Any, none: str) -> None:
    X, two, three = numbers()
    y = three if "multi" in str(model.objective) else two
    model.fit(X[:400], y[:400])
    artifact = publish(model, X[:400], y[:400], name="m", test=(X[400:], y[400:]), root=tmp_path)
    answers = Predictor.load(tmp_path).predict(as_rows(X))
    assert [answer.value for answer in answers] == model.predict(X).tolist()
    assert artifact.signature.output.probabilities is not bool(none)
    says = f"It answers without probabilities: the scores of {none} are none."
    assert (says in artifact.metrics["limits"]) == bool(none)
    if not none:
        found = [[*answer.probabilities.values()] for answer in answers if answer.probabilities]
        assert np.allclose(found, model.predict_proba(X), atol=1e-5)


def test_an_objective_of_ones_own(tmp_path: Path) -> None:
    def own(true: Any, given: Any) -> Any:
        return given - true, np.ones_like(given)

    X, two, _ = numbers()
    model = lightgbm.LGBMClassifier(objective=own, **LEAVES).fit(X, two)
    with pytest.raises(
        ArtifactError, match="objective is a function of your own: save its booster"
    ):
        publish(model, X, two, name="own", root=tmp_path)
    rows = X.assign(target=two)
    predictor, _ = imported(tmp_path, model.booster_.save_model, "own.txt", rows)
    found = asked(predictor, *as_rows(X[:9]))
    assert found == pytest.approx(model.booster_.predict(X[:9]).tolist(), rel=1e-4)


def test_whole_numbers_as_categories_of_lightgbm(tmp_path: Path) -> None:
    X, y = towns(known=STORES)
    X = X.astype({"town": int})
    model = lightgbm.LGBMRegressor(**LEAVES).fit(X, y, categorical_feature=["town"])
    artifact = publish(model, X, y, name="stores", root=tmp_path)
    assert artifact.metrics["parity"]["onnx_refused"].startswith("it splits by categories")
    found = asked(Predictor.load(tmp_path), *({"town": n, "size": 0.0} for n in (3, 41, 5)))
    wants = model.predict(pd.DataFrame({"town": [3, 41, 5], "size": 0.0}))
    assert found == pytest.approx(wants.tolist())


@pytest.mark.parametrize("file", ["model.cbm", "model.joblib"])
@pytest.mark.parametrize("kind", ["numbers", "texts"])
def test_catboost(tmp_path: Path, file: str, kind: str) -> None:
    X, y = towns()
    X = X.astype({"town": str}).assign(kind=np.arange(len(X)) % 3)
    X.loc[::9, "size"] = np.nan
    given: Any = {"iterations": 15, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
    given["cat_features"] = ["town", "kind"]
    if kind == "numbers":
        model = catboost.CatBoostRegressor(**given).fit(X, y)
    else:
        y = pd.Series(np.where(y > 15, "dear", "cheap"))
        model = catboost.CatBoostClassifier(**given).fit(X, y)
    save = model.save_model if file.endswith("cbm") else dumped(model)
    rows = X[["kind", "size", "town"]].assign(target=y)[X["town"] != "Ulm"]
    predictor, _ = imported(tmp_path, save, file, rows)
    every = pd.DataFrame({"town": ["Aachen", "Ulm", "Berlin"], "size": [1, np.nan, 0], "kind": 2})
    asks = as_rows(every)
    answers = predictor.predict(predictor.validator.from_json(asks)[0])
    values = [answer.value for answer in answers]
    assert values == (pytest.approx if kind == "numbers" else list)(model.predict(every).tolist())
    if kind == "texts":
        found = [[*answer.probabilities.values()] for answer in answers if answer.probabilities]
        assert np.allclose(found, model.predict_proba(every))
    (warning,) = warnings_of(predictor, asks[2])
    assert "(it was 'Berlin')" in warning


def test_a_split_of_lightgbm_at_zero(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    X = pd.DataFrame({"a": random.normal(size=300), "b": random.normal(size=300)})
    y = (X["a"] > 0) + X["b"]
    model = lightgbm.LGBMRegressor(**LEAVES).fit(X, y)
    assert "-1.0000000180025095e-35" in model.booster_.model_to_string()
    assert publish(model, X, y, name="zero", root=tmp_path).runtime == "onnx"


def test_a_column_of_text_of_catboost(tmp_path: Path) -> None:
    X, y = towns()
    X = X.assign(town=X["town"].astype(str), note=np.where(y > 10, "a fine day", "rain and wind"))
    named = {"cat_features": ["town"], "text_features": ["note"]}
    quiet: Any = {"verbose": 0, "thread_count": 1, "allow_writing_files": False}
    model = catboost.CatBoostRegressor(iterations=10, **named, **quiet).fit(X, y)
    path, data = tmp_path / "m.cbm", tmp_path / "rows.csv"
    model.save_model(path)
    X.assign(y=y).to_csv(data, index=False)
    says: Any = {"agreed": lambda _: True, "say": lambda _: None}
    artifact = import_model(path, data, ["y"], root=tmp_path / "artifacts", **says)
    types = [feature.type for feature in artifact.signature.features]
    assert types == ["category", "number", "text"]
    loaded, rows = Predictor.load(tmp_path / "artifacts"), X.to_dict("records")
    answers = [one.value for one in loaded.predict(loaded.validator.from_json(rows)[0])]
    assert answers == pytest.approx(model.predict(X).tolist())
