"""What the first page of the admin tells at a glance."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..serving.log import PredictionLog, Query, id_at
from ..serving.summaries import SummaryStore
from ..serving.tallies import logged

MOST_COUNTED = 10_000  # predictions of one kind


def figures(log: PredictionLog, summaries: SummaryStore, accounts: int) -> dict[str, str]:
    """By name; what is not in the tallies is counted up to a limit only, and says so."""
    yesterday = id_at(datetime.now(UTC) - timedelta(days=1))
    return {
        "Predictions": f"{logged(log, summaries):,}",
        "In the last 24 hours": _counted(log, Query(after=yesterday)),
        "Without an outcome": _counted(log, Query(has_feedback=False)),
        "Accounts": f"{accounts:,}",
    }


def _counted(log: PredictionLog, query: Query) -> str:
    count, _ = log.count_up(replace(query, limit=MOST_COUNTED + 1))
    return f"over {MOST_COUNTED:,}" if count > MOST_COUNTED else f"{count:,}"
