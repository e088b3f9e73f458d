"""Answers that wait for their commit without a thread, by the fast path behind the door."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from granian.wsgi import _callback_wrapper
from modeldesk.serving.answers import Answer, Request
from modeldesk.serving.deployment import Deployment
from modeldesk.serving.door import HELD, Door
from modeldesk.serving.fast_path import PATH, FastPath
from modeldesk.serving.log import LogUnavailable, Record
from modeldesk.serving.logs import current_request_id
from modeldesk.serving.middleware import Gateway
from modeldesk.serving.service import Service, predict
from modeldesk.serving.settings import Settings
from modeldesk.serving.writers import DurableWriter
from modeldesk.testing.records import record

from .desk import ROW
from .memory import MemoryLog
from .test_door import Body, Protocol

SEATS = 2
CONTENT = json.dumps({"instances": [ROW]}).encode()


class OnPostgreSQL(Settings):
    database = "postgresql"


class SlowLog(MemoryLog):
    """A database that takes its time: until `may_commit`, or what `fault` says."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.may_commit = threading.Event(), threading.Event()
        self.fault: Exception | None = None
        self.groups: list[int] = []
        self.threads: list[str] = []

    def add(self, records: Sequence[Record]) -> None:
        self.is_asked.set()
        assert self.may_commit.wait(20)
        if self.fault:
            raise self.fault
        self.groups.append(len(records))
        self.threads.append(threading.current_thread().name)
        super().add(records)


class Plain:
    """A framework around a service without accounts."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.names: list[tuple[str, str]] = []  # of each request, and of that which this one is

    def is_plain(self) -> bool:
        return True

    def answer(self, request: Request, authorization: str) -> Answer:
        answer = self.service.answer(predict, request)
        self.names.append((request.id, current_request_id.get()))
        return answer


Ask = Callable[[], Protocol]


@contextmanager
def committing(ask: Ask, log: SlowLog) -> Iterator[list[Protocol]]:
    """A thread commits the first prediction meanwhile; it is there at the end."""
    found: list[Protocol] = []
    thread = threading.Thread(target=lambda: found.append(ask()))
    thread.start()
    assert log.is_asked.wait(20)
    yield found
    log.may_commit.set()
    thread.join(20)


@pytest.fixture
def log() -> Iterator[SlowLog]:
    log = SlowLog()
    yield log
    log.may_commit.set()


@pytest.fixture
def plain(small_model: Path, log: SlowLog, nobody_asks: None) -> Plain:
    return Plain(Service(Deployment(small_model), log, Settings.model_validate({})))


@pytest.fixture
def ask(plain: Plain) -> Ask:
    """Does what a thread of the server does with a prediction."""
    settings = Settings.model_validate({})

    def never(*_: Any) -> Any:
        raise AssertionError("the framework was asked")

    application = Gateway(FastPath(never, plain, settings), settings)
    door = Door(_callback_wrapper(application, {}), SEATS)

    def ask() -> Protocol:
        protocol, about = Protocol(), {"PATH_INFO": PATH, "REQUEST_METHOD": "POST"}
        about |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(CONTENT))}
        about |= {"HTTP_HOST": "localhost:8000", "wsgi.url_scheme": "http"}
        door(protocol, about | {"wsgi.input": Body(CONTENT)})
        return protocol

    return ask


def assert_stored(log: SlowLog, *protocols: Protocol) -> None:
    for protocol in protocols:
        assert protocol.is_answered.wait(20)
        assert protocol.status == 200
        assert protocol.headers["X-Content-Type-Options"] == "nosniff"
        (prediction,) = json.loads(protocol.content)["predictions"]
        assert log.find([prediction["id"]])


def test_more_wait_for_a_commit_than_there_are_threads(ask: Ask, log: SlowLog) -> None:
    with committing(ask, log) as first:
        others = [ask() for _ in range(5 * SEATS)]  # each returns, by this one thread
        assert not any(protocol.is_answered.is_set() for protocol in others)
    assert_stored(log, *first, *others)
    assert log.groups == [1, 5 * SEATS]


def test_whoever_commits_alone_goes_on_alone(ask: Ask, log: SlowLog) -> None:
    log.may_commit.set()
    before = threading.active_count()
    for _ in range(3):
        assert_stored(log, ask())
    assert threading.active_count() == before
    assert log.groups == [1, 1, 1]


def test_whoever_commits_for_others_goes_on_with_its_own(
    ask: Ask, log: SlowLog, plain: Plain
) -> None:
    """By what a context has, such as its name and the version that answers it."""
    log.may_commit.set()
    with ThreadPoolExecutor(SEATS) as pool:
        with plain.service.writer._turn.taken():
            asked = [pool.submit(ask) for _ in range(SEATS)]
            others = as_completed(asked)
            held = [next(others).result() for _ in range(SEATS - 1)]  # one waits for its turn
        assert_stored(log, *held, next(others).result())
    assert log.groups == [SEATS]
    assert len(plain.names) == SEATS
    assert all(one == other for one, other in plain.names)


def test_what_is_not_stored_is_answered_as_a_problem(ask: Ask, log: SlowLog) -> None:
    log.fault = LogUnavailable("away")
    log.may_commit.set()
    protocol = ask()
    assert protocol.is_answered.wait(20)
    assert protocol.status == 503
    assert protocol.headers["Retry-After"]
    problem = json.loads(protocol.content)
    assert problem["request_id"] == protocol.headers["X-Request-ID"]
    assert problem["errors"][0]["loc"] == ["database"]
    assert not log.count()


def test_nobody_waits_without_a_thread_where_connections_are_few(
    log: SlowLog, ask: Ask, plain: Plain
) -> None:
    url = "postgresql://app:secret@localhost/app?pooler="
    for pooler, may_hold in (("session", False), ("transaction", True)):
        settings = OnPostgreSQL.model_validate({"database_url": f"{url}{pooler}"})
        assert Service(plain.service.deployment, log, settings).may_hold is may_hold
    plain.service.may_hold = False
    with ThreadPoolExecutor(SEATS, "server") as pool:
        asked = [pool.submit(ask) for _ in range(SEATS)]
        assert log.is_asked.wait(20)
        log.may_commit.set()
    for one in asked:
        assert one.result().is_answered.is_set()
    assert all(name.startswith("server") for name in log.threads)


def test_so_many_wait_and_the_others_keep_their_thread(ask: Ask, log: SlowLog) -> None:
    with committing(ask, log) as first:
        held = [ask() for _ in range(HELD)]
        with ThreadPoolExecutor(1) as pool:
            last = pool.submit(ask)
            assert not last.done()
            log.may_commit.set()
        assert last.result().is_answered.is_set()
    assert_stored(log, *first, *held, last.result())


def test_whoever_waits_in_a_thread_commits_in_it(log: SlowLog) -> None:
    """It may hold the only connection that there is."""
    writer = DurableWriter(log)
    with ThreadPoolExecutor(4, "caller") as pool:
        asked = [pool.submit(writer.add, [record()]) for _ in range(4)]
        assert log.is_asked.wait(20)
        log.may_commit.set()
        for one in asked:
            one.result(20)
    assert sum(log.groups) == 4
    assert all(name.startswith("caller") for name in log.threads)
