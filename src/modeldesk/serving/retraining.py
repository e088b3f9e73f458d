"""Reads what `manage train --with-feedback` adds to the training data."""

from collections.abc import Callable
from typing import Any

from ..ml.logged import LoggedRows
from .log import PredictionLog, Query, Record
from .newest import NothingLogged, newest

MOST_ROWS = 1_000_000
MOST_VALUES = 50_000_000  # some hundred MiB, as numbers


def rows_with_feedback(
    log: PredictionLog,
    say: Callable[[str], None],
    *,
    most_rows: int = MOST_ROWS,
    most_values: int = MOST_VALUES,
    progress: bool = True,
) -> LoggedRows:
    """The newest rows whose true outcome is known, as many as fit into memory.

    Raises NothingLogged when there is none, and LogUnavailable.
    """
    logged = LoggedRows(say)
    for records in newest(log, Query(limit=most_rows, has_feedback=True), progress=progress):
        logged.keep((record.inputs, _outcome(record)) for record in records)
        if logged.rows >= most_rows or logged.values >= most_values:
            say(f"Only the newest {logged.rows:,} logged rows are taken.")
            break
    if not logged.rows:
        why = "No logged prediction has a true outcome yet"
        raise NothingLogged(f"{why}, so nothing is trained; `manage train` does without.")
    return logged


def _outcome(record: Record) -> Any:
    """A class, or numbers as floats."""
    actual = record.feedback.actual if record.feedback else None
    return float(actual) if record.label is None and isinstance(actual, int) else actual
