"""Reads the newest of the prediction log, for commands."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from ..ml.progress import tqdm
from .log import BATCH, LogUnavailable, PredictionLog, Query, Record


class NothingLogged(Exception):
    """The log holds nothing to work on; one sentence says what, and what was not done."""


def newest(log: PredictionLog, query: Query, *, progress: bool = True) -> Iterator[list[Record]]:
    """Pages of the records that match, newest first and each once, `query.limit` in all.

    Raises LogUnavailable.
    """
    pages = _pages(log, query)
    first = next(pages, [])
    # How many have an outcome, only a look at each of them would tell.
    total = None if query.has_feedback else query.limit
    with tqdm(total=total, unit=" rows", disable=not progress or not first) as bar:
        for records in chain([first] if first else [], pages):
            yield records
            bar.update(len(records))
        bar.total = bar.n
        bar.refresh()


def _pages(log: PredictionLog, query: Query) -> Iterator[list[Record]]:
    left = query.limit
    try:
        while left and (records := log.page(replace(query, limit=min(left, BATCH)))):
            yield records
            left -= len(records)
            query = replace(query, before=records[-1].id)
    except LogUnavailable as error:
        reason = " ".join(str(error).split())
        raise LogUnavailable(f"The database does not answer: {reason}. Try again later.") from error
