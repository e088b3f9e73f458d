"""CSV as people and programs write it, told apart into columns and rows."""

import csv
import io
from itertools import count
from typing import Any

import pytest
from modeldesk.ml.tables.csv_table import CsvTable, CsvText, kind_of
from modeldesk.ml.tables.headings import TableError, places, unused


def read(
    content: str | bytes, *needed: str, encoding: str = "utf-8-sig"
) -> tuple[list[str], list[list[str]]]:
    """The columns and rows of a table."""
    raw = io.BytesIO(content.encode() if isinstance(content, str) else content)
    table = CsvTable(raw, "t.csv", needed, encoding)
    table.check()
    rows = [row for chunk in table.chunks(2) for row in chunk]
    assert not raw.closed
    return table.known_names(), rows


@pytest.mark.parametrize(
    ("content", "needed", "columns", "rows"),
    [
        ("a,b\n1,2\n", "ab", ["a", "b"], [["1", "2"]]),
        ("\n\na;b\n\n1;2\n\n", "ab", ["a", "b"], [["1", "2"]]),
        ("a|b\r1|2\r", "ab", ["a", "b"], [["1", "2"]]),
        ("x,y;a\n1,5;2\n", "a", ["x,y", "a"], [["1,5", "2"]]),
        ("x;y,a\n1;5,2\n", "a", ["x;y", "a"], [["1;5", "2"]]),
        ('"a\nb",c\n1,2\n', ["a\nb", "c"], ["a\nb", "c"], [["1", "2"]]),
        ('"a\r\nb",c\n1,2\n', ["a\nb", "c"], ["a\nb", "c"], [["1", "2"]]),
        ("a b,c\n1,2\n", ["a\nb", "c"], ["a\nb", "c"], [["1", "2"]]),
        (" a , b\n 1 , 2\n", "ab", ["a", "b"], [[" 1 ", " 2"]]),
        (" a,a\n1,2\n", "a", [" a", "a"], [["1", "2"]]),
        (" a,a\n1,2\n", ["a", " a"], [" a", "a"], [["1", "2"]]),
        ('a, "b, c"\n1, "x, y"\n', ["b, c"], ["a", "b, c"], [["1", "x, y"]]),
        (",a\n0,1\n", "a", ["Unnamed: 0", "a"], [["0", "1"]]),
        ("a,b,\n1,2,\n", "a", ["a", "b", "Unnamed: 2"], [["1", "2", ""]]),
        ("sep=;\na;b\n1,5;2\n", "ab", ["a", "b"], [["1,5", "2"]]),
        ('"sep=\t"\r\na\tb\r\n1\t2\r\n', "ab", ["a", "b"], [["1", "2"]]),
        ("SEP=^,,\na^b\n1^2\n", "ab", ["a", "b"], [["1", "2"]]),
        ("sep=;\n1\n", ["sep=;"], ["sep=;"], [["1"]]),
        ("PAR1,a\n1,2\n", "a", ["PAR1", "a"], [["1", "2"]]),
        ("\ufeffa\n1\n", "a", ["a"], [["1"]]),
    ],
)
def test_tables(content: str, needed: list[str], columns: list[str], rows: list[list[str]]) -> None:
    assert read(content, *needed) == (columns, rows)


def test_without_a_column_that_is_needed_the_mark_is_what_tells_most_apart() -> None:
    assert read("a;b\n1;2\n") == (["a", "b"], [["1", "2"]])
    with pytest.raises(TableError, match=r"^t\.csv has no column 'c'; its columns are: a, b\.$"):
        read("a;b\n1;2\n", "c")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-32-be", "latin-1"])
def test_encodings_that_are_said(encoding: str) -> None:
    content = "é,b\n1,ü\n".encode(encoding)
    assert read(content, "é", encoding=encoding) == (["é", "b"], [["1", "ü"]])


def test_the_mark_of_an_encoding_counts_more_than_what_is_said() -> None:
    assert read("é\n1\n".encode("utf-8-sig"), "é", encoding="latin-1")[0] == ["é"]


def test_a_long_cell() -> None:
    text = "x" * 200_000
    assert read(f"a\n{text}\n", "a") == (["a"], [[text]])


def test_memory_does_not_grow_with_the_file() -> None:
    class Endless(io.RawIOBase):
        """A table that never ends."""

        def __init__(self) -> None:
            self.lines = count()

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, offset: int, whence: int = 0) -> int:
            self.lines = count()
            return 0

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            number = next(self.lines)
            line = b"a,b\n" if not number else b"%d,2\n" % number
            buffer[: len(line)] = line
            return len(line)

    raw: Any = Endless()
    table = CsvTable(io.BufferedReader(raw, 64), "t.csv", "ab")
    chunks = table.chunks(3)
    assert next(chunks) == [["1", "2"], ["2", "2"], ["3", "2"]]
    assert next(chunks)[0] == ["4", "2"]


def test_lines_come_out_as_they_were_read() -> None:
    cells = ["", " ", "a\rb", "a\nb", "a\r\nb", '"', ";", ",", "=1", "\ufeff", "'"]
    for mark in ",;":
        text = CsvText(mark)
        text.row(cells)
        assert list(csv.reader(io.StringIO(text.take(), newline=""), delimiter=mark)) == [cells]
        assert text.take() == ""


def test_places_and_names() -> None:
    assert places(["a", "b"], ["b", "", "a"], "t") == {"a": 2, "b": 0}
    assert places(["a", "a "], ["a "], "t") == {"a ": 0}  # it is no other name's
    for header in (["a", "a"], ["a ", " a"]):
        with pytest.raises(TableError, match="t has the column 'a' twice; rename one"):
            places(["a"], header, "t")
    assert unused(["p", "q"], ["p", "p_2"]) == ["p_3", "q"]
    assert unused(["p", "p_2"], ["p"]) == ["p_2", "p_2_2"]


def test_kinds_of_files() -> None:
    assert [kind_of(name) for name in ("a.csv", "b.TSV", "c.d.txt")] == ["csv"] * 3
    assert kind_of("a.parquet") == "parquet"
    assert kind_of("a", "csv") == "csv"
    with pytest.raises(TableError, match=r"a\.xlsx is a workbook; save its table as CSV or Parq"):
        kind_of("a.xlsx")
    with pytest.raises(TableError, match="must be a table that ends in"):
        kind_of("folder/csv")
