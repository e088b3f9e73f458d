"""How many predictions each version made, without counting all of them whenever somebody asks.

What was counted is kept, up to an id; only newer predictions are counted then. Pruning changes no
count, as it begins with bringing them up to date. Whatever else adds or removes older predictions,
such as an import, makes them be counted anew, and so does the server once a day.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from .log import LogUnavailable, PredictionLog, Query, id_at
from .summaries import SummaryStore, Tally, by_version

LAG = timedelta(minutes=1)  # until a prediction is in what is kept; it may be stored late
ENOUGH = 10_000  # predictions that are worth to be kept as counted, when somebody looks
STEP = 100_000  # predictions that one statement counts
EVERY = 60.0  # seconds between two looks of the server
ANEW = 24 * 60  # looks until it counts all of them again

logger = logging.getLogger(__name__)


def made(log: PredictionLog, summaries: SummaryStore) -> Counter[str]:
    """How many predictions each version made, those in the log and those that were pruned."""
    return _counted(log, summaries, summaries.tallies(), worth=ENOUGH)


def logged(log: PredictionLog, summaries: SummaryStore) -> int:
    """How many predictions are in the log."""
    return made(log, summaries).total() - _pruned(summaries).total()


def bring_up_to_date(log: PredictionLog, summaries: SummaryStore, *, anew: bool = False) -> None:
    """Keep the counts of all predictions but those of the last minute; `anew` counts all."""
    _counted(log, summaries, {} if anew else summaries.tallies(), worth=0)


def _counted(
    log: PredictionLog, summaries: SummaryStore, kept: Mapping[str, Tally], *, worth: int
) -> Counter[str]:
    """The counts; those that are worth it are kept."""
    pruned, end = _pruned(summaries), id_at(datetime.now(UTC) - LAG)
    found: Counter[str] = Counter()
    changed: dict[str, Tally] = {}
    for version in sorted({*kept, *pruned, *log.distinct("model_version")}):
        tally = kept.get(version, Tally(pruned[version], ""))
        of_it = Query(limit=STEP, model_version=version)
        newer = _count(log, replace(of_it, after=tally.until, before=end))
        if newer >= worth and tally.until < end:
            changed[version] = Tally(tally.made + newer, end)
        newest = _count(log, replace(of_it, after=max(tally.until, end)))
        found[version] = tally.made + newer + newest
    # What was pruned meanwhile was counted twice or not at all.
    if changed and (changed.keys() <= kept.keys() or _pruned(summaries) == pruned):
        summaries.keep(changed)
    return found


def _pruned(summaries: SummaryStore) -> Counter[str]:
    """How many predictions of each version are in the log no more."""
    return Counter({version: one.count for version, one in by_version(summaries).items()})


def _count(log: PredictionLog, query: Query) -> int:
    """However many match, in statements that no time limit ends."""
    total, count = 0, query.limit
    while count == query.limit:
        count, last = log.count_up(query)
        total, query = total + count, replace(query, after=last)
    return total


@contextmanager
def keeping_count(bring: Callable[[bool], None]) -> Iterator[None]:
    """Call `bring` beside what is done meanwhile, with whether it is to count all of them anew."""
    stopping = threading.Event()
    thread = threading.Thread(target=_keep, args=(bring, stopping), name="tallies", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()


def _keep(bring: Callable[[bool], None], stopping: threading.Event) -> None:
    looks = 0
    while not stopping.is_set():
        try:
            bring(looks % ANEW == 0)
        except LogUnavailable:
            pass  # whoever predicts is told
        except Exception:  # whatever it is, the server goes on
            logger.exception("Predictions cannot be counted.")
        else:
            looks += 1
        stopping.wait(EVERY)
