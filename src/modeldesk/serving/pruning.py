"""Makes daily totals of old predictions, and tells which versions those that stay name."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from ..ml.progress import tqdm
from .log import APART, PredictionLog, Query
from .summaries import SummaryStore, day_of
from .tallies import bring_up_to_date

BATCH = 1000  # predictions
DAY = timedelta(days=1)

Counts = Counter[tuple[str, str]]  # of predictions, by day and version


def midnight(moment: datetime) -> datetime:
    """The beginning of a day in UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def count_old(log: PredictionLog, until: datetime) -> Counts:
    """How many predictions were created before a moment, asked for a day at a time."""
    found: Counts = Counter()
    since: datetime | None = None
    while first := log.oldest(Query(limit=1, since=since, until=until)):
        begin = midnight(first[0].created_at - APART)  # others may be of the day before
        begin = max(begin, since) if since else begin
        since = begin + DAY
        for version, count in log.versions(Query(since=begin, until=since)).items():
            found[f"{begin:%Y-%m-%d}", version] = count
    return found


def prune(
    log: PredictionLog, summaries: SummaryStore, until: datetime, *, progress: bool = True
) -> Counts:
    """Make totals of the predictions that were created before a moment; how many these were.

    A batch is counted and removed at once: this may end at any time and be called again. Memory
    does not grow with the log.
    """
    bring_up_to_date(log, summaries)
    found: Counts = Counter()
    since: datetime | None = None  # nothing is left from before, so that it is not searched
    total = count_old(log, until).total()
    with tqdm(total=total, desc="Pruning", disable=not progress or not total) as bar:
        while records := log.oldest(Query(limit=BATCH, since=since, until=until)):
            if summaries.fold(records):  # if they have changed, they are read again
                found.update((day_of(record), record.model_version) for record in records)
                since = records[-1].created_at - APART
                bar.update(len(records))
    return found


def named(
    log: PredictionLog, versions: set[str], since: datetime | None, *, progress: bool = True
) -> set[str]:
    """Which of these versions predictions created at `since` or later name, or their shadow does.

    It looks through the log until all are found, as no database has an index of what shadows said.
    """
    found: set[str] = set()
    after, total = "", log.count() if versions else 0
    with tqdm(total=total, desc="Looking for versions", disable=not progress or not total) as bar:
        while versions - found and (records := log.scan(after, BATCH)):
            for record in records:
                if since is None or record.created_at >= since:
                    found |= versions & {record.model_version, (record.shadow or {}).get("version")}
            after = records[-1].id
            bar.update(len(records))
    return found
