"""Reads tables of text: the one reader of CSV, whoever sends it."""

import csv
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import StringIO, TextIOWrapper
from itertools import chain, islice
from typing import Any, BinaryIO, TextIO

from ..validation import listed
from .headings import TableError, called, places
from .reading import loose

DELIMITERS = ",;\t|"
MARKS = {  # of an encoding, at the start of a file; the longer ones first
    BOM_UTF32_LE: "utf-32",
    BOM_UTF32_BE: "utf-32",
    BOM_UTF8: "utf-8-sig",
    BOM_UTF16_LE: "utf-16",
    BOM_UTF16_BE: "utf-16",
}
OTHERS = {  # what else a file is, by how it starts, and how it is meant to come
    b"PK\x03\x04": "a workbook or an archive; save its table as CSV or Parquet",
    b"\xd0\xcf\x11\xe0": "a workbook of Excel; save its table as CSV or Parquet",
    b"PAR1\x15": "Parquet; let its name end in .parquet",
    b"\x1f\x8b": "compressed; unpack it first",
}
SUFFIXES = {"csv": "csv", "tsv": "csv", "txt": "csv", "parquet": "parquet"}
FOREIGN = {  # what else a file is, by the end of its name
    "json": "JSON; save its rows as CSV or Parquet",
    **dict.fromkeys(["xlsx", "xls", "xlsm", "ods"], "a workbook; save its table as CSV or Parquet"),
    **dict.fromkeys(["gz", "zip", "bz2", "xz"], "compressed; unpack it first"),
}
SEP = re.compile(r'"?sep=(.)"?[,;\t|]*\r?\n', re.IGNORECASE)  # as Excel reads it
HEAD = 2**20  # characters, in which the first line of cells ends
LONGEST_CELL = 2**24  # characters
CHUNK = 1000


class CsvTable:
    """The rows of a CSV file `raw`, which can be seeked and stays open.

    `delimiter` is a comma, semicolon, tab or bar: the one that finds most of the columns `needed`,
    unless a first line says `sep=;`. `header` has the cells of the first line as they are, and
    `places` says which of them are needed, or known `also`. A table may be `headless`: begin with
    a row of all values needed, in their order, whose numbers have a mark of `decimal`. Raises
    TableError, in a sentence on the table `name` that ends in `mend` where its encoding is another.
    """

    def __init__(
        self,
        raw: BinaryIO,
        name: str,
        needed: Iterable[str] = (),
        encoding: str = "utf-8-sig",
        *,
        mend: str = "name its encoding, such as `--encoding latin-1`",
        also: Iterable[str] = (),
        headless: bool = False,
        decimal: str = ".",
    ) -> None:
        self.raw, self.name, self.needed, self.mend = raw, name, list(needed), mend
        self._wanted, self._headless = [*self.needed, *also], headless
        raw.seek(0)
        start = raw.read(5)
        for mark, what in OTHERS.items():
            if start.startswith(mark):
                raise TableError(f"{name} is {what}.")
        marked = (said for mark, said in MARKS.items() if start.startswith(mark))
        self.encoding = next(marked, encoding)
        with self._text() as text:
            head = text.read(HEAD)
        said = SEP.match(head)
        if said and said.group().strip() in self.needed:
            said = None
        self._above = said.group() if said else ""
        marks = said.group(1) if said else sorted(DELIMITERS, key=decimal.__eq__)
        heads = {mark: found for mark in marks if (found := self._first(head, mark))}
        if not head[len(self._above) :].strip():
            raise TableError(f"{name} is empty; its first line must name the columns.")
        if not heads:
            raise TableError(f"{name} has an unbalanced quote in line 1; close or double it.")
        self.delimiter = max(heads, key=lambda mark: self._fits(heads[mark][0]))
        self.header, self._blanks = heads[self.delimiter]
        self.names = called(self.header)
        self._as_wide = headless and len(self.header) == len(self.needed)
        try:
            self.places = places(self._wanted, self.header, name)
        except TableError:
            if not self._as_wide or {*map(loose, self.header)} <= {*map(loose, self._wanted)}:
                raise
            self.places = {}  # values that are equal, and as a column is called

    def check(self) -> None:
        """Stop unless all columns needed are there."""
        check(self.name, self.names, self.places, self.needed)

    def known_names(self) -> list[str]:
        """The columns, those needed by the names that they are needed by."""
        needed = {place: name for name, place in self.places.items()}
        return [needed.get(place, name) for place, name in enumerate(self.names)]

    @property
    def headed(self) -> bool:
        """Whether the first line names columns, and is not a row of all values in their order."""
        found, width = len(self.places), len(self.header)
        if not found or not self._as_wide or found == width:
            return bool(found)
        return 2 * found >= width and next(self.chunks(1), None) is not None

    def chunks(self, size: int = CHUNK, *, below: bool = True) -> Iterator[list[list[str]]]:
        """The rows `below` the first line, or with it, `size` at a time; none is a blank line.

        Each is a list of cells, of which there may be more or fewer than in the header.
        """
        with self._text() as text:
            try:
                reader = self._reader(text)
                blocks = iter(lambda: [*islice(reader, CHUNK)], [])
                rows = chain.from_iterable(map(self._rows_of, blocks))
                while below and next(rows) != self.header:
                    pass
                while chunk := list(islice(rows, size)):
                    yield chunk
            except csv.Error as error:
                mend = "close or double it"
                raise TableError(f"{self._unbalanced()} ({error}); {mend}.") from error

    def misfits(self, rows: Sequence[list[str]]) -> dict[int, str]:
        """Why rows cannot be told apart into columns, by their place."""
        if {*map(len, rows)} <= {len(self.header)}:
            return {}
        return {place: why for place, cells in enumerate(rows) if (why := self.misfit(cells))}

    def misfit(self, cells: list[str]) -> str | None:
        """Why a row cannot be told apart into columns."""
        if len(cells) == len(self.header):
            return None
        more = f"name each column, and quote cells with {self.delimiter!r} in them"
        mend = more if len(cells) > len(self.header) else "write a cell for each column"
        return f"This row has {len(cells)} cells where the header has {len(self.header)}; {mend}."

    def _rows_of(self, block: list[list[str]]) -> list[list[str]]:
        """What are rows among some lines; all of them if each is as wide as the header."""
        width = len(self.header)
        return block if {*map(len, block)} == {width} else [*filter(self._is_row, block)]

    def _is_row(self, cells: list[str]) -> bool:
        return any(map(str.strip, cells)) or len(cells) == len(self.header) > 0

    def _fits(self, cells: list[str]) -> tuple[int, bool, int]:
        try:
            found = len(places(self._wanted, cells, self.name))
        except TableError:  # it is told once this delimiter is taken
            found = len(self._wanted)
        in_order = self._headless and not found and len(cells) == len(self.needed)
        return found, in_order, len(cells)

    def _first(self, head: str, mark: str) -> tuple[list[str], bool] | None:
        """The first line of cells, and whether blanks before a quote are meant to be none."""
        self.delimiter = mark
        for self._blanks in (False, True):
            try:
                reader = self._reader(StringIO(head, newline=""))
                cells: list[str] = next((row for row in reader if any(map(str.strip, row))), [])
            except csv.Error:
                return None
            if self._blanks or not any(re.match(r'\s+"', cell) for cell in cells):
                return (cells, self._blanks) if cells else None
        return None

    def _reader(self, text: TextIO) -> Any:
        csv.field_size_limit(LONGEST_CELL)
        text.read(len(self._above))
        return csv.reader(
            text, delimiter=self.delimiter, strict=True, skipinitialspace=self._blanks
        )

    @contextmanager
    def _text(self) -> Iterator[TextIOWrapper]:
        self.raw.seek(0)
        try:
            text = TextIOWrapper(self.raw, self.encoding, newline="")
        except LookupError as error:
            why = f"There is no encoding {self.encoding!r}; try utf-8 or latin-1."
            raise TableError(why) from error
        try:
            yield text
        except UnicodeError as error:
            raise TableError(f"{self._undecodable()}; {self.mend}.") from error
        finally:
            text.detach()

    def _unbalanced(self) -> str:
        line = 0
        with self._text() as text, suppress(csv.Error):
            reader = self._reader(text)
            for _ in reader:
                line = reader.line_num
        return f"{self.name} has an unbalanced quote after line {line + bool(self._above)}"

    def _undecodable(self) -> str:
        self.raw.seek(0)
        said = self.encoding.removesuffix("-sig")
        if said.startswith(("utf-16", "utf-32")):  # whose lines do not end in one byte
            return f"{self.name} is not {said} text"
        for number, line in enumerate(self.raw, 1):
            try:
                line.decode(self.encoding)
            except UnicodeDecodeError as error:
                place = f"byte 0x{line[error.start]:02x} in line {number}"
                return f"{self.name} is not {said} text, see {place}"
        return f"{self.name} is not {said} text"


class CsvText(list[str]):
    """Lines of CSV, written by `row`; every cell comes out of a reader as it was."""

    def __init__(self, delimiter: str = ",") -> None:
        self.delimiter = delimiter
        self._writer = csv.writer(self, delimiter=delimiter)
        self.row = self._writer.writerow

    def rows(self, rows: Sequence[Sequence[str]]) -> None:
        """Add many lines of as many cells, as `row` does each, but faster."""
        width, mark = len(rows[0]) if rows else 0, self.delimiter
        lines = "\n".join(map(mark.join, rows))
        plain = lines.count(mark) == len(rows) * (width - 1) and lines.count("\n") == len(rows) - 1
        if plain and width > 1 and not ('"' in lines or "\r" in lines):
            self.append(f"{lines}\n")  # no cell has what is quoted
        else:
            self._writer.writerows(rows)

    def write(self, line: str) -> None:
        """Add a line as the writer of CSV has it, which quotes CR only if lines end so."""
        self.append(f"{line.removesuffix(chr(13) + chr(10))}\n")

    def take(self) -> str:
        """All lines since the last time."""
        text = "".join(self)
        self.clear()
        return text


def kind_of(name: str, other: str = "") -> str:
    """Whether a file is "csv" or "parquet", by the end of its name, or what `other` names are.

    Raises TableError.
    """
    suffix = name.lower().rpartition(".")[2]
    if suffix in FOREIGN:
        raise TableError(f"{name} is {FOREIGN[suffix]}.")
    if not (kind := SUFFIXES.get(suffix, other)):
        raise TableError(f"{name} must be a table that ends in .csv or .parquet.")
    return kind


def check(source: str, names: Sequence[str], found: Iterable[str], needed: Iterable[str]) -> None:
    """Stop unless all columns needed were found. Raises TableError."""
    there = set(found)
    if lacking := [name for name in needed if name not in there]:
        has = f"its columns are: {listed(names)}"
        raise TableError(f"{source} has no column {listed(map(repr, lacking))}; {has}.")
