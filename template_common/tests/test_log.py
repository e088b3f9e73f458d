"""The prediction log: every value comes back as it was, in order, and only once."""

import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import uuid_utils

from package.serving.log import (
    BufferedWriter,
    DurableWriter,
    Feedback,
    LogUnavailable,
    PredictionLog,
    Record,
)

from .framework import prediction_log

MOMENT = datetime(2026, 2, 28, 23, 59, 59, 999_999, UTC)
FLOATS = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 2.0, 1e22, 123456789.12345679]
TEXTS = [
    "",
    " ",
    "é 漢字 😀 \U0010ffff",
    "\"'\\/<&>%s{}",
    "\r\n\t\u2028",
    "null",
    "1",
    "a" * 10_000,
]
VALUES: list[Any] = [*FLOATS, *TEXTS, 0, -1, 2**53, True, False]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[PredictionLog]:
    with prediction_log(tmp_path / "test.db") as log:
        yield log


def record(**fields: Any) -> Record:
    """A record of its own identifier."""
    usual = Record(
        id=str(uuid_utils.uuid7()),
        created_at=MOMENT,
        request_id="order-4711",
        model_version="0123456789ab",
        inputs={"area": 95.5},
        value=1.5,
        probabilities=None,
        label=None,
        duration_ms=0.25,
    )
    return replace(usual, **fields)


def same(kept: Record | None, given: Record) -> bool:
    # repr tells 1 from 1.0 and True, and 0.0 from -0.0.
    return repr(kept) == repr(given)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_values_come_back_to_the_last_bit(log: PredictionLog, value: Any) -> None:
    given = record(value=value, inputs={"x": value, "none": None}, label=str(value)[:255])
    log.add([given])
    assert same(log.get(given.id), given)
    feedback = Feedback(value, str(value), MOMENT)
    assert log.give_feedback(given.id, feedback)
    assert same(log.get(given.id), replace(given, feedback=feedback))


@pytest.mark.parametrize(
    "fields",
    [
        {"probabilities": {"dear": 1 / 3, "é 漢字 😀": 2 / 3}},
        {"probabilities": {}},
        {"inputs": {}},
        {"inputs": dict.fromkeys(TEXTS)},
        {"inputs": {"list": [1, [2.5, {"a": None}]], "deep": {"b": {"c": True}}}},
        {"inputs": {"b": 1, "a": 2, "c": 3}},
        {"duration_ms": 1e-9},
        {"request_id": "x" * 64, "label": None},
        {"created_at": datetime(1970, 1, 1, tzinfo=UTC)},
        {"created_at": datetime(9999, 12, 31, 23, 59, 59, 1, UTC)},
    ],
)
def test_records_come_back_as_they_were(log: PredictionLog, fields: dict[str, Any]) -> None:
    given = record(**fields)
    log.add([given])
    assert same(log.get(given.id), given)


def test_moments_are_kept_in_utc(log: PredictionLog) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    given = record(created_at=there)
    log.add([given])
    kept = log.get(given.id)
    assert kept
    assert kept.created_at == MOMENT
    assert kept.created_at.utcoffset() == timedelta(0)
    assert kept.as_dict()["created_at"] == "2026-02-28T23:59:59.999999Z"


def test_nothing_is_there_before_it_is_added(log: PredictionLog) -> None:
    log.ping()
    assert log.page(None, 10) == []
    assert log.get(str(uuid.uuid4())) is None
    assert not log.give_feedback(str(uuid.uuid4()), Feedback(1, "", MOMENT))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_pages_newest_first(log: PredictionLog, limit: int) -> None:
    given = [record(value=float(i)) for i in range(7)]
    log.add(given[:4])
    log.add(given[4:])
    found: list[Record] = []
    while page := log.page(found[-1].id if found else None, limit):
        assert len(page) <= limit
        found += page
    assert found == given[::-1]


def test_feedback_is_given_once(log: PredictionLog) -> None:
    given = record()
    log.add([given])
    first = Feedback(2.5, "first", MOMENT)
    assert log.give_feedback(given.id, first)
    assert not log.give_feedback(given.id, Feedback(9.0, "second", MOMENT + timedelta(1)))
    assert log.get(given.id) == replace(given, feedback=first)
    assert log.page(None, 1) == [replace(given, feedback=first)]


def test_all_records_or_none(log: PredictionLog) -> None:
    known = record()
    log.add([known])
    fresh = record()
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        log.add([fresh, known])
    assert log.page(None, 10) == [known]


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    with (
        prediction_log(tmp_path / "test.db") as log,
        closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as writer,
    ):
        log.add([given := record()])
        writer.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        log.ping()
        assert log.get(given.id) == given
        assert log.page(None, 10) == [given]
        assert time.monotonic() - started < 5


def test_an_unavailable_database(tmp_path: Path) -> None:
    database = tmp_path / "a folder.db"
    database.mkdir()
    with prediction_log(database) as log:
        for act in (
            log.ping,
            lambda: log.get("x"),
            lambda: log.page(None, 1),
            lambda: log.add([record()]),
            lambda: DurableWriter(log).add([record()]),
            lambda: log.give_feedback("x", Feedback(1, "", MOMENT)),
        ):
            with pytest.raises(LogUnavailable, match="unable to open database file"):
                act()


def test_a_database_that_is_not_migrated(tmp_path: Path) -> None:
    (tmp_path / "test.db").touch()
    with prediction_log(tmp_path / "test.db") as log:
        log.ping()
        with pytest.raises(LogUnavailable, match="no such table"):
            log.add([record()])


def test_requests_that_wait_together_share_a_commit(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[list[Record]] = []

    def slow(records: Sequence[Record]) -> None:
        time.sleep(0.05)
        commits.append(list(records))

    monkeypatch.setattr(log, "add", slow)
    writer = DurableWriter(log)

    def add(number: int) -> bool:
        given = [record(value=number), record(value=number)]
        writer.add(given)
        return any(all(r in commit for r in given) for commit in commits)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(add, range(32)))
    assert sum(map(len, commits)) == 64
    assert len(commits) < 32


def test_a_commit_that_fails_fails_for_all_who_share_it(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(records: Sequence[Record]) -> None:
        time.sleep(0.05)
        raise LogUnavailable("away")

    monkeypatch.setattr(log, "add", away)
    writer = DurableWriter(log)

    def add(_: int) -> None:
        with pytest.raises(LogUnavailable):
            writer.add([record()])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    monkeypatch.undo()
    given = record()
    writer.add([given])
    assert log.page(None, 10) == [given]


@pytest.mark.parametrize("error", [LogUnavailable("away"), RuntimeError("odd")])
def test_buffered_records_wait_while_the_database_is_away(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    kept: list[Record] = []
    tried, back = Event(), Event()

    def add(records: Sequence[Record]) -> None:
        if not back.is_set():
            tried.set()
            raise error
        kept.extend(records)

    monkeypatch.setattr(log, "add", add)
    writer = BufferedWriter(log, interval=0.01, capacity=5)
    given = [record(value=float(i)) for i in range(5)]
    writer.add(given[:3])
    assert tried.wait(10)
    writer.add(given[3:])
    with pytest.raises(LogUnavailable, match="full"):
        writer.add([record()])
    back.set()
    deadline = time.monotonic() + 10
    while len(kept) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert kept == given
    writer.add([record()])
