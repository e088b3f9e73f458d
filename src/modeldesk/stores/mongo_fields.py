"""Fields of MongoEngine."""

from datetime import datetime
from typing import Any

from mongoengine.base import BaseField

from ..serving.log import iso


class MomentField(BaseField):
    """A moment in UTC, as text that sorts: MongoDB's own dates have no microseconds."""

    def to_mongo(self, value: datetime | None) -> str | None:
        return iso(value) if value else None

    def to_python(self, value: Any) -> datetime | None:
        return datetime.fromisoformat(value) if isinstance(value, str) else value

    def prepare_query_value(self, op: str | None, value: datetime | None) -> str | None:
        return self.to_mongo(value)
