"""Predicts a CSV or Parquet file of any size: the same rows come out, with their predictions."""

import csv
import os
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from tqdm import tqdm

from .predictor import NotFinite, Predictor
from .signature import class_label, shares_of
from .validation import InvalidInstances, Row, listed

CHUNK = 1000
FIRST_FAULTS = 10


class BatchError(Exception):
    """The file cannot be worked on; one sentence says why and what mends it."""


@dataclass
class Summary:
    """Counts of `rows` and of those `refused`, whose first faults name their row, from 1 on."""

    rows: int = 0
    refused: int = 0
    first_faults: list[str] = field(default_factory=list)


def predict_file(
    predictor: Predictor,
    source: Path,
    target: Path,
    *,
    encoding: str = "utf-8-sig",
    progress: bool = True,
) -> Summary:
    """Copy a file with the columns prediction, probability_<class> and prediction_error added.

    Of several targets each has a column, prediction_<target>, and a detector of outliers has
    prediction_score. A row that is refused keeps its
    place, and prediction_error says why. Both files are CSV (of `encoding`; UTF-8 comes out), or
    both Parquet. Memory does not grow with the file, and `target` appears when every row is done.
    Raises BatchError.
    """
    kind = source.suffix.lower()
    if kind not in (".csv", ".parquet") or target.suffix.lower() != kind:
        raise BatchError(f"{source} and {target} must both end in .csv, or both in .parquet.")
    if not source.is_file():
        raise BatchError(f"There is no file {source}.")
    if not target.parent.is_dir():
        raise BatchError(f"There is no folder {target.parent}; make it first.")
    if target.exists() and target.samefile(source):
        raise BatchError(f"{target} is the file to read; choose another name for the answers.")
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    job = Job(predictor, str(source), predictor.predict_each)
    size = source.stat().st_size
    try:
        with tqdm(total=size, unit="B", unit_scale=True, disable=not progress) as bar:
            if kind == ".csv":
                _csv(job, source, partial, encoding, bar)
            else:
                _parquet(job, source, partial, bar)
        os.replace(partial, target)
    except OSError as error:
        raise BatchError(f"{error.filename or target}: {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return job.summary


class Job:
    """Rows of a table called `name`, as `answer_each` predicts them, and what was seen of them.

    It gives for each checked row what has a `value` and `probabilities`, or why there is none.
    """

    def __init__(
        self,
        predictor: Predictor,
        name: str,
        answer_each: Callable[[list[Row]], Sequence[Any]],
        mend: str = "name its encoding, such as `--encoding latin-1`",
    ) -> None:
        self.name, self.answer_each, self.mend = name, answer_each, mend
        self.validator, self.output = predictor.validator, predictor.signature.output
        self.summary = Summary()
        told = self.output.parts if self.output.probabilities else []
        shares = [
            f"probability_{part.name}_{label}" if self.output.targets else f"probability_{label}"
            for part in told
            for label, _ in part.choices
        ]
        shares += ["prediction_score"] * (self.output.threshold is not None)
        several = [f"prediction_{target.name}" for target in self.output.targets or []]
        self.cells: Callable[[Any], Iterable[Any]] = dict.values if several else _alone
        self.added = [*(several or ["prediction"]), *shares, "prediction_error"]

    def lacking(self, columns: list[str]) -> list[str]:
        features = self.validator.features.values()
        return [f.name for f in features if not f.missing and f.name not in columns]

    def check(self, columns: list[str]) -> None:
        """Stop unless a file with these columns can be answered."""
        if lacking := self.lacking(columns):
            has = f"the columns it names at its start are: {listed(columns)}"
            raise BatchError(f"{self.name} lacks {listed(lacking)}; {has}.")
        taken = [name for name in self.added if name in columns]
        taken += [name for name in self.validator.features if columns.count(name) > 1]
        if taken:
            raise BatchError(f"{self.name} has {taken[0]!r} once too often; rename that column.")

    def answer(self, rows: Iterable[Any], check: Callable[[Any], Any]) -> Iterator[list[Any]]:
        """The added cells of each row; a row that is a text is refused for that reason."""
        checked: list[dict[str, Any] | str] = []
        for row in rows:
            try:
                checked.append(row if isinstance(row, str) else check(row)[0])
            except InvalidInstances as error:
                checked.append(str(error))
        good = [row for row in checked if not isinstance(row, str)]
        answers = iter(self.answer_each(good))
        for row in checked:
            answer = row if isinstance(row, str) else next(answers)
            self.summary.rows += 1
            if not isinstance(answer, str | NotFinite):
                shares = [share for *_, share in shares_of(answer.probabilities)]
                shares += [] if answer.score is None else [answer.score]
                yield [*self.cells(answer.value), *shares, None]
                continue
            self.summary.refused += 1
            if len(self.summary.first_faults) < FIRST_FAULTS:
                self.summary.first_faults.append(f"Row {self.summary.rows}: {answer}")
            yield [None] * (len(self.added) - 1) + [str(answer)]


def _alone(value: Any) -> tuple[Any]:
    return (value,)


def answered_csv(job: Job, raw: BinaryIO, encoding: str, chunk: int = CHUNK) -> Iterator[str]:
    """The text of a CSV file with the added columns, `chunk` rows at a time. Raises BatchError.

    `raw` can be seeked, and stays open.
    """
    encoding = "utf-16" if _starts(raw, b"\xff\xfe", b"\xfe\xff") else encoding
    done = 0
    try:
        text = TextIOWrapper(raw, encoding, newline="")
    except LookupError as error:
        raise BatchError(f"There is no encoding {encoding!r}; try utf-8 or latin-1.") from error
    try:
        delimiter, header = _header(job, text.readline(2**20))
        names = [name.strip() for name in header]
        job.check(names)
        out = StringIO()
        write = csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow
        write(header + job.added)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        while rows := list(islice(filter(None, reader), chunk)):
            named = [_named(names, cells) for cells in rows]
            answers = job.answer(named, job.validator.from_text)
            for cells, added in zip(rows, answers, strict=True):
                fitted = (cells + [""] * len(names))[: len(names)]
                write(fitted + ["" if v is None else class_label(v) for v in added])
            done = reader.line_num
            yield out.getvalue()
            out.seek(0)
            out.truncate()
        yield out.getvalue()
    except UnicodeDecodeError as error:
        raise BatchError(f"{_undecodable(job.name, raw, encoding)}; {job.mend}.") from error
    except csv.Error as error:
        where = f"{job.name} has an unbalanced quote after line {done + 1}"
        raise BatchError(f"{where} ({error}); close or double it.") from error
    finally:
        text.detach()


def mark_of(raw: BinaryIO) -> str:
    """The encoding of the answer: with a mark at its start, which spreadsheets want, if it had."""
    return "utf-8-sig" if _starts(raw, BOM_UTF8) else "utf-8"


def _starts(raw: BinaryIO, *marks: bytes) -> bool:
    start = raw.read(3)
    raw.seek(0)
    return start.startswith(marks)


def _csv(job: Job, source: Path, partial: Path, encoding: str, bar: Any) -> None:
    with (
        source.open("rb") as raw,
        partial.open("w", encoding=mark_of(raw), newline="") as out,
    ):
        for text in answered_csv(job, raw, encoding):
            out.write(text)
            bar.update(raw.tell() - bar.n)


def _header(job: Job, line: str) -> tuple[str, list[str]]:
    """The delimiter and the column names; a comma, unless only another finds the features."""
    if not line.strip():
        raise BatchError(f"{job.name} is empty; its first line must name the columns.")
    for mark in ",;\t|":
        header = next(csv.reader([line], delimiter=mark))
        if not job.lacking([name.strip() for name in header]):
            return mark, header
    return ",", next(csv.reader([line], strict=True))


def _named(names: list[str], cells: list[str]) -> dict[str, str] | str:
    if len(cells) != len(names):
        return f"This row has {len(cells)} cells where the header has {len(names)}."
    return dict(zip(names, cells, strict=True))


def _undecodable(name: str, raw: BinaryIO, encoding: str) -> str:
    raw.seek(0)
    said = encoding.removesuffix("-sig")
    for number, line in enumerate(raw, 1):
        try:
            line.decode(encoding)
        except UnicodeDecodeError as error:
            place = f"byte 0x{line[error.start]:02x} in line {number}"
            return f"{name} is not {said} text, see {place}"
    return f"{name} is not {said} text"


def _parquet(job: Job, source: Path, partial: Path, bar: Any) -> None:
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile, ParquetWriter
    except ImportError as error:
        raise BatchError("Parquet needs pyarrow; run `uv sync --extra train`.") from error
    parts = job.output.parts
    types = [pa.scalar(part.classes[0] if part.classes else 0.0).type for part in parts]
    types += [pa.float64()] * (len(job.added) - len(parts) - 1) + [pa.string()]
    try:
        with ParquetFile(source) as file:
            old = file.schema_arrow
            job.check(old.names)
            schema = pa.schema([*old, *zip(job.added, types, strict=True)], old.metadata)
            with ParquetWriter(partial, schema) as writer:
                for batch in file.iter_batches(10 * CHUNK):
                    # A 32-bit 0.1 is checked as 0.1, as in the signature.
                    cells = [
                        c.cast(pa.string()).cast(pa.float64()) if c.type == pa.float32() else c
                        for c in batch.columns
                    ]
                    rows = pa.record_batch(cells, batch.schema.names).to_pylist()
                    answers = job.answer(rows, job.validator.from_values)
                    added = map(pa.array, zip(*answers, strict=True), types)
                    writer.write(pa.record_batch([*batch.columns, *added], schema=schema))
                    bar.update(bar.total * len(batch) / file.metadata.num_rows)
    except pa.ArrowException as error:
        raise BatchError(f"{job.name} cannot be read as Parquet: {error}.") from error
