"""Columns of Parquet as a signature's types know them; needs pyarrow."""

import re
from collections.abc import Callable
from typing import Any


def column_names(schema: Any) -> list[str]:
    """The columns of a file, but for an index of pandas that has no name."""
    return [name for name in schema.names if not re.fullmatch(r"__index_level_\d+__", name)]


def without_decimals(table: Any) -> Any:
    """A table or batch whose decimals are floats."""
    import pyarrow.types as is_a

    return _as_floats(table, is_a.is_decimal)


def with_long_floats(table: Any) -> Any:
    """The same, and the 32-bit 0.1 is 0.1, as in a signature."""
    import pyarrow.types as is_a

    short = (is_a.is_decimal, is_a.is_float16, is_a.is_float32)
    return _as_floats(table, lambda kind: any(is_it(kind) for is_it in short))


def _as_floats(table: Any, wanted: Callable[[Any], bool]) -> Any:
    """By their digits, which is exact to the last one."""
    import pyarrow as pa

    for place, column in enumerate(table.columns):
        if wanted(column.type):
            field = table.schema.field(place).with_type(pa.float64())
            cells = column.cast(pa.string()).cast(pa.float64())
            table = table.set_column(place, field, cells)
    return table
