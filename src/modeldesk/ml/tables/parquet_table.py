"""Columns of Parquet as a signature's types know them; needs pyarrow."""

import re
from contextlib import suppress
from typing import Any

import numpy as np

from ..rows import Values, listed
from ..signature import INTEGER_MAX


def column_names(schema: Any) -> list[str]:
    """The columns of a file, but for an index of pandas that has no name."""
    return [name for name in schema.names if not re.fullmatch(r"__index_level_\d+__", name)]


def plain(table: Any, *, long: bool = False) -> Any:
    """A table or batch whose decimals are floats, and whose bytes are text if they can be.

    With `long` floats the 32-bit 0.1 is 0.1, as in a signature.
    """
    import pyarrow as pa
    import pyarrow.types as is_a

    for place, column in enumerate(table.columns):
        kind, cells = column.type, column
        if is_a.is_decimal(kind) or (long and (is_a.is_float16(kind) or is_a.is_float32(kind))):
            cells = column.cast(pa.string()).cast(pa.float64())  # the same to the last digit
        elif is_a.is_binary(kind) or is_a.is_large_binary(kind):
            with suppress(pa.ArrowInvalid):  # as older writers have texts
                cells = column.cast(pa.string())
        if cells is not column:
            table = table.set_column(place, table.schema.field(place).with_type(cells.type), cells)
    return table


def cells_of(column: Any, *, numbers: bool) -> Any:
    """The cells (rows,) of a plain column, None where there is none.

    Of `numbers` they are an array, NaN where there is none, if it can hold them all.
    """
    import pyarrow.types as is_a

    kind = column.type
    if numbers and (is_a.is_floating(kind) or is_a.is_integer(kind)):
        array = _numbers(column)
        if is_a.is_floating(kind) or not column.null_count:
            return array
        if not (np.abs(array) >= INTEGER_MAX).any():
            return array
    elif is_a.is_string(kind) or is_a.is_large_string(kind):
        encoded = column.dictionary_encode()
        texts = np.array([*encoded.dictionary.to_pylist(), None], object)
        places = np.nan_to_num(_numbers(encoded.indices), nan=len(texts) - 1)
        return texts[places.astype(int)].tolist()
    return column.to_pylist()


def _numbers(column: Any) -> np.ndarray:
    """The numbers (rows,) of a column, as floats with NaN if there are gaps.

    Of its parts, like `array_of`: `to_numpy` would import pandas.
    """
    import pyarrow.types as is_a

    kind, place = column.type, slice(column.offset, column.offset + len(column))
    letter = "f" if is_a.is_floating(kind) else "u" if is_a.is_unsigned_integer(kind) else "i"
    known, values = column.buffers()
    numbers = np.frombuffer(values or b"", f"{letter}{kind.bit_width // 8}")[place]
    if not column.null_count:
        return numbers
    bits = np.unpackbits(np.frombuffer(known, np.uint8), bitorder="little")[place]
    return np.where(bits, numbers, np.nan)


def type_of(value: str | float) -> Any:
    """The type of a column of such values."""
    import pyarrow as pa

    types = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    return types[type(value)]


def array_of(values: Values, kind: Any) -> Any:
    """An array (rows,) of a type that `type_of` gives; None and NaN are gaps.

    Of its parts: `pyarrow.array` would import pandas, which takes longer than many files.
    """
    import pyarrow as pa

    if isinstance(values, np.ndarray) and values.dtype.kind == "f" and kind == pa.float64():
        gaps, parts = np.isnan(values), [values.astype(np.float64)]
    else:
        cells = listed(values)
        gaps = np.array([cell is None for cell in cells], bool)
        if gaps.all():
            return pa.nulls(len(cells), kind)
        parts = _parts(cells, kind)
    known = np.packbits(~gaps, bitorder="little") if gaps.any() else None
    buffers = [part if part is None else pa.py_buffer(part) for part in (known, *parts)]
    return pa.Array.from_buffers(kind, len(gaps), buffers)


def _parts(cells: list[Any], kind: Any) -> list[Any]:
    """What an array holds besides the places of its gaps."""
    import pyarrow.types as is_a

    if is_a.is_string(kind):
        texts = [b"" if cell is None else cell.encode() for cell in cells]
        return [np.cumsum([0, *map(len, texts)], dtype=np.int32), b"".join(texts)]
    whole, truth = is_a.is_integer(kind), is_a.is_boolean(kind)
    filled = np.array([(False if truth else 0) if cell is None else cell for cell in cells])
    exact = filled.astype(bool if truth else np.int64 if whole else np.float64, casting="safe")
    return [np.packbits(exact, bitorder="little") if truth else exact]
