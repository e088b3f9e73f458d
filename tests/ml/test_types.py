"""The types of columns: the model is asked first, then whoever imports, and then the rows."""

import decimal
import importlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from modeldesk.ml import Artifact, SignatureError
from modeldesk.ml.fitted.knowledge import Known, holds_own_code, knowledge
from modeldesk.ml.importing.marks import asked_about, may_be_thousands, seems_thousands
from modeldesk.ml.importing.types import Decider, Told
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.tables.reading import Reading
from pyarrow import parquet as pq
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from .. import owner
from .test_import_model import bring, take

RANDOM = np.random.default_rng(0)
TOWNS = pd.DataFrame(
    {
        "zip": RANDOM.choice(["01221", "02134", "10115", "80331"], 80),
        "size": RANDOM.normal(size=80).round(3),
    }
)
SIDE = pd.Series(np.where(TOWNS["zip"].str.startswith("0"), "east", "west"), name="price")
AREAS = pd.DataFrame({"area": RANDOM.uniform(900, 9000, 60).round(1), "rooms": [1, 2, 3] * 20})
PRICE = (AREAS["area"] * 3).rename("price")
LINEAR = LinearRegression().fit(AREAS, PRICE)
OWN_CODE = """
def by_dtype(frame):
    texts = frame.columns[frame.dtypes == object]
    return frame[texts].apply(lambda column: column.str.len()).assign(none=0.0)


def first_digit(frame):
    return frame.apply(lambda column: column.astype(str).str[0].astype(float))


def kept(frame):
    return frame
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module of a project for parts of models that its owner wrote."""
    with owner.installed(tmp_path_factory.mktemp("own"), parts_of_types=OWN_CODE):
        yield importlib.import_module(f"{owner.PACKAGE}.ml.parts_of_types")


def encoded(encoder: Any, *columns: str, last: Any = None) -> Any:
    """A pipeline that encodes columns, and passes others through."""
    prepare = make_column_transformer((encoder, list(columns)), remainder="passthrough")
    return make_pipeline(prepare, last or LogisticRegression())


def served(folder: Path, *rows: dict[str, Any]) -> list[Any]:
    """What the current model answers to rows of JSON."""
    predictor = Predictor.load(folder / "artifacts")
    return [answer.value for answer in predictor.predict(predictor.validator.from_json([*rows])[0])]


def types_of(artifact: Artifact) -> dict[str, str]:
    return {feature.name: feature.type for feature in artifact.signature.features}


def decide(cells: list[Any], known: Known | None = None, **told: Any) -> tuple[Any, list[Any]]:
    """The type and the values that a column of texts has."""
    column = pd.Series(cells, name="x")
    decided = Decider(Told(**told), "rows.csv").column(column, known or Known())
    values = decided.values.astype(object).where(decided.values.notna(), None)
    return decided.type, list(values)


NUMBER = Known(type="number", by="LinearRegression")


def test_codes_with_leading_zeros_stay_text(tmp_path: Path) -> None:
    model = encoded(OneHotEncoder(handle_unknown="ignore"), "zip").fit(TOWNS[:40], SIDE[:40])
    said: list[str] = []
    artifact = bring(tmp_path, model, TOWNS[40:].join(SIDE[40:]), say=said.append)
    assert types_of(artifact) == {"zip": "category", "size": "number"}
    assert artifact.signature.features[0].categories == ["01221", "02134", "10115", "80331"]
    assert artifact.metrics["metrics"]["accuracy"] == 1.0
    assert served(tmp_path, {"zip": "02134", "size": 0.0}) == ["east"]
    table = {line.split()[0]: line.split() for line in said[:3]}
    assert table["column"] == ["column", "type", "decided", "by", "values", "gaps"]
    assert " ".join(table["zip"][1:8]) == "category text to OneHotEncoder with 4 levels"
    assert table["zip"][-1] == "0"
    assert " ".join(table["size"][1:6]) == "number a number to LogisticRegression"


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        (["01221", "10115"], None, ["01221", "10115"]),
        (["1e5", "2e5"], None, ["1e5", "2e5"]),
        (["1_000", "2_000"], None, ["1_000", "2_000"]),
        (["+49", "+33"], None, ["+49", "+33"]),
        (["1", "2"], None, [1, 2]),
        (["1.0", "2"], "number", [1.0, 2.0]),
        (["0.5", "1e-05", ""], "number", [0.5, 1e-05, None]),
        (["NA", "3"], None, [None, 3.0]),
        (["true", "False", ""], "boolean", [True, False, None]),
        (["1.2.2024", "NA"], None, ["1.2.2024", "NA"]),
        (["2024-02-01", ""], None, ["2024-02-01", None]),
    ],
)
def test_columns_of_which_a_model_says_nothing(
    cells: list[str], kind: str | None, values: list[Any]
) -> None:
    assert decide(cells) == (kind, values)


@pytest.mark.parametrize(
    ("cells", "known", "kind", "values"),
    [
        (["01221", "1_000", "1e3"], NUMBER, "number", [1221.0, 1000.0, 1000.0]),
        (["NA", "null", "3"], NUMBER, "number", [None, None, 3.0]),
        (["True", "false"], NUMBER, "boolean", [True, False]),
        (["1", "2.0", ""], Known(type="integer", levels=[1, 2]), "integer", [1.0, 2.0, None]),
        (["yes", "0"], Known(type="boolean"), "boolean", [True, False]),
        (["NA", "EU"], Known(type="category", levels=["EU", "NA"]), None, ["NA", "EU"]),
        (["NA", "EU"], Known(type="category", levels=["EU"], fills=True), None, [None, "EU"]),
        ([" EU", "EU "], Known(type="category", levels=["EU"]), None, ["EU", "EU"]),
        ([" EU", " US"], Known(type="category", levels=[" EU", " US"]), None, [" EU", " US"]),
        (["True", "1"], Known(type="category", levels=["1", "True"]), None, ["True", "1"]),
        (["1", "NA"], Known(type="text"), "text", ["1", "NA"]),
        (["2024-02-01", ""], Known(type="date"), "date", [pd.Timestamp("2024-02-01"), None]),
    ],
)
def test_columns_that_a_model_knows(
    cells: list[str], known: Known, kind: str | None, values: list[Any]
) -> None:
    assert decide(cells, known) == (kind, values)


@pytest.mark.parametrize(
    ("cells", "told", "kind", "values"),
    [
        (["1", "2"], {"texts": ["x"]}, None, ["1", "2"]),
        (["?", "2"], {"gaps": ["?"]}, None, [None, 2.0]),
        (["a", "?"], {"gaps": ["?"]}, None, ["a", None]),
        (["1,5", "2"], {"decimal": ","}, "number", [1.5, 2.0]),
        (["1.234,5", "2"], {"decimal": ",", "thousands": "."}, "number", [1234.5, 2.0]),
        (["1.234", "2"], {"thousands": "."}, "number", [1234.0, 2.0]),
        (["1'234.5", "2"], {"thousands": "'"}, "number", [1234.5, 2.0]),
        (["1.2.2024"], {"dates": {"x": "%d.%m.%Y"}}, "date", [pd.Timestamp("2024-02-01")]),
        (["2024/02/01"], {"dates": {"x": None}}, "date", [pd.Timestamp("2024-02-01")]),
    ],
)
def test_columns_that_are_told(
    cells: list[str], told: dict[str, Any], kind: str | None, values: list[Any]
) -> None:
    assert decide(cells, **told) == (kind, values)


@pytest.mark.parametrize(
    ("cells", "known", "told", "words"),
    [
        (["1", "yes"], NUMBER, {}, "'yes' in row 2, which is no number; write it as in training"),
        (["80.5%"], NUMBER, {}, r"'80\.5%' in row 1, which is no number; leave out the sign"),
        (["$1,200"], NUMBER, {}, r"'\$1,200' in row 1, .* sign of the currency"),
        (["1", "?"], NUMBER, {}, r"'\?' in row 2, .* if it means a gap, say `--na '\?'`"),
        (["1", "inf"], NUMBER, {}, "'inf' in row 2, which is not finite; clean it"),
        (["9007199254740993"], NUMBER, {}, r"a whole number beyond 2\*\*53; drop"),
        (["1.5"], Known(type="integer"), {}, r"1\.5 in row 1, which is no whole number"),
        (["2", "x"], Known(type="boolean"), {}, "'2' in row 1, which is neither true nor false"),
        (["1,5"], NUMBER, {}, r"'1,5' .* it can be read as 1\.5 by `--decimal ,`\.$"),
        (["1.234,5"], NUMBER, {}, r"as 1234\.5 by `--decimal , --thousands \.`\.$"),
        (["1,234"], NUMBER, {}, r"1\.234 by `--decimal ,`, or as 1234 by `--thousands ,`: say wh"),
        (["1,5"], Known(), {}, r"by `--decimal ,`; if it is text, say `--text x`\.$"),
        (["1.234,5"], NUMBER, {"decimal": ","}, r"as 1234\.5 by `--decimal , --thousands \.`\.$"),
        (["1,234.5"], Known(), {"decimal": "."}, r"as 1234\.5 by `--thousands ,`; if it is text"),
        (["1", r"\\n\N"], NUMBER, {}, r"say `--na '\\\\n\\N'`\.$"),
        (["1", "-"], NUMBER, {}, r"if it means a gap, say `--na=-`\.$"),
        (
            ["5 EUR"],
            NUMBER,
            {},
            r"; write it like 1234\.5 or, if it means a gap, say `--na '5 EUR'`",
        ),
        (["1.5"], NUMBER, {"decimal": ","}, r"no number; write all numbers alike, such as 1234,5"),
        (["1.2.2024"], Known(), {"dates": {"x": None}}, r"`--date-format x=%d\.%m\.%Y`"),
        (["1/2/2024"], Known(), {"dates": {"x": None}}, r"x=%d/%m/%Y` or .*x=%m/%d/%Y`\.$"),
        (["1/2/2024 00:00"], Known(), {"dates": {"x": "%m/%d/%Y"}}, r"'x=%m/%d/%Y %H:%M'`\.$"),
        (["2024-01-02T00:00Z"], Known(), {"dates": {"x": None}}, "days like 2026-01-31, without"),
        (["1.2.2024", "k.A."], Known(), {"dates": {"x": None}}, r"x=%d\.%m\.%Y`\.$"),
        (["k.A.", "1.2.2024"], Known(), {"dates": {"x": None}}, r"a gap, say `--na k\.A\.`\.$"),
        (["1", "no data"], NUMBER, {"gaps": ["?"]}, r"a gap, say `--na 'no data'`\.$"),
        (["true", "?"], Known(type="boolean"), {}, r"write true or false or, .* `--na '\?'`\.$"),
        (["2024-13-01"], Known(), {"dates": {"x": None}}, "no date that begins with its year"),
        (["1"], Known(), {"decimal": ";"}, "cannot be read so: decimal: Input should be"),
        (["1"], Known(), {"decimal": ".", "thousands": "."}, "cannot mark both"),
        (
            ["EU", "US"],
            Known(type="category", levels=["EU"], lenient=False, by="OneHotEncoder"),
            {},
            r"'US' in row 2, .* none of the 1 levels that OneHotEncoder knows; leave out such rows",
        ),
        (
            ["1221", "2134"],
            Known(type="category", levels=["01221"], lenient=True, by="OneHotEncoder"),
            {},
            r"'1221' in row 1, .* write all as in training \(it knows '01221'\)\.$",
        ),
    ],
)
def test_what_cannot_be_read_is_named(
    cells: list[str], known: Known, told: dict[str, Any], words: str
) -> None:
    with pytest.raises(SignatureError, match=words) as refused:
        decide(cells, known, **told)
    if "cannot" not in words:
        assert str(refused.value).startswith("Column 'x' of rows.csv has ")


def test_types_of_a_warehouse() -> None:
    """Parquet has types, which the model overrules."""
    decider = Decider(Told(), "rows.parquet")

    def typed(values: Any, known: Known) -> tuple[str, Any, Any]:
        found = decider.column(pd.Series(values, name="x"), known)
        return str(found.values.dtype), found.type, found.values.iloc[0]

    gaps = pd.array([3, None], dtype="Int8")
    assert typed(gaps, NUMBER) == ("float64", "number", 3.0)
    assert typed([1, 2], NUMBER) == ("float64", "number", 1.0)
    assert typed([1, 2], Known()) == ("int64", None, 1)
    assert typed(pd.array([True, None], "boolean"), NUMBER) == ("object", "boolean", True)
    assert typed([1.0, 0.0], Known(type="boolean")) == ("bool", "boolean", True)
    text = Known(type="category", levels=["1221", "1"])
    assert typed([1221.0, 1.0], text)[1:] == (None, "1221")
    assert typed(["3", "4"], NUMBER) == ("float64", "number", 3.0)
    assert typed(pd.to_datetime(["2024-02-01"]), Known())[1] == "date"
    with pytest.raises(SignatureError, match=r"'x' of .* has Timedelta"):
        typed(pd.to_timedelta([0], unit="D"), NUMBER)


def test_a_table_of_a_warehouse_is_imported(tmp_path: Path) -> None:
    price, age = RANDOM.uniform(1, 99, 200).round(2), RANDOM.integers(18, 90, 200) * 1.0
    member, age[::9] = RANDOM.random(200) < 0.5, np.nan
    X = pd.DataFrame({"price": price, "age": age, "member": member * 1.0})
    y = np.where((price > 50) ^ member, "yes", "no")
    model = HistGradientBoostingClassifier(max_iter=20).fit(X, y)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(model))
    exact = pa.array([decimal.Decimal(f"{value:.2f}") for value in price])
    ages = pa.array([None if np.isnan(v) else int(v) for v in age], pa.int8())
    members = pa.array([None if i % 11 == 0 else bool(v) for i, v in enumerate(member)])
    answers = pa.array(y.tolist(), pa.large_string())
    columns = {"price": exact, "age": ages, "member": members, "target": answers}
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")
    nullable = X.astype({"age": "Int64", "member": "boolean"})
    nullable.assign(target=pd.array(y, "string")).to_parquet(tmp_path / "nullable.parquet")
    for file, data in (("rows", X.assign(member=members.to_pandas())), ("nullable", X)):
        root = tmp_path / file
        artifact = take(tmp_path / "a.pkl", tmp_path / f"{file}.parquet", "target", root=root)
        assert types_of(artifact) == {"price": "number", "age": "number", "member": "boolean"}
        expected = model.score(data.assign(member=data["member"].astype(float)), y)
        assert artifact.metrics["metrics"]["accuracy"] == expected
        given = {"price": 60.5, "age": None, "member": True}
        checked = (predictor := Predictor.load(root)).validator.from_json([given])[0]
        truth = model.predict(pd.DataFrame([given | {"age": np.nan, "member": 1.0}]))
        assert [answer.value for answer in predictor.predict(checked)] == list(truth)


def test_marks_of_numbers() -> None:
    indian = Reading(thousands=",")
    told = ["12,34,567.5", "1,23,456", "1,234", "12,345,678", "7"]
    assert [indian.number(text) for text in told] == [1234567.5, 123456, 1234, 12345678, 7]
    assert asked_about(["12,34,567.5"]) == (
        "12,34,567.5",
        "it can be read as 1234567.5 by `--thousands ,`",
    )
    assert Reading(decimal=",", thousands=" ").number("1\u2009234,5") == 1234.5
    assert asked_about(["1.5", "2", "1e5"]) is None
    assert asked_about(["a", "1,5"]) is None
    assert (asked_about(["1 234,5", "2"]) or ("",))[0] == "1 234,5"
    dots = [f"{i}.{i}00" for i in range(1, 7)]
    assert seems_thousands([*dots, "937"]) == "1.100"
    assert seems_thousands([*dots, "937", "0.5"]) is None
    assert seems_thousands([*dots, "1937"]) is None
    assert seems_thousands(dots) is None
    assert may_be_thousands(dots) == "1.100"
    assert may_be_thousands(["0.250", "1.500"]) is None


@pytest.mark.parametrize("mark", ["comma", "german", "dots"])
def test_decimal_commas_and_marks_of_thousands(tmp_path: Path, mark: str) -> None:
    rows = AREAS.join(PRICE)
    told = {"comma": Told(decimal=","), "german": Told(decimal=",", thousands=".")}.get(
        mark, Told(thousands=".")
    )
    if mark == "comma":
        data = rows.to_csv(index=False, sep=";", decimal=",")
    else:
        form = "{:,.1f}" if mark == "german" else "{:,.0f}"
        swap = str.maketrans(",.", ".,")
        data = rows.map(lambda v: form.format(v).translate(swap)).to_csv(index=False, sep=";")
    option = r"`--decimal ,`" if mark == "comma" else r"`--decimal , --thousands \.`"
    option = r"say `--thousands \.`, and if not, `--decimal \.`" if mark == "dots" else option
    with pytest.raises(SignatureError, match=rf"Column 'area' of .*rows\.csv has .* {option}\.$"):
        bring(tmp_path, LINEAR, data)
    artifact = bring(tmp_path, LINEAR, data, told=told)
    assert artifact.metrics["metrics"]["r2"] > 0.9999
    assert artifact.signature.reading == told.reading()
    assert types_of(artifact) == {"area": "number", "rooms": "number"}
    validator = Predictor.load(tmp_path / "artifacts").validator
    cells = {"area": ["1234,5" if mark == "comma" else "1.234,5"], "rooms": ["2"]}
    found, _ = validator.from_columns(cells)
    assert list(found) == [{"area": 1234.5, "rooms": 2.0}]


def test_a_text_of_no_value_is_kept_for_all_readers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"zone": ["a", "b", np.nan] * 20, "n": [1.0, 2.0, 4.0] * 20})
    zone = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    model = encoded(zone, "zone").fit(frame, y := pd.Series(["x", "y", "z"] * 20, name="price"))
    given = frame.fillna({"zone": "None"}).join(y)
    artifact = bring(tmp_path, model, given)
    assert artifact.signature.reading == Reading(gaps=["None"])
    assert artifact.signature.features[0].categories == ["a", "b"]
    validator = Predictor.load(tmp_path / "artifacts").validator
    cells = {"zone": ["None", "a"], "n": ["1", "2"]}
    rows = [{"zone": None, "n": 1.0}, {"zone": "a", "n": 2.0}]
    found, _ = validator.from_columns(cells)
    assert list(found) == rows


def test_rows_that_happen_to_be_whole(tmp_path: Path) -> None:
    frame = pd.DataFrame(RANDOM.uniform(1, 40, (50, 2)), columns=["dose", "weight"])
    model = LinearRegression().fit(frame, frame["dose"] / frame["weight"])
    whole = frame.round()
    rows = whole.astype(int).assign(price=model.predict(whole))
    for data in (rows, rows.to_csv(index=False)):
        artifact = bring(tmp_path, model, data)
        assert types_of(artifact) == {"dose": "number", "weight": "number"}
    given = {"dose": 12.5, "weight": 7.2}
    expected = model.predict(pd.DataFrame([given]))
    assert served(tmp_path, given) == pytest.approx(expected, rel=1e-5)


def test_whole_numbers_that_the_model_tells_apart(own: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame({"code": [1, 2, 3] * 10, "n": range(30), "seen": [10, 21, 34] * 10})
    y = (frame["code"] * 5.0 + frame["n"] + frame["seen"] // 10).rename("price")
    prepare = make_column_transformer(
        (OneHotEncoder(), ["code"]),
        (FunctionTransformer(own.first_digit), ["seen"]),
        (FunctionTransformer(own.kept), ["n"]),
    )
    model = make_pipeline(prepare, LinearRegression()).fit(frame, y)
    artifact = bring(tmp_path, model, frame.join(y))
    # Code of the owner's answers fractions of n as it should; of `seen` it would, too.
    assert types_of(artifact) == {"code": "integer", "n": "number", "seen": "number"}
    assert served(tmp_path, {"code": 2, "n": 0.5, "seen": 21}) == pytest.approx([12.5], rel=1e-4)


def test_blanks_around_names_and_values(tmp_path: Path) -> None:
    lines = [f"{a}, {'ab'[a % 2]}, {'>50K' if a > 40 else '<=50K'}" for a in range(20, 70)]
    data = "\n".join(["age, workclass, price", *lines])
    table = pd.DataFrame([line.split(",") for line in lines], columns=["age", " workclass", "y"])
    for strip in (False, True):
        frame = table.rename(columns=str.strip).map(str.strip) if strip else table
        frame = frame.assign(age=frame["age"].astype(int))
        model = encoded(OneHotEncoder(), frame.columns[1]).fit(frame.iloc[:, :2], frame["y"])
        (folder := tmp_path / str(strip)).mkdir()
        artifact = bring(folder, model, data)
        assert [f.name for f in artifact.signature.features] == list(frame.columns[:2])
        assert artifact.signature.features[1].categories == sorted(set(frame.iloc[:, 1]))
        assert artifact.metrics["metrics"]["accuracy"] == model.score(frame.iloc[:, :2], frame["y"])


def test_a_column_without_a_name(tmp_path: Path) -> None:
    rows = AREAS.join(PRICE).to_csv()
    with_index = AREAS.reset_index().rename(columns={"index": "Unnamed: 0"})
    forest = RandomForestRegressor(5, random_state=0)
    for frame in (with_index, with_index.to_numpy(), AREAS.to_numpy()):
        folder = tmp_path / str(frame.shape[1]) / type(frame).__name__
        folder.mkdir(parents=True)
        artifact = bring(folder, forest.fit(frame, PRICE), rows)
        names = [feature.name for feature in artifact.signature.features]
        assert names == ["Unnamed: 0", "area", "rooms"][-frame.shape[1] :]
        assert artifact.metrics["metrics"]["r2"] == forest.score(frame, PRICE)


def test_what_a_fitted_model_knows() -> None:
    X = pd.DataFrame(
        {
            "town": pd.Series(["b", "a", None, "b"] * 5, dtype=object),
            "size": pd.Series(["S", "L", "M", "S"] * 5, dtype="category"),
            "n": np.arange(20.0),
            "rooms": [1, 2, 3, 4] * 5,
            "said": pd.Series(["good one", "bad one"] * 10, dtype=object),
        }
    )
    y = X["n"] * 2
    prepare = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="ignore"),
            make_column_selector("town", dtype_include=object),
        ),
        (OrdinalEncoder(categories=[["S", "M", "L"]]), ["size"]),
        (make_pipeline(SimpleImputer(), StandardScaler()), ["n"]),
        (OneHotEncoder(), make_column_selector(dtype_include="int64")),
        (TfidfVectorizer(), "said"),
    )
    model = make_pipeline(prepare, LinearRegression()).fit(X, y)
    known = knowledge(model, list(X.columns))
    assert known["town"].levels == ["a", "b"]
    assert (known["town"].type, known["town"].gap) == ("category", "None")
    assert (known["town"].lenient, known["town"].dtype) == (True, "object")
    assert (known["size"].levels, known["size"].lenient) == (["S", "M", "L"], False)
    assert (known["n"].type, known["n"].fills, known["n"].by) == ("number", True, "SimpleImputer")
    assert (known["rooms"].type, known["rooms"].levels) == ("integer", [1, 2, 3, 4])
    assert known["said"].type == "text"
    trees = HistGradientBoostingRegressor(max_iter=2, categorical_features="from_dtype")
    known = knowledge(trees.fit(X[["size", "n"]], y), ["size", "n"])
    assert (known["size"].levels, known["size"].dtype) == (["L", "M", "S"], "category")
    assert (known["size"].lenient, known["size"].fills, known["n"].type) == (True, True, "number")
    target = TargetEncoder(target_type="continuous").fit(X[["rooms"]], y)
    known = knowledge(make_pipeline(target, LinearRegression()).fit(X[["rooms"]], y), ["rooms"])
    assert (known["rooms"].type, known["rooms"].lenient) == ("integer", True)


def test_code_of_which_nothing_is_known(own: Any) -> None:
    for function, opaque in ((own.kept, True), (np.log1p, False), (None, False)):
        model = make_pipeline(FunctionTransformer(function), LinearRegression()).fit(AREAS, PRICE)
        assert holds_own_code(model, ["area", "rooms"]) is opaque


@pytest.mark.parametrize(("sign", "mend"), [(" €", "sign of the currency"), ("%", "the sign, and")])
def test_a_target_of_other_numbers_is_named(tmp_path: Path, sign: str, mend: str) -> None:
    rows = AREAS.assign(price=PRICE.map(lambda value: f"{value}{sign}"))
    with pytest.raises(
        SignatureError, match=rf"'price' of .*{sign}' in row 1, .* leave out.* {mend}"
    ):
        bring(tmp_path, LINEAR, rows)
    with pytest.raises(SignatureError, match="holds none; name its target"):
        bring(tmp_path, LINEAR, AREAS.assign(price="dear"))


def test_lists_are_no_numbers(tmp_path: Path) -> None:
    table = pa.table({"area": [[1, 2]] * 9, "rooms": range(9), "price": range(9)})
    pq.write_table(table, tmp_path / "lists.parquet")
    model = tmp_path / "model.pkl"
    model.write_bytes(pickle.dumps(LINEAR))
    with pytest.raises(
        SignatureError, match=r"'area' of .*array\(\[1, 2\]\) in row 1, which is of"
    ):
        take(model, tmp_path / "lists.parquet", root=tmp_path / "artifacts")
