"""Rows of the log as drivers of SQL take and give them, the same in both frameworks.

Plain tuples: an ORM would cost more than the insert itself, and more than all that a page of the
log is read for.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json

from ..serving.log import Feedback, Outcome, Query, Recent, Record

TABLE = "predictions"
NAMES = (
    *("id", "created_at", "request_id", "model_version", "inputs", "output", "label"),
    *("duration_ms", "feedback", "feedback_at", "shadow", "user_id", "reference"),
)
OF_OUTCOMES = ("output", "feedback", "label")
OF_RECENT = ("model_version", "inputs", "output", "label", "duration_ms", "feedback_at", "shadow")
KINDS = ("sqlite", "postgresql", "mysql")  # of databases, whose drivers take such rows as they are

# MySQL would follow an index by its first column alone, and read all that is newer than what is
# asked for; or sort all that two of them have in common.
MYSQL_INDEXES = ", ".join(
    f"ix_predictions_{name}"
    for name in ("by_version", "by_label", "by_user", "by_reference", "told", "told_by_version")
)

encode = json.JSONEncoder().encode


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


def mysql_hint(query: Query) -> str:
    """What a page needs to be told to MySQL behind the name of the table, or ""."""
    asked = query.model_version, query.label, query.user_id, query.reference, query.has_feedback
    return "" if asked == (None,) * len(asked) else f"FORCE INDEX ({MYSQL_INDEXES})"


def records(found: Iterable[Sequence[Any]]) -> list[Record]:
    """What rows hold that were asked for `NAMES`, in this order."""
    return [_record(row) for row in found]


def recent(found: Iterable[Sequence[Any]]) -> list[Recent]:
    """What rows hold that were asked for `OF_RECENT`, in this order."""
    return [
        Recent(
            version,
            _decoded(inputs),
            _decoded(output)["value"],
            label,
            duration_ms,
            feedback_at is not None,
            _decoded(shadow),
        )
        for version, inputs, output, label, duration_ms, feedback_at, shadow in found
    ]


def outcomes(found: Iterable[Sequence[Any]]) -> list[Outcome]:
    """What rows hold that were asked for `OF_OUTCOMES`, in this order."""
    return [
        Outcome(_decoded(output)["value"], _decoded(feedback)["actual"], label)
        for output, feedback, label in found
    ]


def _record(row: Sequence[Any]) -> Record:
    record_id, created_at, request_id, version, inputs, output, label, *others = row
    duration_ms, feedback, feedback_at, shadow, user_id, reference = others
    told = feedback and Feedback(**_decoded(feedback), created_at=_moment(feedback_at))
    return Record(
        record_id,
        _moment(created_at),
        request_id,
        version,
        _decoded(inputs),
        label=label,
        duration_ms=duration_ms,
        feedback=told,
        shadow=_decoded(shadow),
        user_id=user_id,
        reference=reference,
        **_decoded(output),
    )


def decoded(text: str | bytes) -> Any:
    """What JSON holds, as `json.loads` gives it, but faster."""
    try:
        return from_json(text)
    except ValueError:  # half of a pair of surrogates, which Python's own takes
        return json.loads(text)


def _decoded(value: Any) -> Any:
    """JSON, which some drivers decode by themselves."""
    return decoded(value) if isinstance(value, str) else value


def _moment(value: Any) -> datetime:
    """In UTC, which databases without time zones are written to in."""
    moment: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    """As SQLite keeps it, which has no type for moments; SQLAlchemy and Django read it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)  # some drivers leave out the time zone
