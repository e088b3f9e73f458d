"""Filters of the tables, whatever the database."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask_admin.model.filters import BaseFilter


class Filter(BaseFilter):
    """A filter by a condition, as the database of its table has them."""

    kind = "text"
    view: Any = None  # the table that it belongs to

    def condition(self, value: Any) -> Any:
        """What it stands for; None when it leaves nothing out."""
        raise NotImplementedError

    def apply(self, query: Any, value: Any, alias: Any = None) -> Any:
        condition = self.condition(value)
        return query if condition is None else query.filter(condition)

    def operation(self) -> str:
        return "is"


class Choice(Filter):
    """A filter by one of some values."""

    kind = "choice"

    def choices(self) -> Iterable[tuple[str, str]]:
        """The values and what they are called."""
        raise NotImplementedError

    def validate(self, value: str) -> bool:
        return True  # of what is not there nothing is found


class Day(Filter):
    """From one day, or to one; it is included, in UTC."""

    kind = "day"

    def clean(self, value: str) -> datetime | None:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC) if value else None
