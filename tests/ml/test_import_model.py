"""A model somebody has: read without running its code, compared on rows of data, made current."""

import io
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from modeldesk.ml import Artifact, ArtifactError, SignatureError
from modeldesk.ml.artifact import load
from modeldesk.ml.fitted.trusted import Untrusted
from modeldesk.ml.importing import import_model, tables
from modeldesk.ml.importing.formats import FORMATS
from modeldesk.ml.importing.unpickler import SafeUnpickler
from modeldesk.ml.libraries import need
from modeldesk.ml.predictor import Predictor
from modeldesk.testing import models
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from .. import owner

X, Y = models.houses(300)
FITTED = models.pipeline(LogisticRegression()).fit(X[:150], Y[:150])
ROWS = X[150:].assign(price=Y[150:], number=range(150))
PLAIN = X[["area", "rooms"]]
MOVE = rf"{owner.TRANSFORMERS}, .* again"
OWN = f"{owner.PACKAGE}.ml.transformers"
OWN_MODULE = """
from functools import partial
from os import system
from subprocess import run


def doubled(values):
    return values * 2


halved = partial(doubled)
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[None]:
    """A project whose owner wrote a part of models."""
    with owner.installed(tmp_path / "own", transformers=OWN_MODULE):
        yield


def bring(
    folder: Path,
    model: Any = FITTED,
    rows: Any = ROWS,
    *,
    targets: Sequence[str] = ("price",),
    **options: Any,
) -> Artifact:
    """Import a model, or its bytes, with rows, or the text of a file, as the commands do."""
    path, data = folder / "brought.pkl", folder / "rows.csv"
    path.write_bytes(model if isinstance(model, bytes) else pickle.dumps(model))
    if isinstance(rows, pd.DataFrame):
        rows = rows.to_csv(index=False)
    data.write_bytes(rows if isinstance(rows, bytes) else rows.encode())
    return take(path, data, *targets, root=folder / "artifacts", **options)


def take(path: Path, data: Path, *targets: str, root: Path, **options: Any) -> Artifact:
    given: dict[str, Any] = {"agreed": lambda _: True, "say": lambda _: None} | options
    return import_model(path, data, targets or ["price"], root=root, **given)


def answers(root: Path, frame: pd.DataFrame) -> list[Any]:
    """What the current model answers to rows as a CSV file has them."""
    predictor = Predictor.load(root)
    rows: Any = frame.astype(object).where(frame.notna(), "").astype(str).to_dict("records")
    checked = [predictor.validator.from_text(row)[0] for row in rows]
    return [answer.value for answer in predictor.predict(checked)]


def dumped(dump: Callable[..., Any], **options: Any) -> Callable[[Path], None]:
    return lambda path: dump(FITTED, path, **options)


@pytest.mark.parametrize(
    ("file", "save"),
    [
        ("a.pkl", lambda path: path.write_bytes(pickle.dumps(FITTED, protocol=2))),
        ("a.pickle", lambda path: path.write_bytes(pickle.dumps(FITTED))),
        ("my model.joblib", dumped(joblib.dump)),
        ("a.joblib", dumped(joblib.dump, compress=("gzip", 3))),
        ("a.JOBLIB", dumped(joblib.dump, compress=3)),
        ("a.skops", dumped(skops.io.dump)),
    ],
)
def test_files_of_scikit_learn(tmp_path: Path, file: str, save: Callable[[Path], None]) -> None:
    save(tmp_path / file)
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    told: list[str] = []
    artifact = take(tmp_path / file, tmp_path / "rows.csv", root=tmp_path, say=told.append)
    assert told[0] == "Left out, as the model does not take them: number"
    assert load(tmp_path).version == artifact.version
    assert artifact.signature.name == Path(file).stem.replace(" ", "-")
    assert artifact.metrics["held_out_rows"] == 150
    assert artifact.metrics["metrics"]["accuracy"] == FITTED.score(X[150:], Y[150:])
    assert artifact.metrics["parity"]["rows"] == 150
    assert answers(tmp_path, X) == list(FITTED.predict(X))
    card = (artifact.path / "card.md").read_text("utf-8")
    sha256 = artifact.metrics["imported"]["sha256"]
    assert len(sha256) == 64
    assert f"imported from {file}, sha256 {sha256}." in card
    assert "150 rows of rows.csv" in card


def test_a_model_of_texts(tmp_path: Path) -> None:
    texts = pd.Series([f"{word} No. {i}" for i in range(60) for word in ("good", "bad")])
    liked = texts.str.startswith("good")
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(list(texts), liked)
    artifact = bring(tmp_path, model, pd.DataFrame({"said": texts, "price": liked}))
    assert artifact.signature.features[0].type == "text"
    assert artifact.signature.output.classes == [False, True]
    assert answers(tmp_path / "artifacts", pd.DataFrame({"said": texts})) == list(liked)


def test_classes_that_the_rows_lack_and_columns_without_names(tmp_path: Path) -> None:
    grade = np.select([X["area"] > 200, X["area"] > 100], [3, 7], 20)
    model = LogisticRegression(max_iter=1000).fit(PLAIN.to_numpy(), grade)
    rows = PLAIN.assign(price=grade)
    artifact = bring(tmp_path, model, rows[rows["price"] != 3], name="grades")
    assert artifact.signature.name == "grades"
    assert artifact.signature.output.classes == [3, 7, 20]
    assert answers(tmp_path / "artifacts", PLAIN) == list(model.predict(PLAIN.to_numpy()))


def test_booleans_with_gaps(tmp_path: Path) -> None:
    frame = PLAIN.assign(lift=pd.Series([True, False, np.nan] * 100, dtype=object))
    y = X["area"] + 50.0 * (frame["lift"] == True)  # noqa: E712 - a gap is neither
    prepare = make_column_transformer((OneHotEncoder(), ["lift"]), remainder="passthrough")
    model = make_pipeline(prepare, LinearRegression()).fit(frame, y)
    artifact = bring(tmp_path, model, frame.assign(price=y))
    assert (artifact.signature.features[2].type, artifact.runtime) == ("boolean", "skops")
    assert answers(tmp_path / "artifacts", frame) == pytest.approx(list(y), rel=1e-4)


def test_several_targets(tmp_path: Path) -> None:
    both = pd.DataFrame({"price": X["area"] * 3.0, "rent": X["rooms"] * 10.0})
    model = LinearRegression().fit(PLAIN, both)
    bring(tmp_path, model, PLAIN.join(both).assign(other=1), targets=["price", "rent"])
    found = pd.DataFrame(answers(tmp_path / "artifacts", PLAIN))
    assert list(found.columns) == ["price", "rent"]
    assert np.allclose(found, both, rtol=1e-4)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_data_of_other_marks_and_encodings(tmp_path: Path, mark: str) -> None:
    model = LinearRegression().fit(PLAIN.set_axis(["Fläche", "a;b"], axis="columns"), X["area"])
    rows = PLAIN.set_axis(["Fläche", "a;b"], axis="columns").assign(price=X["area"])
    data = rows.to_csv(index=False, sep=mark).encode("latin-1")
    with pytest.raises(SignatureError, match=r"not utf-8 text, .*--encoding latin-1"):
        bring(tmp_path, model, data)
    assert bring(tmp_path, model, data, encoding="latin-1").signature.features[1].name == "a;b"


def test_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(FITTED))
    ROWS.to_parquet(tmp_path / "rows.parquet")
    assert take(tmp_path / "a.pkl", tmp_path / "rows.parquet", root=tmp_path).runtime == "onnx"
    with pytest.raises(SignatureError, match="no column 'prize'; its columns are: area"):
        take(tmp_path / "a.pkl", tmp_path / "rows.parquet", "prize", root=tmp_path)
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(SignatureError, match="cannot be read as Parquet"):
        take(tmp_path / "a.pkl", tmp_path / "rows.parquet", root=tmp_path)


def kind(value: Any) -> str:
    """What stands for a case in its name, which no model fits into."""
    return value if isinstance(value, str) else type(value).__name__


class Runs:
    """What a pickle can hold: a call."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call = (call, arguments)

    def __reduce__(self) -> Any:
        return self.call


def named(module: str, name: str) -> bytes:
    """A pickle that calls something, which need not be there."""
    return f"c{module}\n{name}\n(tR.".encode()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pickle.dumps(Runs(os.system, "exit 1")), f"{os.name}.system"),
        (pickle.dumps([FITTED, {"a": Runs(eval, "1")}]), "builtins.eval"),
        (pickle.dumps(Runs(subprocess.Popen, ["no-such-program"])), "subprocess.Popen"),
        (named("builtins", "getattr"), "builtins.getattr"),
        (named("numpy", "memmap"), "numpy.memmap"),
        (named("numpy.lib.npyio", "DataSource"), "numpy.lib.npyio.DataSource"),
        (named("numpy._core.records", "fromfile"), "numpy._core.records.fromfile"),
        (named("numpy", "save"), "numpy.save"),
        (named("sklearn.tree", "export_graphviz"), "sklearn.tree.export_graphviz"),
        (named("sklearn.base", "warnings"), "sklearn.base.warnings"),
        (named("__builtin__", "eval"), "builtins.eval"),
        (named("scipy.stats", "norm"), "scipy.stats.norm"),
        (named("pandas", "HDFStore"), "pandas.HDFStore"),
        (named("pandas", "read_pickle"), "pandas.read_pickle"),
        (named("joblib", "load"), "joblib.load"),
        (b"\x80\x04\x8c\x07sklearn\x8c\x0cutils.os.abc\x93.", "sklearn.utils.os.abc"),
    ],
    ids=kind,
)
def test_pickles_that_run_code(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(ArtifactError, match=rf"not read: it would run `.*{name}`"):
        bring(tmp_path, content)


@pytest.mark.parametrize(
    "name",
    [
        *(f"{OWN}.{name}" for name in ("system", "run", "partial", "halved")),
        *("my_service.secrets.doubled", "my_service.mlx.doubled", "my_service2.ml.doubled"),
    ],
)
def test_what_a_module_of_the_project_only_sees_is_not_its_own(
    own: None, tmp_path: Path, name: str
) -> None:
    module, _, attribute = name.rpartition(".")
    with pytest.raises(ArtifactError, match=f"not read: it would run `{name}`"):
        bring(tmp_path, named(module, attribute))


def test_code_of_the_project_is_read(own: None, tmp_path: Path) -> None:
    file = io.BytesIO(named(OWN, "doubled").replace(b"(tR", b"(I7\ntR"))
    assert SafeUnpickler(file).load() == 14


def test_an_array_of_joblib_that_runs_code(tmp_path: Path) -> None:
    file = io.BytesIO()
    joblib.dump(np.array([Runs(os.system, "exit 1")], object), file)
    file.seek(0)
    with pytest.raises(Untrusted, match="system"):
        SafeUnpickler(file).load()


def test_what_fitted_models_consist_of_is_read() -> None:
    kept = [np.log1p, np.float64(2), np.random.default_rng(0), {3: (1, b"2")}, X, Y.index]
    file = io.BytesIO()
    joblib.dump(kept, file)
    file.seek(0)
    found = SafeUnpickler(file).load()
    assert found[:2] == kept[:2]
    assert found[4].equals(X)


def doubled(values: Any) -> Any:
    return values * 2


OWN_CODE = pickle.dumps(
    make_pipeline(FunctionTransformer(doubled), LinearRegression()).fit(PLAIN, X["area"])
)
UNFITTED = models.pipeline(LogisticRegression())
NUMBERS = LinearRegression().fit(PLAIN, X["area"])
STRICT = make_pipeline(OrdinalEncoder(), LogisticRegression()).fit(X[["rooms"]], Y)
MATRIX = LinearRegression().fit(PLAIN.to_numpy(), X["area"])
SPLIT = LogisticRegression().fit(PLAIN, np.where(Y == "dear", 1, 0))


@pytest.mark.parametrize(
    ("model", "rows", "words"),
    [
        (OWN_CODE, ROWS, rf"doubled`, which is not scikit-learn's; .* {MOVE}"),
        (named("__main__", "Own"), ROWS, rf"needs `Own` of the script .* {MOVE}"),
        (named("cloudpickle.cloudpickle", "_make_function"), ROWS, "holds a lambda"),
        (pickle.dumps(FITTED)[:-900], ROWS, "cut short"),
        (b"hunter2\n", ROWS, "cut short or no model"),
        (b"", ROWS, "is empty"),
        ({"model": FITTED}, ROWS, r"holds a dict, and the model is its \['model'\]; save that"),
        ((1, FITTED), ROWS, r"holds a tuple, and the model is its \[1\]; save that alone"),
        ({"score": 1}, ROWS, r"\(dict\) has no `predict`"),
        (LogisticRegression, ROWS, r"LogisticRegression is a class, and no model; save what"),
        (b"version https://git-lfs.github.com/spec/v1\noid", ROWS, "it with `git lfs pull`"),
        (StandardScaler().fit(PLAIN), ROWS, r"\(StandardScaler\) has no `predict`"),
        (UNFITTED, ROWS, "has not been fitted"),
        (FITTED, ROWS.drop(columns=["rooms", "area"]), "takes area, rooms, too; "),
        (FITTED, ROWS.drop(columns="price"), "no column 'price'; its columns are: area, age"),
        (FITTED, ROWS[ROWS["price"] == "dear"], "holds one class only"),
        (FITTED, ROWS.replace({"price": {"dear": "dearest"}}), "the class 'dearest', and"),
        (FITTED, ROWS.assign(price=ROWS["price"].where(ROWS["number"] > 2)), "3 gaps, .* row 1"),
        (STRICT, ROWS.assign(rooms=ROWS["rooms"] + 1), "'rooms' of .* has 9 in row .* OrdinalEnc"),
        (FITTED, ROWS.assign(area="big"), "'area' of .* has 'big' in row 1, which is no number"),
        (FITTED, pd.concat([ROWS[:1].assign(price=p) for p in ("dear", "cheap")]), "same row"),
        (FITTED, ROWS[:0], "has no rows"),
        (FITTED, "", "is empty"),
        (FITTED, "\n\n", "is empty"),
        (FITTED, "price,area,area\n1,2,3\n", "'area' twice"),
        (FITTED, "price,area\n1,2\n1,2,3\n", "row 2: This row has 3 cells"),
        (FITTED, b"price,area\n1,\x00\xff\n", "not utf-8 text"),
        (NUMBERS, ROWS, "answers numbers, and .*'price' .* holds none"),
        (NUMBERS, ROWS.drop(columns="price").assign(price=True), "holds none"),
        (MATRIX, ROWS, r"takes 2 columns and knows no names; .* has 6 .*\(area, age"),
        (SPLIT, ROWS, "the class '(dear|cheap)', '(dear|cheap)', and the model answers 0, 1 only"),
    ],
    ids=kind,
)
def test_what_cannot_be_served_changes_nothing(
    own: None, tmp_path: Path, model: Any, rows: Any, words: str
) -> None:
    root = tmp_path / "artifacts"
    before = models.publish_small_regression(root)
    with pytest.raises((ArtifactError, SignatureError), match=words) as caught:
        bring(tmp_path, model, rows)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert load(root).version == before.version
    assert {path.name for path in root.iterdir()} == {before.version, "current", ".lock"}


def test_another_version_of_scikit_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for saved, mend in (
        ("1.2.2", r"train it again with [\d.]+\.$"),
        ("1.99.0", r"or use its own: `uv add --optional train scikit-learn==1\.99\.0`"),
    ):
        monkeypatch.setattr("sklearn.base.__version__", saved)
        content = pickle.dumps(FITTED)
        monkeypatch.undo()
        with pytest.raises(ArtifactError, match=f"scikit-learn {saved}, .*{mend}"):
            bring(tmp_path, content)


def test_a_file_of_skops_that_needs_other_code(own: None, tmp_path: Path) -> None:
    skops.io.dump(FunctionTransformer(doubled), tmp_path / "own.skops")
    ROWS.to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(
        ArtifactError, match=rf"holds code that is not .*doubled; move what .* {MOVE}"
    ):
        take(tmp_path / "own.skops", tmp_path / "rows.csv", root=tmp_path)


def test_files_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "rows.csv"
    ROWS.to_csv(data, index=False)
    (tmp_path / "folder.pkl").mkdir()
    (tmp_path / "model.h5").write_bytes(b"?")
    (tmp_path / "model.skops").write_bytes(b"?")
    (tmp_path / "model.txt").write_text("a password", "utf-8")
    for library in ("xgboost", "lightgbm"):
        monkeypatch.setitem(sys.modules, library, None)
    for file, words in (
        ("none.pkl", "There is no file"),
        ("folder.pkl", "is a folder"),
        ("model.h5", "of no known kind; models end in .pkl"),
        ("model.skops", "cannot be read"),
        ("model.txt", "needs lightgbm and onnxmltools: `uv add lightgbm"),
    ):
        with pytest.raises(ArtifactError, match=words):
            take(tmp_path / file, data, root=tmp_path)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(FITTED))
    for name, words in (
        ("none.csv", "There is no file"),
        ("model.h5", "must be a table that ends in .csv or .parquet"),
    ):
        with pytest.raises(SignatureError, match=words):
            take(tmp_path / "model.pkl", tmp_path / name, root=tmp_path)
    with pytest.raises(SignatureError, match="name: String should match"):
        take(tmp_path / "model.pkl", data, root=tmp_path, name="not valid")
    monkeypatch.setattr(tables, "MOST_BYTES", 100)
    with pytest.raises(SignatureError, match="more than the 0 MB that are read; a sample"):
        take(tmp_path / "model.pkl", data, root=tmp_path)


def test_a_library_that_is_missing() -> None:
    with pytest.raises(ArtifactError, match=r"^It needs json and no_such: `uv add no_such`"):
        need("It", "json", "no_such")
    assert set(FORMATS) >= {".pkl", ".pickle", ".joblib", ".skops", ".json", ".ubj", ".txt"}


def test_nothing_is_read_that_nobody_agreed_to(tmp_path: Path) -> None:
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    with pytest.raises(ArtifactError, match="nobody agreed"):
        bring(tmp_path, agreed=refuse)
    assert "run code" in asked[0]


def test_a_sample_of_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modeldesk.ml.converting.convert.MOST_ROWS", 40)
    artifact = bring(tmp_path)
    assert artifact.metrics["parity"]["rows"] == 40
    assert artifact.metrics["imported"]["rows"] == 150
