"""One table, five readers: what can be imported is answered, wherever it is given."""

import csv
import io
import pickle
import re
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from modeldesk.ml import publish
from modeldesk.ml.batch import predict_file
from modeldesk.ml.importing import import_model
from modeldesk.ml.importing.tables import texts
from modeldesk.ml.importing.types import Told
from modeldesk.ml.tables.headings import TableError
from modeldesk.ml.tables.reading import Reading
from modeldesk.ml.validation import InvalidInstances
from modeldesk.pages import rows
from modeldesk.serving import protocols
from modeldesk.serving.answers import Problem, Request
from modeldesk.serving.deployment import Deployment, current_served
from modeldesk.serving.service import Service
from modeldesk.serving.settings import Settings
from modeldesk.testing import hostile
from pyarrow import parquet
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from .memory import MemoryLog

Answers = list[str]


class Readers:
    """The four readers of a service's version; the fifth is the import."""

    def __init__(self, root: Path, folder: Path) -> None:
        current_served.set(None)
        self.folder = folder
        self.service = Service(
            Deployment(root, auth=False), MemoryLog(), Settings.model_validate({})
        )
        self.predictor = self.service.predictor

    def by_file(self, content: bytes, name: str = "sent.csv") -> Answers:
        """What `predict-file` answers."""
        source, target = self.folder / name, self.folder / f"answers{Path(name).suffix}"
        source.write_bytes(content)
        summary = predict_file(self.predictor, source, target, progress=False)
        assert summary.first_faults == []
        if target.suffix == ".parquet":
            return [str(value) for value in parquet.read_table(target)["prediction"].to_pylist()]
        return self.column(target.read_bytes())

    def by_upload(self, content: bytes) -> Answers:
        """What the form answers to a file."""
        answer = rows.answer_file(self.service, "sent.csv", content, "r")
        return self.column(answer.body)

    def by_body(self, content: bytes) -> Answers:
        """What /invocations answers to CSV."""
        request = Request(content, {"Content-Type": "text/csv"}, {}, "r")
        answer: Any = protocols.invocations(self.service, request)
        return [str(value) for value in answer["predictions"]]

    def by_paste(self, text: str) -> Answers:
        """What the form answers once a row was pasted."""
        shown = rows.fill_in(self.service, text)
        assert (shown.row_fault, shown.faults) == ("", [])
        typed = {name: text for name, text in (shown.typed or {}).items() if text is not None}
        row, _ = self.predictor.validator.from_form(typed)
        return [str(answer.value) for answer in self.predictor.predict([row])]

    def by_all(self, content: bytes, encoding: str = "utf-8-sig", paste: str = "") -> Answers:
        """What all of them answer, the pasted row being the first."""
        found = self.by_file(content)
        assert self.by_upload(content) == found
        assert self.by_body(content) == found
        text = paste or "\n".join(content.decode(encoding).splitlines()[:2])
        assert self.by_paste(text) == found[:1]
        return found

    def column(self, content: bytes) -> Answers:
        """The answers of a file that came back."""
        text = content.decode("utf-8-sig")
        mark = max(";,\t", key=text.partition("\n")[0].count)
        header, *lines = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        place = max(i for i, name in enumerate(header) if re.fullmatch("prediction(_2)?", name))
        assert {line[-1] for line in lines} <= {""}
        return [line[place] for line in lines]


def brought(
    folder: Path, model: Any, content: bytes, *, name: str = "rows.csv", **options: Any
) -> Readers:
    """The readers of a model that was imported with a table."""
    (folder / "model.pkl").write_bytes(pickle.dumps(model))
    (folder / name).write_bytes(content)
    given: dict[str, Any] = {"agreed": lambda _: True, "say": lambda _: None} | options
    root = Path(tempfile.mkdtemp(dir=folder))
    import_model(folder / "model.pkl", folder / name, ["target"], root=root, **given)
    return Readers(root, folder)


def as_csv(frame: pd.DataFrame, **options: Any) -> bytes:
    return str(frame.to_csv(index=False, **options)).encode()


def numbers(answers: Answers) -> list[float]:
    return [float(answer.replace(",", ".")) for answer in answers]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    hostile.publish_hostile_model(root)
    return root


@pytest.fixture(autouse=True)
def _settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_the_example_of_a_model_of_odd_names_passes(odd: Path, tmp_path: Path) -> None:
    readers = Readers(odd, tmp_path)
    content = rows.example_file(readers.service).body
    example = readers.service.signature.example
    (expected,) = readers.predictor.predict(readers.predictor.validator.from_json([example])[0])
    values = list(csv.reader(io.StringIO(content.decode(), newline="")))[1]
    line = io.StringIO(newline="")
    csv.writer(line).writerow(values)
    # Without the header: in a browser's text two of its names are the same.
    assert readers.by_all(content, paste=line.getvalue()) == [str(expected.value)]
    (row,) = texts(tmp_path / "sent.csv", example).to_dict("records")
    assert list(row) == list(example)
    assert list(row.values()) == values


def test_rows_of_odd_values_pass(odd: Path, tmp_path: Path) -> None:
    readers = Readers(odd, tmp_path)
    X = hostile.hostile_rows()
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    writer.writerow(X.columns)
    for index in range(len(X)):
        cells = X.iloc[index].to_list()
        writer.writerow("" if pd.isna(cell) else str(cell) for cell in cells)
    content = line.getvalue().encode()
    wanted = list(X[hostile.NAMES[0]])
    for read in (readers.by_file, readers.by_upload, readers.by_body):
        assert read(content) == wanted
    sent = list(csv.reader(io.StringIO(content.decode(), newline="")))
    came = (tmp_path / "answers.csv").read_bytes().decode()
    back = list(csv.reader(io.StringIO(came, newline="")))
    assert [line[: len(sent[0])] for line in back] == sent
    assert back[0][len(sent[0])] == "prediction_2"  # as the model has a feature `prediction`


def test_formulas_are_data(tmp_path: Path) -> None:
    """n01: levels, classes and headings that a spreadsheet would run come out as they went in."""
    r = np.random.default_rng(14)
    X = pd.DataFrame({"@tag": r.choice(["-", "+", "=1+1", "plain"], 400)})
    X["=size"] = r.normal(size=400)
    y = pd.Series(np.where(X["=size"] > 0, "+", "-1"), name="target")
    encode = make_column_transformer((OneHotEncoder(), ["@tag"]), remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression()).fit(X[:300], y[:300])
    content = as_csv(X[300:].join(y[300:]))
    readers = brought(tmp_path, model, content)
    assert readers.by_all(content) == list(model.predict(X[300:]))
    answer = rows.answer_file(readers.service, "sent.csv", content, "r").body
    assert answer == (tmp_path / "answers.csv").read_bytes()
    for before, after in zip(content.splitlines(), answer.splitlines(), strict=True):
        assert after.startswith(before + b",")
    assert answer.splitlines()[0] == (
        b"@tag,=size,target,prediction,probability_+,probability_-1,prediction_error"
    )


def test_what_others_wrote_is_guarded_in_the_answers(odd: Path, tmp_path: Path) -> None:
    """Cells and headings that the model does not name, in the file of a command and of a page."""
    readers = Readers(odd, tmp_path)
    sent = hostile.hostile_rows()[:3].assign(**{"=cmd": ["=2+2", "-1", "@SUM(1)"], "plain": "-"})
    text = hostile.NAMES[hostile.KINDS.index("text")]
    sent[text] = ["=HYPERLINK(1)", "'=1", "\tx"]
    sent = sent.fillna("")
    line = io.StringIO(newline="")
    csv.writer(line).writerows([sent.columns, *sent.astype(str).to_numpy().tolist()])
    content = line.getvalue().encode()
    readers.by_file(content)
    answer = rows.answer_file(readers.service, "sent.csv", content, "r").body
    assert answer == (tmp_path / "answers.csv").read_bytes()
    header, *lines = csv.reader(io.StringIO(answer.decode(), newline=""))
    place = header.index("'=cmd")
    assert [line[place] for line in lines] == ["'=2+2", "-1", "'@SUM(1)"]
    assert {line[header.index("plain")] for line in lines} == {"'-"}
    found = [line[list(sent).index(text)] for line in lines]
    assert found == ["'=HYPERLINK(1)", "''=1", "'\tx"]


def test_a_first_line_that_names_the_mark_and_headings_of_two_lines(tmp_path: Path) -> None:
    """i04, with a target before and behind the break."""
    r = np.random.default_rng(4)
    X = pd.DataFrame({"area": r.uniform(20, 90, 200), "price\n(EUR)": r.uniform(1, 9, 200)})
    X["rooms"] = r.integers(1, 9, 200)
    y = (X["area"] + X["rooms"]).rename("target")
    model = LinearRegression().fit(X, y)
    for columns in (["area", "target", "price\n(EUR)", "rooms"], [*X.columns, "target"]):
        content = as_csv(X.join(y)[columns])
        readers = brought(tmp_path, model, content)
        assert [f.name for f in readers.service.signature.features] == list(X.columns)
        first = "\n".join(content.decode().split("\n")[:3])
        for sent in (content, content.replace(b"\n", b"\r\n"), b"sep=,\n" + content):
            assert numbers(readers.by_all(sent, paste=first)) == pytest.approx(list(y), rel=1e-5)
    marked = b"sep=;\r\n" + as_csv(X.join(y).rename(columns={"price\n(EUR)": "price"}), sep=";")
    model = LinearRegression().fit(X.rename(columns={"price\n(EUR)": "price"}), y)
    readers = brought(tmp_path, model, marked)
    first = "\n".join(marked.decode().splitlines()[:3])
    assert numbers(readers.by_all(marked, paste=first)) == pytest.approx(list(y), rel=1e-5)
    assert (tmp_path / "answers.csv").read_bytes().startswith(b"area;price;rooms;target;predic")


def test_blanks_around_names_and_values(tmp_path: Path) -> None:
    """i05: the model knows the names and levels with their blanks, as pandas had read them."""
    r = np.random.default_rng(5)
    drawn = zip(r.integers(20, 70, 400), r.choice(["Private", "State-gov"], 400), strict=True)
    lines = [f"{a}, {w}, {'>50K' if (a > 40) == (w == 'Private') else '<=50K'}" for a, w in drawn]
    content = "\n".join(["age, workclass, target", *lines]).encode()
    data = pd.read_csv(io.BytesIO(content))
    encode = make_column_transformer((OneHotEncoder(), [" workclass"]), remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression(max_iter=900))
    model.fit(data[["age", " workclass"]], data[" target"])
    readers = brought(tmp_path, model, content)
    names = [feature.name for feature in readers.service.signature.features]
    assert names == ["age", " workclass"]
    assert readers.service.signature.features[1].categories == [" Private", " State-gov"]
    wanted = list(model.predict(data[names]))
    assert readers.by_all(content) == wanted
    assert readers.by_all(content.replace(b", ", b",")) == wanted
    assert readers.by_all(content.replace(b", ", b" ;\t ")) == wanted


def test_a_column_without_a_name(tmp_path: Path) -> None:
    """i06: pandas calls it "Unnamed: 0", and models were trained on it, or without it."""
    r = np.random.default_rng(6)
    table = pd.DataFrame({"area": r.uniform(20, 90, 300), "rooms": r.integers(1, 9, 300)})
    table["target"] = table["area"] * 2
    content = table.to_csv().encode()
    X = pd.read_csv(io.BytesIO(content)).drop(columns="target")
    two = ["area", "rooms"]
    for fitted_on, names in (
        (X, ["Unnamed: 0", *two]),
        (X.to_numpy(), ["Unnamed: 0", *two]),
        (X[two].to_numpy(), two),
        (X[two], two),
    ):
        model = RandomForestRegressor(5, random_state=0).fit(fitted_on, table["target"])
        readers = brought(tmp_path, model, content)
        assert [feature.name for feature in readers.service.signature.features] == names
        wanted = list(model.predict(fitted_on))
        assert numbers(readers.by_all(content)) == pytest.approx(wanted, rel=1e-5)


def test_a_table_whose_index_repeats(tmp_path: Path) -> None:
    """i07, and an index with a name, which may be the target."""
    r = np.random.default_rng(7)
    X = pd.concat([pd.DataFrame({"x": r.normal(size=60), "z": r.normal(size=60)})] * 3)
    y = pd.Series(np.where(X["x"] > 0, "up", "down"), index=X.index, name="target")
    model = LogisticRegression().fit(X, y)
    rows = X.assign(target=y.to_numpy())
    for frame in (rows, rows.set_index("target"), rows.set_index(["target", "z"])):
        frame.to_parquet(tmp_path / "index.parquet")
        content = (tmp_path / "index.parquet").read_bytes()
        readers = brought(tmp_path, model, content, name="rows.parquet")
        assert readers.predictor.artifact.metrics["held_out_rows"] == 180
        assert readers.by_file(content, "sent.parquet") == list(model.predict(X))
        back = pd.read_parquet(tmp_path / "answers.parquet")
        pd.testing.assert_frame_equal(back[list(frame)], frame)


def test_types_of_a_warehouse(tmp_path: Path) -> None:
    """i08: decimals, nullable numbers and truths, long and repeated texts, tiny numbers."""
    r = np.random.default_rng(8)
    n = 300
    price, member = r.uniform(1, 99, n).round(2), r.random(n) < 0.5
    age = r.integers(18, 90, n).astype(float)
    age[::9] = np.nan
    X = pd.DataFrame({"price": price, "age": age, "member": member.astype(float)})
    X.loc[::11, "member"] = np.nan
    y = np.where((price > 50) ^ member, "yes", "no")
    model = HistGradientBoostingClassifier(max_iter=20).fit(X, y)
    wanted = list(model.predict(X))
    ages = [None if np.isnan(v) else int(v) for v in age]
    members = [None if i % 11 == 0 else bool(v) for i, v in enumerate(member)]
    tables = [
        pa.table(
            {
                "price": pa.array([Decimal(f"{v:.2f}") for v in price], kind),
                "age": pa.array(ages, pa.int8()),
                "member": pa.array(members),
                "target": answers,
            }
        )
        for kind, answers in (
            (pa.decimal128(9, 2), pa.array(y.tolist(), pa.large_string()).dictionary_encode()),
            (pa.decimal256(60, 2), pa.array([answer.encode() for answer in y], pa.binary())),
        )
    ]
    nullable = X.astype({"age": "Int64", "member": "boolean"})
    tables.append(pa.Table.from_pandas(nullable.assign(target=pd.array(y, "string"))))
    for table in tables:
        parquet.write_table(table, tmp_path / "types.parquet")
        content = (tmp_path / "types.parquet").read_bytes()
        readers = brought(tmp_path, model, content, name="rows.parquet")
        assert readers.by_file(content, "sent.parquet") == wanted
        back = parquet.read_table(tmp_path / "answers.parquet")
        assert back.select(table.column_names).to_pylist() == table.to_pylist()
    csv = as_csv(nullable.assign(target=y))  # True, False and blanks
    assert brought(tmp_path, model, csv).by_all(csv) == wanted


def test_gaps_as_programs_write_them(tmp_path: Path) -> None:
    r = np.random.default_rng(9)
    X = pd.DataFrame({"x": r.normal(size=200), "z": r.normal(size=200)})
    X.loc[::4, "x"] = np.nan
    y = np.where(X["z"] > 0, "NA", "None")  # which are classes here
    model = HistGradientBoostingClassifier(max_iter=5).fit(X, y)
    readers = brought(tmp_path, model, as_csv(X.assign(target=y), na_rep="#N/A"))
    for gap in ("", "NA", "NaN", "nan", "null", "None", "N/A", "#N/A", " NA "):
        assert readers.by_all(as_csv(X.assign(target=y), na_rep=gap)) == list(model.predict(X))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_encodings_that_a_file_names_itself(tmp_path: Path, encoding: str) -> None:
    X = pd.DataFrame({"Größe": np.arange(50.0), "z": np.arange(50.0)[::-1]})
    model = LinearRegression().fit(X, X["z"])
    content = X.assign(target=X["z"]).to_csv(index=False, sep="\t").encode(encoding)
    readers = brought(tmp_path, model, content)
    found = numbers(readers.by_all(content, encoding.removesuffix("-sig")))
    assert found == pytest.approx(list(X["z"]), abs=1e-4)


def test_numbers_and_dates_as_they_were_told(tmp_path: Path) -> None:
    X = pd.DataFrame({"area": np.linspace(900, 9000, 100).round(1), "rooms": np.arange(100.0)})
    y = (X["area"] * 3).rename("target")
    model = LinearRegression().fit(X, y)
    german = X.join(y).map(
        lambda v: f"{v:,.1f}".replace(",", "_").replace(".", ",").replace("_", ".")
    )
    content = as_csv(german, sep=";")
    told = Told(decimal=",", thousands=".")
    readers = brought(tmp_path, model, content, told=told)
    assert readers.service.signature.reading == Reading(decimal=",", thousands=".")
    found = readers.by_file(content)
    assert numbers(found) == pytest.approx(list(y), rel=1e-5)
    assert all("," in answer for answer in found)  # as the rest of the file
    assert readers.by_upload(content) == found
    assert numbers(readers.by_body(content)) == numbers(found)
    first = "\n".join(content.decode().splitlines()[:2])
    assert numbers(readers.by_paste(first)) == numbers(found[:1])
    example = rows.example_file(readers.service).body
    assert example == b"area;rooms\n900,0;0,0\n"
    assert readers.by_upload(example) == found[:1]
    with pytest.raises(AssertionError, match=r"\(it was '1\.5'\); write it like 1234,5\."):
        readers.by_file(b"area;rooms\n1.5;1\n")


SMALL = b"area,rooms\n50.5,3\n"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("plain")
    X = pd.DataFrame({"area": np.arange(50.0), "rooms": np.arange(50) % 7})
    publish(LinearRegression().fit(X, X["area"]), X, X["area"], name="plain", root=root)
    return root


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; its first line must name the columns."),
        (b"PK\x03\x04xl/workbook.xml", "a workbook or an archive; save its table as CSV or"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a workbook of Excel; save its table as CSV or Parquet."),
        (b"PAR1\x15\x04\x15", "is Parquet; let its name end in .parquet."),
        (b"\x1f\x8b\x08\x00", "is compressed; unpack it first."),
        (b"area,rooms, area \n1,2,3\n".replace(b"area,r", b" area,r"), "'area' twice; rename one."),
        (b'area,rooms\n1,2\n1,"2\n', "unbalanced quote after line 2 .*; close or double it."),
        (b"area,rooms\n1,2\n\xe9,2\n", r"is not utf-8 text, see byte 0xe9 in line 3; "),
        (b"\xff\xfea", "is not utf-16 text; "),
    ],
)
def test_what_cannot_be_read_is_refused_alike(
    plain: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    readers = Readers(plain, tmp_path)
    for read in (readers.by_file, readers.by_upload, readers.by_body, imported(tmp_path)):
        with pytest.raises((TableError, Problem), match=words):
            read(content)


def imported(folder: Path) -> Callable[[bytes], Any]:
    """Reads a table as imports do."""

    def read(content: bytes) -> Any:
        (folder / "rows.csv").write_bytes(content)
        return texts(folder / "rows.csv", ["area", "rooms"])

    return read


@pytest.mark.parametrize("name", ["rows.xlsx", "rows.xls", "rows.json", "rows.csv.gz", "rows.ods"])
def test_files_of_other_kinds_are_refused_by_name(plain: Path, tmp_path: Path, name: str) -> None:
    readers = Readers(plain, tmp_path)
    (tmp_path / name).write_bytes(SMALL)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(LinearRegression()))
    for read in (
        lambda: predict_file(readers.predictor, tmp_path / name, tmp_path / "out.csv"),
        lambda: rows.answer_file(readers.service, name, SMALL, "r"),
        lambda: import_model(
            tmp_path / "model.pkl",
            tmp_path / name,
            ["area"],
            agreed=lambda _: True,
            say=lambda _: None,
        ),
    ):
        with pytest.raises(TableError, match=f"{name} is .*; (save its|unpack it)"):
            read()


def test_a_row_of_another_length_is_named(plain: Path, tmp_path: Path) -> None:
    content = SMALL + b"1,2,3\n"
    says = "This row has 3 cells where the header has 2; name each column, and quote cells with ','"
    says += " in them"
    readers = Readers(plain, tmp_path)
    with pytest.raises(AssertionError, match=f"Row 2: {says}"):
        readers.by_file(content)
    answer = rows.answer_file(readers.service, "sent.csv", content, "r").body.decode()
    assert answer.splitlines()[2] == f'1,2,,"{says}."'
    with pytest.raises(TableError, match=rf"rows.csv, row 2: {says}\."):
        imported(tmp_path)(content)
    shown = rows.fill_in(readers.service, "area,rooms\n1,2,3")
    assert shown.row_fault == f"{says}."


def test_values_that_do_not_fit_are_named_alike(plain: Path, tmp_path: Path) -> None:
    content = SMALL + b"1.234.5,2\n"
    says = "Area should be a valid number (it was '1.234.5')"
    mend = "; write it like 1234.5."
    readers = Readers(plain, tmp_path)
    with pytest.raises(AssertionError, match=re.escape(f"Row 2: {says}{mend}")):
        readers.by_file(content)
    answer = rows.answer_file(readers.service, "sent.csv", content, "r").body.decode()
    assert answer.splitlines()[2] == f"1.234.5,2,,{says}{mend}"
    with pytest.raises(InvalidInstances, match=re.escape(says + mend)):
        readers.by_body(content)
    (fault,) = rows.fill_in(readers.service, "area,rooms\n1.234.5,2").faults
    assert fault.msg == f"{says}."  # beside its field


def test_rows_without_a_header(plain: Path, tmp_path: Path) -> None:
    readers = Readers(plain, tmp_path)
    for sent in (b"50.5,3\n", b"50.5;3\n", b"\xef\xbb\xbf50.5\t3\n"):
        assert numbers(readers.by_body(sent)) == pytest.approx([50.5])
        assert numbers(readers.by_paste(sent.decode("utf-8-sig"))) == pytest.approx([50.5])


def test_values_may_be_as_columns_are_called(tmp_path: Path) -> None:
    r = np.random.default_rng(15)
    X = pd.DataFrame({"a b": r.choice(["a b", "c"], 60), "d": r.choice(["a b", "d"], 60)})
    X["x"] = r.normal(size=60)
    y = np.where((X["a b"] == "c") | (X["x"] > 1), "p", "q")
    encode = make_column_transformer((OneHotEncoder(), ["a b", "d"]), remainder="passthrough")
    model = make_pipeline(encode, LogisticRegression()).fit(X, y)
    readers = brought(tmp_path, model, as_csv(X.assign(target=y)))
    for line in ("a b,a b,1.5", "a b;d;1.5", "c\ta b\t-1"):
        values = re.split("[,;\t]", line)
        row = pd.DataFrame([values], columns=X.columns).astype({"x": float})
        wanted = list(model.predict(row))
        assert readers.by_body(line.encode()) == wanted
        assert readers.by_paste(line) == wanted
    with pytest.raises(Problem, match="'a b' twice"):
        readers.by_body(b"a b,a b,x\nc,d,1\n")
    assert "below the header" in rows.fill_in(readers.service, "a b,d,x").row_fault


def test_a_blank_is_what_it_was_in_training(tmp_path: Path) -> None:
    """Gaps were filled with "" before training: as a level, or as a text without words."""
    r = np.random.default_rng(16)
    X = pd.DataFrame({"c": r.choice(["", "a"], 120), "x": r.normal(size=120)})
    y = np.where((X["c"] == "a") | (X["x"] > 1), "p", "q")
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["c"]), remainder="passthrough"
    )
    model = make_pipeline(encode, LogisticRegression()).fit(X, y)
    content = as_csv(X.assign(target=y))
    readers = brought(tmp_path, model, content)
    assert readers.service.signature.features[0].missing
    assert readers.by_all(content) == list(model.predict(X))
    X["c"] = r.choice(["", "good", " bad", "NA"], 120)
    y = np.where(X["c"] == "good", "ham", "spam")
    words = make_column_transformer((TfidfVectorizer(), "c"), remainder="passthrough")
    model = make_pipeline(words, LogisticRegression()).fit(X, y)
    content = as_csv(X.assign(target=y))
    assert brought(tmp_path, model, content).by_all(content) == list(model.predict(X))


def test_truths_whose_rows_show_no_gaps(tmp_path: Path) -> None:
    r = np.random.default_rng(17)
    X = pd.DataFrame({"x": r.integers(0, 100, 120), "z": r.normal(size=120)})
    y = np.where((X["x"] > 50) ^ (X["z"] > 0), "p", "q")
    model = RandomForestClassifier(5, random_state=0).fit(X, y)
    rows = X.assign(x=r.random(120) < 0.5)
    readers = brought(tmp_path, model, as_csv(rows.assign(target=y)), accept_score=True)
    content = b"x,z,target\n,0.05,p\nTrue,0.05,p\n"
    asked = pd.DataFrame({"x": [np.nan, 1], "z": 0.05})
    assert readers.by_all(content) == list(model.predict(asked))


def test_blank_lines_and_rows_are_left_out(plain: Path, tmp_path: Path) -> None:
    readers = Readers(plain, tmp_path)
    content = b"  \n\narea,rooms\r\n \t \r\n50.5,3\r\n\r\n   \r\n"
    found = readers.by_all(content, paste="area,rooms\n \n50.5,3\n  \n")
    assert numbers(found) == pytest.approx([50.5])
    assert len(imported(tmp_path)(content + b",\r\n , \r\n7,3\r\n")) == 2


def test_a_row_without_a_header_has_decimal_commas(tmp_path: Path) -> None:
    X = pd.DataFrame({"area": np.arange(60) * 1.5, "rooms": np.arange(60) % 7})
    y = pd.Series(X["area"] + X["rooms"], name="target")
    content = as_csv(X.join(y), sep=";", decimal=",")
    readers = brought(tmp_path, LinearRegression().fit(X, y), content, told=Told(decimal=","))
    for line in ("12,5;2", "12,5\t2", '"12,5","2"'):
        assert numbers(readers.by_body(line.encode())) == pytest.approx([14.5])
        assert numbers(readers.by_paste(line)) == pytest.approx([14.5])


def test_the_mark_of_a_file_is_no_part_of_a_heading(tmp_path: Path) -> None:
    X = pd.DataFrame({"area": np.arange(60) * 1.5, "rooms": np.arange(60) % 7})
    content = as_csv(X.assign(target=X["area"]))
    for name in ("area", "\ufeffarea"):
        model = LinearRegression().fit(X.rename(columns={"area": name}), X["area"])
        for mark in (b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf" * 2):
            readers = brought(tmp_path, model, mark + content)
            assert numbers(readers.by_all(content)) == pytest.approx(list(X["area"]), abs=1e-4)
