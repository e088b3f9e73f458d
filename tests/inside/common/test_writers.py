"""Writers: what was acknowledged is stored once, and what was refused is not there."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest
from modeldesk.serving.log import BufferFull, LogUnavailable, PredictionLog, Record
from modeldesk.serving.writers import BufferedWriter, DurableWriter
from modeldesk.testing.waiting import eventually

from .records import check, record

Add = Callable[[Sequence[Record]], None]


def breaks_after(add: Add) -> Add:
    """An `add` whose connection breaks when all is stored, before it is acknowledged."""

    def add_and_break(records: Sequence[Record]) -> None:
        add(records)
        raise LogUnavailable("broke during the commit")

    return add_and_break


def away(*_: object) -> None:
    raise LogUnavailable("away")


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
    def slowly_away(records: Sequence[Record]) -> None:
        time.sleep(0.05)
        away()

    monkeypatch.setattr(log, "add", slowly_away)
    monkeypatch.setattr(log, "discard", away)
    writer = DurableWriter(log)

    def add(_: int) -> None:
        with pytest.raises(LogUnavailable):
            writer.add([record()])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    monkeypatch.undo()
    given = record()
    writer.add([given])
    check(log, given)


def test_what_was_refused_is_gone_after_the_next_write(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, refused, after = record(), [record() for _ in range(3000)], record()
    writer = DurableWriter(log)
    writer.add([before])
    with monkeypatch.context() as patch:
        patch.setattr(log, "add", breaks_after(log.add))
        with pytest.raises(LogUnavailable):
            writer.add(refused)
    assert log.count() == 3001
    with monkeypatch.context() as patch:
        patch.setattr(log, "discard", away)
        for _ in range(2):
            with pytest.raises(LogUnavailable):
                writer.add([record()])
    writer.add([after])
    check(log, before, after)


def test_what_was_refused_is_gone_when_it_is_settled(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = record()
    writer = DurableWriter(log)
    writer.add([given])
    writer.check()
    check(log, given)
    with monkeypatch.context() as patch:
        patch.setattr(log, "add", breaks_after(log.add))
        with pytest.raises(LogUnavailable):
            writer.add([record()])
    with monkeypatch.context() as patch:
        patch.setattr(log, "discard", away)
        with pytest.raises(LogUnavailable):
            writer.check()
    writer.check()
    check(log, given)


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
    monkeypatch.setattr(log, "discard", lambda ids: None)
    writer = BufferedWriter(log, interval=0.01, capacity=5)
    given = [record(value=float(i)) for i in range(5)]
    writer.add(given[:3])
    assert tried.wait(10)
    writer.add(given[3:])
    with pytest.raises(LogUnavailable, match="away, and 5 predictions wait"):
        writer.add([record()])
    back.set()
    eventually(lambda: len(kept) == 5, 10)
    assert kept == given
    last = record()

    def takes_it() -> bool:
        with suppress(LogUnavailable):  # until it has noted that the others are written
            writer.add([last])
            return True
        return False

    eventually(takes_it, 10)
    eventually(lambda: kept == [*given, last], 10)


def test_buffered_records_in_doubt_are_stored_once(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, tries = log.add, [0]

    def break_at_first(records: Sequence[Record]) -> None:
        add(records)
        tries[0] += 1
        if tries[0] == 1:
            raise LogUnavailable("broke during the commit")

    monkeypatch.setattr(log, "add", break_at_first)
    given = [record() for _ in range(3)]
    BufferedWriter(log, interval=0.01).add(given)
    eventually(lambda: tries[0] == 2, 10)
    check(log, *given)


def test_callers_wait_for_room_in_the_buffer(
    log: PredictionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    go_on = Event()

    def add(records: Sequence[Record]) -> None:
        go_on.wait(30)
        batches.append(len(records))

    monkeypatch.setattr(log, "add", add)
    writer = BufferedWriter(log, interval=0.01, capacity=2000, patience=30)
    writer.add([record() for _ in range(2500)])  # more than ever fit, into an empty buffer
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(writer.add, [record() for _ in range(600)]) for _ in range(4)]
        assert not any(one.done() for one in waiting)
        go_on.set()
        for one in waiting:
            one.result(30)
    eventually(lambda: sum(batches) == 2500 + 4 * 600, 10)
    assert max(batches) <= 1000


def test_a_buffer_that_stays_full(log: PredictionLog, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Event()
    monkeypatch.setattr(log, "add", lambda records: go_on.wait(30))
    writer = BufferedWriter(log, interval=0.01, capacity=5, patience=0.1)
    writer.add([record() for _ in range(5)])
    with pytest.raises(BufferFull, match="slower than predictions come: 5 predictions wait"):
        writer.add([record()])
    go_on.set()
    eventually(lambda: not writer._waiting, 10)
    writer.add([record()])
