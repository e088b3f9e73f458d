"""Predicts a CSV or Parquet file of any size: the same rows come out, with their predictions."""

import os
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .answered import Answered, NotFinite
from .column_checks import Cells
from .predictor import Predictor
from .progress import tqdm
from .rows import Row, Values, listed
from .signature import brief, shares_of
from .tables.csv_table import CHUNK, SUFFIXES, CsvTable, CsvText, check, kind_of
from .tables.formulas import guard, guarded
from .tables.headings import TableError, places, unused

FIRST_FAULTS = 10
MOST_ROWS, CELLS = 2**16, 2**20  # of a group of rows in Parquet; fewer rows, if they are wide


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
    prediction_score. A row that is refused keeps its place, and prediction_error says why. A name
    that the file or the model has already gets a number, as in prediction_2. Both files are CSV (of
    `encoding`; UTF-8 comes out), or both Parquet. Memory does not grow with the file, and `target`
    appears when every row is done. Raises TableError.
    """
    kind = kind_of(str(source))
    if SUFFIXES.get(target.suffix.lower().removeprefix(".")) != kind:
        raise TableError(f"{source} and {target} must both end in .csv, or both in .parquet.")
    if not source.is_file():
        raise TableError(f"There is no file {source}.")
    if not target.parent.is_dir():
        raise TableError(f"There is no folder {target.parent}; make it first.")
    if target.exists() and target.samefile(source):
        raise TableError(f"{target} is the file to read; choose another name for the answers.")
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    job = Job(predictor, str(source), predictor.predict_each)
    size = source.stat().st_size
    try:
        with tqdm(total=size, unit="B", unit_scale=True, disable=not progress) as bar:
            if kind == "csv":
                _csv(job, source, partial, encoding, bar)
            else:
                _parquet(job, source, partial, bar)
        os.replace(partial, target)
    except OSError as error:
        raise TableError(f"{error.filename or target}: {error.strerror or error}.") from error
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
        answer_each: Callable[[Sequence[Row]], Sequence[Any]],
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
        self.added = [*(several or ["prediction"]), *shares, "prediction_error"]
        self.classes = frozenset(label for part in self.output.parts for label, _ in part.choices)

    def columns(self, names: Sequence[str]) -> dict[str, int]:
        """Where in a table with these columns those are that are taken. Raises TableError."""
        validator = self.validator
        found = places(validator.names, names, self.name)
        needed = [feature.name for feature in validator.features.values() if not feature.missing]
        if not needed and found.keys().isdisjoint(validator.features):
            needed = [*validator.features]
        check(self.name, names, found, needed)
        return found

    def headings(self, names: Sequence[str]) -> list[str]:
        """The names of the added columns, beside those of a table and of the model."""
        return unused(self.added, [*names, *self.validator.names])

    def known(self, name: str) -> frozenset[str]:
        """The texts that are the model's own in a column called so; a class may be in any."""
        feature = self.validator.features.get(name)
        return self.classes.union(feature.categories or []) if feature else self.classes

    def answer(
        self, columns: Mapping[str, Cells], count: int, misfits: Mapping[int, str], *, typed: bool
    ) -> list[Values]:
        """The added columns (`count`,), None where there is nothing to tell.

        `misfits` says why some rows have no cells, by place; all others are in `columns`.
        """
        rows, invalid = self.validator.from_columns(columns, typed=typed)
        added, unanswered = self._told(self.answer_each(rows))
        faults = dict(misfits)
        if misfits or invalid or unanswered:
            places = np.delete(np.arange(count), [*misfits])
            faults |= {int(places[i]): str(fault) for i, fault in invalid.items()}
            places = np.delete(places, [*invalid])
            faults |= {int(places[i]): str(fault) for i, fault in unanswered.items()}
            added = [_spread(values, places, count, faults) for values in added]
        for place in sorted(faults)[: FIRST_FAULTS - len(self.summary.first_faults)]:
            row = self.summary.rows + place + 1
            self.summary.first_faults.append(f"Row {row}: {faults[place]}")
        self.summary.rows += count
        self.summary.refused += len(faults)
        return [*added, [*map(faults.get, range(count))] if faults else [None] * count]

    def _told(self, answers: Sequence[Any]) -> tuple[list[Values], Mapping[int, NotFinite]]:
        """The columns of answers, but for their faults, and these by place."""
        if isinstance(answers, Answered):
            scores = [] if answers.scores is None else [answers.scores]
            shares = [column for array in answers.shares for column in array.T]
            return [*answers.values, *shares, *scores], answers.faults
        faults = {i: one for i, one in enumerate(answers) if isinstance(one, NotFinite)}
        nothing = [None] * (len(self.added) - 1)
        rows = [nothing if i in faults else self._cells(one) for i, one in enumerate(answers)]
        return [[row[place] for row in rows] for place in range(len(nothing))], faults

    def _cells(self, answer: Any) -> list[Any]:
        several = answer.value.values() if self.output.targets else [answer.value]
        scores = [] if answer.score is None else [answer.score]
        return [*several, *(share for *_, share in shares_of(answer.probabilities)), *scores]


def _spread(values: Values, places: np.ndarray, count: int, faults: Collection[int]) -> Values:
    """A column (`count`,) of values that belong at these places, gaps elsewhere and at faults."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        numbers = np.full(count, np.nan, values.dtype)
        numbers[places] = values
        numbers[[*faults]] = np.nan
        return numbers
    column = np.full(count, None, object)
    column[places] = np.array(values, object)
    column[[*faults]] = None
    return listed(column)


def answered_csv(job: Job, raw: BinaryIO, encoding: str, chunk: int = CHUNK) -> Iterator[str]:
    """The text of a CSV file with the added columns, `chunk` rows at a time.

    `raw` can be seeked, and stays open. Numbers are written with the decimal mark of the model's
    own files; a first line `sep=;` is left out. Texts that a spreadsheet would run are guarded.
    Raises TableError.
    """
    validator = job.validator
    table = CsvTable(raw, job.name, validator.names, encoding, mend=job.mend)
    found, width = job.columns(table.names), len(table.header)
    names = {target.name for target in job.output.parts}
    out = CsvText(table.delimiter)
    own = {place: name for name, place in found.items()}
    header = [cell if i in own else guarded(cell, names) for i, cell in enumerate(table.header)]
    out.row(header + job.headings(table.names))
    known = [job.known(own.get(place, "")) for place in range(width)]
    for rows in table.chunks(chunk):
        misfits = table.misfits(rows)
        fit = [cells for i, cells in enumerate(rows) if i not in misfits] if misfits else rows
        cells = [*zip(*fit, strict=True)] or [()] * width
        columns = {name: cells[place] for name, place in found.items()}
        added = job.answer(columns, len(rows), misfits, typed=False)
        for place in misfits:
            rows[place] = (rows[place] + [""] * width)[:width]
        guard(rows, known)  # what is added is the model's own
        texts = [validator.reading.write_all(listed(values)) for values in added]
        for line, told in zip(rows, zip(*texts, strict=True), strict=True):
            line.extend(told)
        out.rows(rows)
        yield out.take()
    yield out.take()


def mark_of(raw: BinaryIO) -> str:
    """The encoding of the answer: with a mark at its start, which spreadsheets want, if it had."""
    raw.seek(0)
    return "utf-8-sig" if raw.read(3) == BOM_UTF8 else "utf-8"


def _csv(job: Job, source: Path, partial: Path, encoding: str, bar: Any) -> None:
    with (
        source.open("rb") as raw,
        partial.open("w", encoding=mark_of(raw), newline="") as out,
    ):
        for text in answered_csv(job, raw, encoding):
            out.write(text)
            bar.update(raw.tell() - bar.n)


def _parquet(job: Job, source: Path, partial: Path, bar: Any) -> None:
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile, ParquetWriter
    except ImportError as error:
        raise TableError("Parquet needs pyarrow; run `uv sync --extra train`.") from error
    from .tables.parquet_table import array_of, cells_of, plain, type_of

    features = job.validator.features.values()
    numbers = {feature.name for feature in features if feature.type in ("number", "integer")}
    parts = job.output.parts
    types = [type_of(part.classes[0] if part.classes else 0.0) for part in parts]
    types += [pa.float64()] * (len(job.added) - len(parts) - 1) + [pa.string()]
    try:
        with ParquetFile(source) as file:
            old = file.schema_arrow
            found = job.columns(old.names)
            added = zip(job.headings(old.names), types, strict=True)
            schema = pa.schema([*old, *added], old.metadata)
            with ParquetWriter(partial, schema) as writer:
                for batch in file.iter_batches(max(CHUNK, min(MOST_ROWS, CELLS // len(old)))):
                    taken = plain(batch.select(list(found.values())), long=True)
                    columns = {
                        name: cells_of(column, numbers=name in numbers)
                        for name, column in zip(found, taken.columns, strict=True)
                    }
                    answers = job.answer(columns, len(batch), {}, typed=True)
                    new = [*map(array_of, answers, types)]
                    writer.write(pa.record_batch([*batch.columns, *new], schema=schema))
                    bar.update(bar.total * len(batch) / file.metadata.num_rows)
    except pa.ArrowException as error:
        why = brief(error).rstrip(".")
        raise TableError(f"{job.name} cannot be read as Parquet: {why}.") from error
