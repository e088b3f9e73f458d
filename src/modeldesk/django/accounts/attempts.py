"""Counters of wrong passwords in the database."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from django.db import IntegrityError
from django.db.models import Case, F, Q, When

from .project import attempt_model


class DatabaseAttempts:
    """`Attempts` in the table of login attempts, each change one statement."""

    def __init__(self) -> None:
        self.rows = attempt_model().objects

    def take(self, key: str, limit: int, now: datetime, until: datetime) -> bool:
        with suppress(IntegrityError):
            self.rows.create(key=key, count=0, until=until)
        free = self.rows.filter(Q(until__lte=now) | Q(count__lt=limit), key=key)
        # The count comes first: a database may compare with an end that was set before it.
        counted = Case(When(until__lte=now, then=1), default=F("count") + 1)
        return free.update(count=counted, until=until) == 1

    def give_back(self, key: str) -> None:
        self.rows.filter(key=key, count__gt=0).update(count=F("count") - 1)

    def ends(self, keys: Sequence[str]) -> Iterable[datetime]:
        return self.rows.filter(key__in=keys).values_list("until", flat=True)

    def forget(self, keys: Sequence[str]) -> None:
        self.rows.filter(Q(key__in=keys) | Q(until__lt=datetime.now(UTC))).delete()
