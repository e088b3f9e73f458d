"""Columns of Parquet as a signature's types know them; needs pyarrow."""

import re
from contextlib import suppress
from typing import Any

import numpy as np

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
        array = column.to_numpy(zero_copy_only=False)  # whole numbers with gaps as floats
        if is_a.is_floating(kind) or not column.null_count:
            return array
        if not (np.abs(array) >= INTEGER_MAX).any():
            return array
    elif is_a.is_string(kind) or is_a.is_large_string(kind):
        return column.to_numpy(zero_copy_only=False).tolist()
    return column.to_pylist()
