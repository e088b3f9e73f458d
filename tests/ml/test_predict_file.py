"""Files in, files out: every row keeps its place, and every fault has its sentence."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from modeldesk.ml.batch import Summary, predict_file
from modeldesk.ml.predictor import Predictor
from modeldesk.ml.rows import listed
from modeldesk.ml.tables.headings import TableError
from modeldesk.ml.tables.parquet_table import array_of, cells_of, type_of
from modeldesk.testing import models

HEADER = "id,area,age,rooms,garden,heating"
ROW = "7,100.5,30,3,yes,gas"


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    root = tmp_path_factory.mktemp("artifacts")
    models.publish_small_model(root)
    return Predictor.load(root)


@pytest.fixture
def run(predictor: Predictor, tmp_path: Path) -> Any:
    def run(
        content: str | bytes, encoding: str = "utf-8-sig", suffix: str = ".csv"
    ) -> tuple[list[list[str]], Summary]:
        source, target = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            summary = predict_file(predictor, source, target, encoding=encoding, progress=False)
            with target.open(encoding="utf-8", newline="") as file:
                return list(csv.reader(file)), summary
        finally:
            left = {path.name for path in tmp_path.iterdir()} - {source.name, target.name}
            assert not left, "a partial file was left behind"

    return run


def refused(run: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(TableError) as caught:
        run(*args, **kwargs)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_rows_come_out_as_they_went_in_with_their_predictions(
    run: Any, predictor: Predictor
) -> None:
    rows, summary = run(f"{HEADER}\n{ROW}\n8,50,,1,no,oil\n")
    added = ["prediction", "probability_cheap", "probability_dear", "prediction_error"]
    assert rows[0] == [*HEADER.split(","), *added]
    assert rows[1][:6] == ROW.split(",")
    row = {"area": 100.5, "age": 30, "rooms": 3, "garden": True, "heating": "gas"}
    (answer,) = predictor.predict(predictor.validator.from_json([row])[0])
    assert (rows[1][6], rows[1][9]) == (answer.value, "")
    shares = list((answer.probabilities or {}).values())
    assert [float(share) for share in rows[1][7:9]] == pytest.approx(shares, rel=1e-4)
    assert rows[2][:6] == ["8", "50", "", "1", "no", "oil"]
    assert rows[2][6] in ("cheap", "dear")
    assert (summary.rows, summary.refused, summary.first_faults) == (2, 0, [])


def test_bad_rows_keep_their_place(run: Any) -> None:
    bad = [
        "1,wide,,3,yes,gas",
        "2,100,,,maybe,coal",
        "3,100",
        "4,100,,3,yes,gas,more,and more",
        "5,1e400,,3,yes,gas",
        "6,100,,3,yes,\0",
    ]
    rows, summary = run("\n".join([HEADER, ROW, *bad, "", ROW]) + "\n")
    assert [row[0] for row in rows[1:]] == ["7", "1", "2", "3", "4", "5", "6", "7"]
    assert {len(row) for row in rows} == {10}
    assert all(row[6] == row[7] == row[8] == "" and row[9] for row in rows[2:8])
    assert rows[1][6] == rows[8][6] != ""
    assert (summary.rows, summary.refused) == (8, 6)
    assert [fault.partition(":")[0] for fault in summary.first_faults] == [
        f"Row {number}" for number in range(2, 8)
    ]
    assert "Living area should be a valid number" in summary.first_faults[0]
    assert "Rooms is missing. Garden should be" in rows[3][9]
    assert (
        rows[4][9] == "This row has 2 cells where the header has 6; write a cell for each column."
    )
    assert rows[5][9].startswith("This row has 8 cells where the header has 6; name each column, ")


def test_only_the_first_faults_are_told(run: Any) -> None:
    rows, summary = run(HEADER + "\n" + "1,,,,,\n" * 5000)
    assert (summary.rows, summary.refused, len(summary.first_faults)) == (5000, 5000, 10)
    assert len(rows) == 5001


@pytest.mark.parametrize("rows", [0, 1, 999, 1000, 1001, 2500])
def test_no_row_is_lost_and_order_is_kept(run: Any, rows: int) -> None:
    lines = [f"{i},100,,{i % 7 + 1},yes,{'gas' if i % 5 else 'coal'}" for i in range(rows)]
    answers, summary = run("\n".join([HEADER, *lines]))
    assert [row[0] for row in answers[1:]] == [str(i) for i in range(rows)]
    assert summary.rows == rows
    assert summary.refused == len(range(0, rows, 5))
    assert all((row[6] == "") == (int(row[0]) % 5 == 0) for row in answers[1:])


@pytest.mark.parametrize(
    ("encoding", "given"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-8-sig"),
        ("latin-1", "latin-1"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings(run: Any, encoding: str, given: str) -> None:
    text = f"{HEADER}\n{ROW.replace('7', 'Zoë', 1)}\n"
    rows, _ = run(text.encode(encoding), encoding=given)
    assert rows[1][0] == "Zoë"
    assert rows[0][0].removeprefix("\ufeff") == "id"
    assert rows[0][0].startswith("\ufeff") == (encoding == "utf-8-sig")


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_delimiters(run: Any, predictor: Predictor, tmp_path: Path, mark: str) -> None:
    text = f"{HEADER}\n{ROW}\n".replace(",", mark)
    (tmp_path / "in.csv").write_text(text)
    predict_file(predictor, tmp_path / "in.csv", tmp_path / "out.csv", progress=False)
    first, second = (tmp_path / "out.csv").read_text().splitlines()
    assert first.startswith(HEADER.replace(",", mark) + mark + "prediction" + mark)
    assert second.split(mark)[:6] == ROW.split(",")
    assert second.endswith(mark)


def test_quotes_spaces_and_order_of_columns(run: Any) -> None:
    text = '"note", heating ,garden,rooms,area\r\n"a ""b"",\r\nc",gas,"true", 3 ,100\r\n'
    rows, summary = run(text)
    assert summary.refused == 0
    assert rows[1][0] == 'a "b",\r\nc'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (f"{ROW}\n{ROW}\n", "no column 'area', 'rooms', 'garden', 'heating'"),
        ("id,size,age,rooms,garden\n", "'area', 'heating'; .*: id, size, age, rooms, garden"),
        (f"{HEADER},area\n", "'area' twice"),
        (f"{HEADER}, area\n".replace("id,area", "id,area "), "'area' twice"),
        (f'{HEADER}\n{ROW}\n1,"100,,3,yes,gas\n' + f"{ROW}\n" * 9, "quote after line 2"),
        (f'{HEADER}\n1,"100"x,,3,yes,gas\n', "quote after line 1"),
        (f'"{HEADER}\n{ROW}\n', "unbalanced quote"),
        (HEADER.encode() + b"\n1,\xe9\n", "not utf-8 text, see byte 0xe9 in line 2.*latin-1"),
        (b"\x89PNG\r\n\x1a\n\0\0", "byte 0x89 in line 1"),
        (b"\xff\xfea", "not utf-16 text"),
        (b"PK\x03\x04" + HEADER.encode(), "a workbook or an archive; save its table as CSV"),
        (b"\xd0\xcf\x11\xe0", "a workbook of Excel; save its table as CSV"),
        (b"PAR1\x15\x04", "is Parquet; let its name end in .parquet"),
        (b"\x1f\x8b\x08", "is compressed; unpack it first"),
    ],
)
def test_files_that_are_refused(run: Any, content: str | bytes, words: str) -> None:
    import re

    assert re.search(words, refused(run, content))


def test_an_encoding_nobody_knows(run: Any) -> None:
    assert "no encoding 'klingon'" in refused(run, HEADER, encoding="klingon")


def test_paths_that_are_refused(predictor: Predictor, tmp_path: Path) -> None:
    good = tmp_path / "in.csv"
    good.write_text(f"{HEADER}\n{ROW}\n")
    (tmp_path / "folder.csv").mkdir()
    for source, target, words in [
        (good, tmp_path / "out.xlsx", "must both end in"),
        (good, tmp_path / "out.parquet", "must both end in"),
        (tmp_path / "in.xlsx", tmp_path / "out.xlsx", "in.xlsx is a workbook; save .* as CSV"),
        (tmp_path / "in.json", tmp_path / "out.csv", "in.json is JSON; save its rows as CSV"),
        (tmp_path / "in", tmp_path / "out.csv", "must be a table that ends in"),
        (tmp_path / "gone.csv", tmp_path / "out.csv", "no file"),
        (tmp_path / "folder.csv", tmp_path / "out.csv", "no file"),
        (good, tmp_path / "nowhere" / "out.csv", "no folder"),
        (good, good, "is the file to read"),
        (good, tmp_path / "x" / ".." / "in.csv", "no folder|is the file to read"),
        (good, tmp_path / "folder.csv", "directory|Access|denied"),
    ]:
        with pytest.raises(TableError, match=words):
            predict_file(predictor, source, target, progress=False)
    assert good.read_text() == f"{HEADER}\n{ROW}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "in.csv"]


def test_a_full_disk_is_named_and_leaves_the_old_answers(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*paths: Any) -> None:
        raise OSError(28, "No space left on device", "out.csv")

    (tmp_path / "out.csv").write_text("old")
    monkeypatch.setattr(os, "replace", full)
    assert "No space left on device" in refused(run, f"{HEADER}\n{ROW}\n")
    assert (tmp_path / "out.csv").read_text() == "old"


def test_parquet(predictor: Predictor, tmp_path: Path) -> None:
    frame, _ = models.houses(2500)
    frame.insert(0, "id", range(2500))
    frame["rooms"] = frame["rooms"].astype(object).where(frame["id"] != 1, None).astype("Int64")
    frame["heating"] = frame["heating"].where(frame["id"] != 2, "coal")
    frame = frame[frame["area"].between(21, 299)]
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame.to_parquet(source, index=False)
    summary = predict_file(predictor, source, target, progress=False)
    out = pd.read_parquet(target)
    pd.testing.assert_frame_equal(out[list(frame)], pd.read_parquet(source))
    assert list(out.columns[6:]) == [
        "prediction",
        "probability_cheap",
        "probability_dear",
        "prediction_error",
    ]
    assert (summary.rows, summary.refused) == (len(frame), 2)
    assert list(out["prediction"].isna()) == list(out["id"].isin([1, 2]))
    assert list(out["prediction_error"].notna()) == list(out["id"].isin([1, 2]))
    shares = out[["probability_cheap", "probability_dear"]].dropna().sum(axis=1)
    assert np.allclose(shares, 1)


def test_a_32_bit_number_at_the_edge_of_the_range(predictor: Predictor, tmp_path: Path) -> None:
    frame, _ = models.houses(150)
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame.to_parquet(source)
    assert predict_file(predictor, source, target, progress=False).refused == 0


def test_parquet_needs_no_pandas(tmp_path: Path) -> None:
    """Nor Arrow's own way to NumPy, which imports it if it is there."""
    models.publish_small_model(tmp_path / "artifacts")
    program = f"""
import sys
from pathlib import Path
from {Predictor.__module__} import Predictor
from modeldesk.ml.batch import predict_file

predictor = Predictor.load(Path("artifacts"))
predict_file(predictor, Path("in.parquet"), Path("out.parquet"), progress=False)
print("pandas" in sys.modules)
"""
    example = Predictor.load(tmp_path / "artifacts").signature.example
    pd.DataFrame([example] * 3).to_parquet(tmp_path / "in.parquet")
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "False\n", done.stderr
    assert pd.read_parquet(tmp_path / "out.parquet")["prediction"].notna().all()


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ([1.5, None, -0.0], [1.5, None, -0.0]),
        (np.array([1.5, np.nan, 2], "float32"), [1.5, None, 2.0]),
        (np.array([], "float64"), []),
        ([None, 2**60 + 1], [None, 2**60 + 1]),
        (np.array([3, 4]), [3, 4]),
        ([True, None, False] * 5, [True, None, False] * 5),
        (["kälter", None, "", "\U0001f525"], ["kälter", None, "", "\U0001f525"]),
        ([None, None], [None, None]),
    ],
)
def test_a_column_of_answers(values: Any, column: list[Any]) -> None:
    kind = type_of(next((value for value in column if value is not None), 0.0))
    made = array_of(values, kind)
    made.validate(full=True)
    assert (made.type, made.to_pylist()) == (kind, column)


@pytest.mark.parametrize(("values", "like"), [([1.5], 1), (["1"], 1), ([1], True), (["1"], 0.0)])
def test_an_answer_of_another_type_is_no_other_answer(values: list[Any], like: Any) -> None:
    with pytest.raises(TypeError, match="Cannot cast"):
        array_of(values, type_of(like))


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64"])
def test_a_column_of_numbers(dtype: str) -> None:
    cells = [*range(20)]
    gaps = [None if cell in (0, 9, 17) else cell for cell in cells]
    for given in (cells, gaps):
        column = pa.array(given, pa.from_numpy_dtype(dtype))
        for part in (column, column[7:], column[20:]):
            found = cells_of(part, numbers=True)
            assert listed(found) == part.to_pylist()
            assert part.null_count or found.dtype == dtype


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_column_of_texts(kind: Any) -> None:
    texts = ["a", None, "ü", "a", "", None, "b"]
    column = pa.array(texts, kind)
    assert cells_of(column, numbers=False) == texts
    assert cells_of(column[2:5], numbers=False) == texts[2:5]
    assert cells_of(column[:0], numbers=False) == []
    assert cells_of(pa.array([None, None], kind), numbers=False) == [None, None]


def test_parquet_that_is_refused(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    source.write_bytes(b"not parquet")
    with pytest.raises(TableError, match="cannot be read as Parquet"):
        predict_file(predictor, source, target, progress=False)
    frame, _ = models.houses(5)
    frame.drop(columns="rooms").to_parquet(source)
    with pytest.raises(TableError, match="has no column 'rooms'"):
        predict_file(predictor, source, target, progress=False)
    frame.head(0).to_parquet(source)
    assert predict_file(predictor, source, target, progress=False).rows == 0
    assert len(pd.read_parquet(target)) == 0
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableError, match=r"uv sync --extra train"):
        predict_file(predictor, source, target, progress=False)


def test_the_progress_bar_ends_full(
    predictor: Predictor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.csv").write_text(HEADER + "\n" + f"{ROW}\n" * 1500)
    predict_file(predictor, tmp_path / "in.csv", tmp_path / "out.csv", progress=True)
    assert "100%" in capsys.readouterr().err
