"""Queries of the log that take the same time whichever index a database follows.

It may read by another one than that of what is asked for: all that is newer than the last match, or
all of a class in search of a version that has none of it. So whatever is asked for by a column is
asked for between the first and the last id that the column has it with, and these are looked up.
"""

from dataclasses import replace

from .log import PredictionLog, Query

COLUMNS = ("model_version", "label", "user_id")  # which begin an index, and may match much
ABOVE = "0"  # at the end of an id makes what sorts above it, and below the next one


def narrowed(log: PredictionLog, query: Query) -> Query | None:
    """A query that finds the same, or None where nothing matches."""
    for column in COLUMNS:
        if (value := getattr(query, column)) is not None:
            first, last = log.ends(column, value)
            if not last:
                return None
            query = replace(
                query,
                before=min(query.before or f"{last}{ABOVE}", f"{last}{ABOVE}"),
                after=max(query.after or "", first[:-1]),  # which sorts below it
            )
    return query


def between(log: PredictionLog, column: str, value: str) -> tuple[tuple[str, str, str], ...]:
    """The same as conditions of a list in the admin."""
    first, last = log.ends(column, value)
    return (column, "eq", value), ("id", "gte", first), ("id", "lt", f"{last}{ABOVE}")
