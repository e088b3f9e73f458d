"""Counters of wrong passwords in the database."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import Case, F, Q, When

from .project import attempt_model


class DatabaseAttempts:
    """`Attempts` in the table of login attempts, each change one statement."""

    def __init__(self) -> None:
        self.rows = attempt_model().objects

    def find(self, keys: Sequence[str]) -> Mapping[str, tuple[int, datetime]]:
        rows = self.rows.filter(key__in=keys)
        return {row.key: (row.count, row.until) for row in rows}

    def add(self, key: str, by: int, now: datetime, until: datetime) -> None:
        if by > 0:
            with suppress(IntegrityError):
                self.rows.create(key=key, count=0, until=until)
        # The count comes first: a database may compare with an end that was set before it.
        changed: dict[str, Any] = {
            "count": Case(When(until__lte=now, then=by), default=F("count") + by)
        }
        changed |= {"until": until} if by > 0 else {}
        self.rows.filter(key=key).update(**changed)

    def forget(self, keys: Sequence[str]) -> None:
        self.rows.filter(Q(key__in=keys) | Q(until__lt=datetime.now(UTC))).delete()
