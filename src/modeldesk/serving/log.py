"""The prediction log: what is kept of every prediction, and how it is written."""

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any, Protocol, Self

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

logger = logging.getLogger(__name__)


class LogUnavailable(Exception):
    """The database cannot be reached; nothing was written."""


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

    def as_row(self) -> dict[str, Any]:
        """The columns of a new row of the table."""
        row = {name: getattr(self, name) for name in COLUMNS}
        # SQLite would store a number by itself in a JSON column as a number, not as JSON.
        row["output"] = {"value": self.value, "probabilities": self.probabilities}
        if self.model_value is not None:
            row["output"]["model_value"] = self.model_value
        if self.score is not None:
            row["output"]["score"] = self.score
        row["feedback"] = self.feedback.as_row() if self.feedback else None
        row["feedback_at"] = self.feedback.created_at if self.feedback else None
        return row

    @classmethod
    def from_row(cls, row: Any) -> Self:
        feedback = Feedback(**row.feedback, created_at=row.feedback_at) if row.feedback else None
        columns = {name: getattr(row, name) for name in COLUMNS}
        return cls(**columns, **row.output, feedback=feedback)


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
    """When a record was made, to the millisecond: the beginning of its id, of UUID version 7."""
    return EPOCH + timedelta(milliseconds=int(record_id[:8] + record_id[9:13], 16))


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

    def newest_id(self, nth: int) -> str:
        """The id of the record before which there are so many newer ones, or ""."""

    def give_feedback(self, record_id: str, feedback: Feedback) -> bool:
        """Store the true outcome; false when the record has one already."""

    def set_shadow(self, answers: Mapping[str, dict[str, Any]]) -> None:
        """Store what a shadow said, by the ids of the records, of which there is at least one."""

    def disown(self, user_id: str) -> None:
        """Forget whose records these were; they stay."""

    def ping(self) -> None: ...


class Writer:
    """Adds records, so that what it failed to add is not there either.

    A connection that breaks during a commit leaves open what became of it; such records are
    removed before the next ones are added, or when the database is looked at.
    """

    def __init__(self, log: PredictionLog) -> None:
        self._log = log
        self._in_doubt: list[str] = []
        self._turn = threading.Lock()

    def settle(self) -> None:
        """Remove what is in doubt."""
        if self._in_doubt:
            with self._turn:
                self._settle()

    def _settle(self) -> None:
        while self._in_doubt:
            self._log.discard(self._in_doubt[:BATCH])
            self._in_doubt = self._in_doubt[BATCH:]

    def _write(self, records: Sequence[Record]) -> None:
        self._settle()
        try:
            self._log.add(records)
        except LogUnavailable:
            self._in_doubt = [record.id for record in records]
            raise


class DurableWriter(Writer):
    """Records are stored when `add` returns; requests that wait together share a commit."""

    def __init__(self, log: PredictionLog) -> None:
        super().__init__(log)
        self._waiting: deque[tuple[Sequence[Record], Future[None]]] = deque()

    def add(self, records: Sequence[Record]) -> None:
        written: Future[None] = Future()
        self._waiting.append((records, written))
        with self._turn:
            if not written.done():
                self._commit()
        written.result()

    def _commit(self) -> None:
        entries = [self._waiting.popleft() for _ in range(len(self._waiting))]
        error: Exception | None = None
        try:
            self._write([record for records, _ in entries for record in records])
        except Exception as failure:
            error = failure
            if isinstance(failure, LogUnavailable):  # for those that came meanwhile, too
                entries += [self._waiting.popleft() for _ in range(len(self._waiting))]
        for _, written in entries:
            written.set_exception(error) if error else written.set_result(None)


class BufferedWriter(Writer):
    """Answer first, write a moment later: faster, and what is not written dies with the process.

    A thread writes what has gathered every `interval` seconds, and once more at the end. While
    the database is away records wait, up to `capacity`; beyond it new ones are refused.
    """

    def __init__(self, log: PredictionLog, interval: float = 0.2, capacity: int = 10_000) -> None:
        super().__init__(log)
        self._interval, self._capacity = interval, capacity
        self._waiting: deque[Record] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, records: Sequence[Record]) -> None:
        with self._lock:
            if len(self._waiting) + len(records) > self._capacity:
                raise LogUnavailable("the buffer of the prediction log is full")
            self._waiting.extend(records)
            if self._thread is None:
                # The interpreter waits for threads that are no daemons, as the server's are.
                self._thread = threading.Thread(target=self._run, daemon=False)
                self._thread.start()

    def _run(self) -> None:
        while threading.main_thread().is_alive():
            time.sleep(self._interval)
            self._flush()
        self._flush()
        if self._waiting:
            logger.error("%d predictions were lost: the database is away", len(self._waiting))

    def _flush(self) -> None:
        records = list(self._waiting)
        try:
            if records:
                with self._turn:
                    self._write(records)
        except Exception as error:  # whatever it is, the next ones are to be written
            logger.warning("%d predictions are waiting: %s", len(records), error)
        else:
            with self._lock:
                for _ in records:
                    self._waiting.popleft()
