"""Reads a table of data from a CSV or Parquet file."""

import csv
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..signature import SignatureError, brief
from ..validation import listed

MOST_BYTES = 500_000_000


def read_table(
    path: Path, needed: Iterable[str], dates: Iterable[str] = (), encoding: str = "utf-8-sig"
) -> Any:
    """Return a file as a pandas frame, with the columns `dates` of a CSV file as dates.

    CSV is of `encoding` and separated by a comma, semicolon, tab or bar: whichever finds the
    columns `needed`, which must be there. Raises SignatureError.
    """
    readers = {".csv": _csv, ".parquet": _parquet}
    if not path.is_file():
        raise SignatureError(f"There is no file {path}.")
    if path.suffix.lower() not in readers:
        raise SignatureError(f"{path} must be a table that ends in {' or '.join(readers)}.")
    if (size := path.stat().st_size) > MOST_BYTES:
        most = f"{size / 1e6:,.0f} MB, more than the {MOST_BYTES / 1e6:,.0f} MB that are read"
        raise SignatureError(f"{path} has {most}; a sample of some 100,000 rows is enough.")
    if not size:
        raise SignatureError(f"{path} is empty; its first line must name the columns.")
    try:
        table = readers[path.suffix.lower()](path, [*needed, *dates], encoding)
    except OSError as error:
        raise SignatureError(f"{path}: {error.strerror or brief(error)}.") from error
    if not len(table):
        raise SignatureError(f"{path} has no rows; a model is compared on rows of data.")
    for column in dates:
        table[column] = _dates(path, table[column])
    return table


def _dates(path: Path, column: Any) -> Any:
    import pandas as pd

    try:
        return pd.to_datetime(column)
    except (ValueError, TypeError, OverflowError) as error:
        why = f"Column {column.name!r} of {path} holds what is no date ({brief(error)})"
        raise SignatureError(f"{why}; write dates as YYYY-MM-DD.") from error


def _csv(path: Path, needed: list[str], encoding: str) -> Any:
    import pandas as pd

    try:
        with path.open(encoding=encoding, newline="") as file:
            mark = _delimiter(path, file.readline(), needed)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(path, sep=mark, encoding=encoding, index_col=False, low_memory=False)
    except UnicodeError as error:
        mend = "name its encoding, such as `--encoding latin-1`"
        raise SignatureError(f"{path} is not {encoding} text; {mend}.") from error
    except LookupError as error:
        raise SignatureError(f"There is no encoding {encoding!r}; try utf-8 or latin-1.") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning, csv.Error) as error:
        why = brief(error).removeprefix("Error tokenizing data. C error: ")
        raise SignatureError(f"{path} cannot be read as CSV: {why.rstrip('.')}.") from error


def _delimiter(path: Path, line: str, needed: list[str]) -> str:
    if not line.strip():
        raise SignatureError(f"{path} is empty; its first line must name the columns.")
    headers = {mark: next(csv.reader([line], delimiter=mark)) for mark in ",;\t|"}
    found = [mark for mark, names in headers.items() if needed and set(needed) <= set(names)]
    mark = found[0] if found else max(headers, key=lambda mark: len(headers[mark]))
    _check(path, headers[mark], needed)
    return mark


def _check(path: Path, columns: list[str], needed: list[str]) -> None:
    lacking = [name for name in needed if name not in columns]
    if lacking:
        has = f"its columns are: {listed(columns)}"
        raise SignatureError(f"{path} has no column {listed(map(repr, lacking))}; {has}.")
    if twice := [name for name in columns if columns.count(name) > 1]:
        raise SignatureError(f"{path} has the column {twice[0]!r} twice; rename one.")


def _parquet(path: Path, needed: list[str], encoding: str) -> Any:
    import pandas as pd
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            _check(path, file.schema_arrow.names, needed)
            cells = file.metadata.num_rows * file.metadata.num_columns
            if cells > MOST_BYTES:
                most = f"{cells:,} cells, more than the {MOST_BYTES:,} that are read"
                raise SignatureError(f"{path} has {most}; take a sample of its rows.")
        return pd.read_parquet(path)
    except pa.ArrowException as error:
        raise SignatureError(f"{path} cannot be read as Parquet: {brief(error)}.") from error
