"""Reads a table of data from a CSV or Parquet file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..signature import SignatureError, brief
from ..tables.csv_table import CHUNK, CsvTable, check, kind_of
from ..tables.headings import TableError, places
from ..tables.parquet_table import column_names, plain

MOST_BYTES = 500_000_000


def read_table(
    path: Path, needed: Iterable[str], wanted: Iterable[str] = (), encoding: str = "utf-8-sig"
) -> Any:
    """Return a file as a pandas frame: the cells of CSV are texts, those of Parquet have types.

    The columns `needed` must be there. They, and those `wanted` that are there, are called so,
    also where a heading has other blanks. Raises SignatureError.
    """
    if not path.is_file():
        raise SignatureError(f"There is no file {path}.")
    kind = kind_of(path.name)
    if (size := path.stat().st_size) > MOST_BYTES:
        most = f"{size / 1e6:,.0f} MB, more than the {MOST_BYTES / 1e6:,.0f} MB that are read"
        raise SignatureError(f"{path} has {most}; a sample of some 100,000 rows is enough.")
    if not size:
        raise SignatureError(f"{path} is empty; its first line must name the columns.")
    try:
        if kind == "parquet":
            table = typed(path, needed, wanted)
        else:
            table = texts(path, needed, encoding, wanted)
    except OSError as error:
        raise SignatureError(f"{path}: {error.strerror or brief(error)}.") from error
    if not len(table):
        raise SignatureError(f"{path} has no rows; a model is compared on rows of data.")
    return table


def texts(
    path: Path,
    needed: Iterable[str] = (),
    encoding: str = "utf-8-sig",
    wanted: Iterable[str] = (),
) -> Any:
    """A CSV file as a pandas frame in which every cell is its text, and a blank one is "".

    Its columns are called as in `needed`, which must be there, and in `wanted`, else as in its
    first line; one without a name as by pandas, "Unnamed: 0". Raises TableError.
    """
    import pandas as pd

    with path.open("rb") as raw:
        table = CsvTable(raw, str(path), needed, encoding, also=set(wanted) - set(needed))
        table.check()
        columns = table.known_names()
        if twice := [name for name in columns if columns.count(name) > 1]:
            raise TableError(f"{path} has the column {twice[0]!r} twice; rename one.")
        parts = [pd.DataFrame(columns=columns, dtype=str)]
        for rows in table.chunks(10 * CHUNK):
            done = sum(map(len, parts))
            # Spreadsheets write rows without a value below others.
            chunk = [cells for cells in rows if len(columns) == 1 or any(map(str.strip, cells))]
            for number, cells in enumerate(chunk, done + 1):
                if why := table.misfit(cells):
                    raise TableError(f"{path}, row {number}: {why}")
            parts.append(pd.DataFrame(chunk, columns=columns, dtype=str))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def typed(path: Path, needed: Iterable[str] = (), wanted: Iterable[str] = ()) -> Any:
    """A Parquet file as a pandas frame with the types it has, and its rows counted from 0 on.

    An index with a name is a column, as it is in the file. Decimals become floats. Columns are
    called as by `texts`. Raises TableError.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            names = column_names(file.schema_arrow)
            found = places(dict.fromkeys([*needed, *wanted]), names, str(path))
            check(str(path), names, found, needed)
            cells = file.metadata.num_rows * file.metadata.num_columns
            if cells > MOST_BYTES:
                most = f"{cells:,} cells, more than the {MOST_BYTES:,} that are read"
                raise TableError(f"{path} has {most}; take a sample of its rows.")
            frame = plain(file.read()).to_pandas()
    except pa.ArrowException as error:
        why = brief(error).rstrip(".")
        raise TableError(f"{path} cannot be read as Parquet: {why}.") from error
    for name in [name for name in frame.index.names if name is not None]:
        frame = frame.reset_index(level=name)
    frame = frame.reset_index(drop=True)
    return frame.rename(columns={names[place]: name for name, place in found.items()})
