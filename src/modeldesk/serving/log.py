"""The prediction log: what is kept of every prediction, and how it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any, NamedTuple, Protocol, Self

import uuid_utils

COLUMNS = (
    "id",
    "created_at",
    "request_id",
    "model_version",
    "inputs",
    "label",
    "duration_ms",
    "shadow",
    "user_id",
    "reference",
)
BATCH = 1000  # identifiers that fit into one statement on any database
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What an id says of the time and `created_at` differ by less: the clock may be set in between.
APART = timedelta(seconds=10)
LAST = 253_402_300_799_999  # milliseconds of the year 9999


class LogUnavailable(Exception):
    """The database cannot be reached; nothing was written."""


class BufferFull(LogUnavailable):
    """As many predictions as may are waiting to be written; the message says why to callers."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """The true outcome of a prediction, once known."""

    actual: Any
    comment: str
    created_at: datetime

    def as_row(self) -> dict[str, Any]:
        return {"actual": self.actual, "comment": self.comment}

    def as_dict(self) -> dict[str, Any]:
        return self.as_row() | {"created_at": iso(self.created_at)}


@dataclass(frozen=True, slots=True)
class Record:
    """One logged prediction. Identifiers sort by time of creation (UUID version 7).

    `label` is the class as text, or those of all targets, None for a regression; `duration_ms` is
    the time in milliseconds that the model took for the whole request. `shadow` is what a version
    beside the served one says, never told to callers: its `version`, and `value` and
    `probabilities` or, if it has none, `error`. `user_id` is the account that asked, None
    where there are none, or once it is deleted. `model_value` is what the model said where a
    rule of the owner's made another `value` of it; `reference` is what its caller sent to find it.
    `score` is that of a detector of outliers.
    """

    id: str
    created_at: datetime
    request_id: str
    model_version: str
    inputs: dict[str, Any]
    value: Any
    probabilities: dict[str, Any] | None
    label: str | None
    duration_ms: float
    feedback: Feedback | None = None
    shadow: dict[str, Any] | None = None
    user_id: str | None = None
    reference: str | None = None
    model_value: Any = None
    score: float | None = None

    def answer(self) -> dict[str, Any]:
        """The prediction as its caller gets it."""
        shown = {"id": self.id, "value": self.value}
        if self.reference is not None:
            shown["reference"] = self.reference
        if self.score is not None:
            shown["score"] = self.score
        return shown | ({"probabilities": self.probabilities} if self.probabilities else {})

    def as_dict(self) -> dict[str, Any]:
        own = {} if self.model_value is None else {"model_value": self.model_value}
        return (
            self.answer()
            | own
            | {
                "created_at": iso(self.created_at),
                "model_version": self.model_version,
                "request_id": self.request_id,
                "inputs": self.inputs,
                "feedback": self.feedback.as_dict() if self.feedback else None,
            }
        )

    @property
    def output(self) -> dict[str, Any]:
        """What the model said, as it is kept in one column."""
        # SQLite would store a number by itself in a JSON column as a number, not as JSON.
        said = {"value": self.value, "probabilities": self.probabilities}
        if self.model_value is not None:
            said["model_value"] = self.model_value
        if self.score is not None:
            said["score"] = self.score
        return said

    def as_row(self) -> dict[str, Any]:
        """The columns of a new row of the table."""
        row = {name: getattr(self, name) for name in COLUMNS}
        row["output"] = self.output
        row["feedback"] = self.feedback.as_row() if self.feedback else None
        row["feedback_at"] = self.feedback.created_at if self.feedback else None
        return row

    @classmethod
    def from_row(cls, row: Any) -> Self:
        feedback = Feedback(**row.feedback, created_at=row.feedback_at) if row.feedback else None
        columns = {name: getattr(row, name) for name in COLUMNS}
        return cls(**columns, **row.output, feedback=feedback)


def trial() -> Record:
    """A record that is stored and removed at once."""
    return Record(new_id(), now(), "trial", "trial", {}, None, None, None, 0.0)


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def id_at(moment: datetime) -> str:
    """What sorts below the ids of all records made then or later, and above those before.

    Before 1970 and after 10889 there are no ids.
    """
    milliseconds = floor(moment.timestamp() * 1000)
    text = f"{min(max(milliseconds, 0), 2**48 - 1):012x}"
    return f"{text[:8]}-{text[8:]}-0000-0000-000000000000"


def made_at(record_id: str) -> datetime:
    """When a record was made, to the millisecond: the beginning of its id, of UUID version 7.

    What ids tell of the years from 10000 on is the last moment before.
    """
    milliseconds = int(record_id[:8] + record_id[9:13], 16)
    return EPOCH + timedelta(milliseconds=min(milliseconds, LAST))


def new_id() -> str:
    """An identifier of a record that is made now, after all that this process made before."""
    return str(uuid_utils.uuid7())


def now() -> datetime:
    """The moment for records that are made now: that of their ids, where the clock was set back."""
    moment, told = datetime.now(UTC), made_at(new_id())
    return moment if abs(moment - told) < APART / 2 else told


class Outcome(NamedTuple):
    """What was predicted, what was true, and the label of the record."""

    value: Any
    actual: Any
    label: str | None


class Recent(NamedTuple):
    """What figures are made of, and nothing else of a record; `told` if its outcome is known."""

    model_version: str
    inputs: dict[str, Any]
    value: Any
    label: str | None
    duration_ms: float
    told: bool
    shadow: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Query:
    """Which records a page holds: those that match all that is given."""

    limit: int = 50
    before: str | None = None  # an id: only older records
    model_version: str | None = None
    label: str | None = None
    since: datetime | None = None  # created then or later
    until: datetime | None = None  # created earlier
    has_feedback: bool | None = None
    user_id: str | None = None
    reference: str | None = None
    after: str | None = None  # an id: only newer records

    def ids(self) -> tuple[str | None, str | None]:
        """The first id that may match, and the first one after these; None without a limit.

        Ids sort by time, so that no log is searched for moments. It is still to be asked for
        `since` and `until`.
        """
        first = None if self.since is None else id_at(_apart(self.since, -APART))
        end = None if self.until is None else id_at(_apart(self.until, APART))
        return first, min(filter(None, (end, self.before)), default=None)


def _apart(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError:
        return moment


EVERYTHING = Query()


class PredictionLog(Protocol):
    """Every method raises LogUnavailable when the database cannot be reached, or is too slow."""

    def add(self, records: Sequence[Record]) -> None:
        """Store all records or none."""

    def discard(self, ids: Sequence[str]) -> None:
        """Remove what an `add` may have stored although it failed."""

    def find(self, ids: Sequence[str]) -> list[Record]:
        """The records that are there, in any order."""

    def named(self, references: Sequence[str]) -> list[Record]:
        """The records that callers gave these references, in any order."""

    def page(self, query: Query) -> list[Record]:
        """At most `query.limit` records, newest first."""

    def recent(self, query: Query) -> list[Recent]:
        """What figures are made of, of the records of a page."""

    def outcomes(self, query: Query) -> list[Outcome]:
        """Those of a page of records with feedback; it reads nothing else of them."""

    def scan(self, after: str, limit: int) -> list[Record]:
        """At most `limit` records, oldest first, all newer than the record `after`."""

    def count(self) -> int: ...

    def oldest(self, query: Query) -> list[Record]:
        """At most `query.limit` records, oldest first."""

    def count_up(self, query: Query) -> tuple[int, str]:
        """How many match, at most `query.limit` of the oldest; and the last of these ids, or ""."""

    def versions(self, query: Query = EVERYTHING) -> dict[str, int]:
        """How many records there are of each version of the model, whatever `query.limit` is.

        It reads all that match.
        """

    def distinct(self, column: str, most: int | None = None) -> list[str]:
        """The first texts in a column that begins an index: `model_version` or `label`."""

    def ends(self, column: str, value: str) -> tuple[str, str]:
        """The ids of the first and the last record that has a text in a column that begins an
        index, as the database compares texts; "" for both where none has.
        """

    def newest_id(self, nth: int) -> str:
        """The id of the record before which there are so many newer ones, or ""."""

    def give_feedback(self, record_id: str, feedback: Feedback) -> bool:
        """Store the true outcome; false when the record has one already."""

    def set_shadow(self, answers: Mapping[str, dict[str, Any]]) -> None:
        """Store what a shadow said, by the ids of the records, of which there is at least one."""

    def disown(self, user_id: str) -> None:
        """Forget whose records these were; they stay."""

    def ping(self) -> None: ...

    def let_go(self) -> None:
        """Close what is kept for this thread, which ends."""

    def try_write(self) -> None:
        """Find out whether anything can be stored now, and leave nothing that anybody sees."""
