"""Totals of predictions that were removed, in Django's ORM."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from django.db import IntegrityError, transaction
from django.db.models import Q

from ...serving.log import Record
from ...serving.summaries import DaySummary, Tally, summarise
from .. import models
from ..connection import reaching
from ..models import Prediction, Summary

MOST_IDS = 500  # in one statement; SQL Server takes at most 2100 values


class Changed(Exception):
    """Another process was faster; the transaction is rolled back."""


class DjangoSummaries:
    """The summaries over the default connection; safe to use from any thread."""

    def add(self, summaries: Sequence[DaySummary]) -> None:
        with reaching():
            Summary.objects.bulk_create([Summary(**one.as_row()) for one in summaries])

    def find(self, ids: Sequence[str]) -> list[DaySummary]:
        with reaching():
            return _summaries(Summary.objects.filter(id__in=ids))

    def scan(self, after: str, limit: int) -> list[DaySummary]:
        with reaching():
            return _summaries(Summary.objects.filter(id__gt=after).order_by("id")[:limit])

    def count(self) -> int:
        with reaching():
            return Summary.objects.count()

    def fold(self, records: Sequence[Record]) -> bool:
        try:
            with reaching(), transaction.atomic():
                _remove(records)
                for summary in summarise(records):
                    _count(summary)
        except (Changed, IntegrityError):
            return False
        return True

    def tallies(self) -> dict[str, Tally]:
        with reaching():
            return {
                one.model_version: Tally(one.made, one.until) for one in models.Tally.objects.all()
            }

    def keep(self, tallies: Mapping[str, Tally]) -> None:
        rows = [models.Tally(version, one.made, one.until) for version, one in tallies.items()]
        # Another process keeps the same, and each version's by itself is right.
        with suppress(IntegrityError), reaching(), transaction.atomic():
            models.Tally.objects.filter(model_version__in=list(tallies)).delete()
            models.Tally.objects.bulk_create(rows)

    def forget(self) -> None:
        with reaching():
            models.Tally.objects.all().delete()


def _summaries(rows: Iterable[Summary]) -> list[DaySummary]:
    return [DaySummary.from_row(row) for row in rows]


def _remove(records: Sequence[Record]) -> None:
    """First of all, so that no other transaction counts the same rows."""
    for start in range(0, len(records), MOST_IDS):
        some = records[start : start + MOST_IDS]
        told = [record.id for record in some if record.feedback]
        rows = Prediction.objects.filter(id__in=[record.id for record in some])
        removed, _ = rows.filter(Q(feedback_at=None) | Q(id__in=told)).delete()
        if removed != len(some):
            raise Changed


def _count(summary: DaySummary) -> None:
    there = Summary.objects.filter(id=summary.id)
    if not (found := _summaries(there)):
        Summary.objects.create(**summary.as_row())
        return
    (before,) = found
    # Counts only grow: the same one is the same row.
    if not there.filter(count=before.totals.count).update(**(before + summary).as_row()):
        raise Changed
