"""New rows of the log as drivers of SQL take them, the same from both frameworks.

One statement and plain tuples: an ORM or a compiler would cost more than the insert itself.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from json import JSONEncoder
from typing import Any

from ..serving.log import Record

TABLE = "predictions"
NAMES = (
    *("id", "created_at", "request_id", "model_version", "inputs", "output", "label"),
    *("duration_ms", "feedback", "feedback_at", "shadow", "user_id", "reference"),
)
KINDS = ("sqlite", "postgresql", "mysql")  # of databases, whose drivers take such rows as they are

encode = JSONEncoder().encode


def insert(mark: str = "%s") -> str:
    """The statement that stores a row; `mark` is what stands for a value to the driver."""
    return f"INSERT INTO {TABLE} ({', '.join(NAMES)}) VALUES ({', '.join([mark] * len(NAMES))})"  # noqa: S608


def rows(records: Sequence[Record], kind: str) -> list[tuple[Any, ...]]:
    """The values of `NAMES` in each record, for one of `KINDS`."""
    moment = _text if kind == "sqlite" else _utc
    return [
        (
            record.id,
            moment(record.created_at),
            record.request_id,
            record.model_version,
            encode(record.inputs),
            encode(record.output),
            record.label,
            record.duration_ms,
            encode(told.as_row()) if (told := record.feedback) else None,
            moment(told.created_at) if told else None,
            None if record.shadow is None else encode(record.shadow),
            record.user_id,
            record.reference,
        )
        for record in records
    ]


def _text(moment: datetime) -> str:
    """As SQLite keeps it, which has no type for moments; SQLAlchemy and Django read it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)  # some drivers leave out the time zone
