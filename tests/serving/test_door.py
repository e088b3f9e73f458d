"""The door: slow callers, late bodies, checks of health, and what is too much."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from modeldesk.serving import door
from modeldesk.serving.door import Door
from modeldesk.serving.middleware import MAX_BODY
from modeldesk.testing.running import free_port

SEATS = 2


class Body:
    """As the server gives it: who reads waits for all that is asked for, or for the end."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = content
        self.is_awaited = threading.Event()
        self.is_there = threading.Event()
        if content:
            self.is_there.set()

    def come(self, content: bytes) -> None:
        self.content = content
        self.is_there.set()

    def read(self, size: int) -> bytes:
        self.is_awaited.set()
        assert self.is_there.wait(20)
        part, self.content = self.content[:size], self.content[size:]
        return part


class Protocol:
    """As the server gives it; an answer that breaks off ends the body."""

    def __init__(self, body: Body | None = None) -> None:
        self.body = body
        self.status, self.headers, self.content = 0, dict[str, str](), b""
        self.is_answered = threading.Event()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        if not self.is_answered.is_set():  # the first answer counts
            self.status, self.headers, self.content = status, dict(headers), content
            self.is_answered.set()

    def response_iter(self, status: int, headers: list[tuple[str, str]], body: Any) -> None:
        content = b""
        while True:
            try:
                content += body.__next__()
            except StopIteration:
                break
        assert int(dict(headers)["Content-Length"]) > len(content)
        self.response_bytes(status, headers, content)
        if self.body:
            self.body.is_there.set()


def run(protocol: Protocol, environ: dict[str, Any]) -> None:
    """An application that answers with the body."""
    assert "HTTP_COOKIE" not in environ
    content = environ["wsgi.input"].read(-1) if "wsgi.input" in environ else b""
    protocol.response_bytes(200, [], content)


def environ(path: str = "/x", body: Body | None = None, length: int | None = 3) -> dict[str, Any]:
    about: dict[str, Any] = {"PATH_INFO": path, "REQUEST_METHOD": "POST" if body else "GET"}
    if body:
        about["wsgi.input"] = body
        if length is None:
            about["HTTP_TRANSFER_ENCODING"] = "chunked"
        else:
            about["CONTENT_LENGTH"] = str(length)
    return about


def ask(at: Door, path: str = "/x", content: bytes | None = None, **more: Any) -> Protocol:
    """What a thread of the server does with a request whose body is there."""
    protocol = Protocol()
    body = None if content is None else Body(content)
    at(protocol, environ(path, body, **more))
    return protocol


@contextmanager
def all_taken(at: Door) -> Iterator[list[Protocol]]:
    """All seats are taken until the end, by callers whose bodies do not come."""
    protocols = [Protocol(Body()) for _ in range(SEATS)]
    threads = [
        threading.Thread(target=at, args=(protocol, environ(body=protocol.body)))
        for protocol in protocols
    ]
    try:
        for protocol, thread in zip(protocols, threads, strict=True):
            thread.start()
            assert protocol.body
            assert protocol.body.is_awaited.wait(20)
        yield protocols
    finally:
        for protocol in protocols:
            assert protocol.body
            protocol.body.come(b"abc")
        for thread in threads:
            thread.join(20)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Door:
    monkeypatch.setattr(door, "LOOK", 0.01)
    monkeypatch.setattr(door, "FLUSHED", 0)
    monkeypatch.setattr(door, "LIMIT_OF_FULL", 20)
    monkeypatch.setattr(door, "PATIENCE", 20)  # nobody waits so long for who is slow
    return Door(run, SEATS, "/wine")


def test_whoever_is_slow_keeps_nobody_waiting(at: Door) -> None:
    with all_taken(at) as protocols:
        for _ in range(200):
            refused = ask(at, content=b"abc")
            assert refused.status == 503
            assert int(refused.headers["Retry-After"])
            problem = json.loads(refused.content)
            assert problem["request_id"] == refused.headers["X-Request-ID"]
        for path in ("/healthz", "/ping", "/v2/health/live", "/wine/healthz"):
            protocol = Protocol()
            at(protocol, environ(path) | {"HTTP_COOKIE": "who", "HTTP_AUTHORIZATION": "Bearer x"})
            assert protocol.status == 200
    assert {protocol.status for protocol in protocols} == {200}
    assert ask(at, content=b"abc").status == 200  # all as before


def test_work_that_takes_long_is_waited_for_once(at: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database, for example; unless it does not come to an end."""
    monkeypatch.setattr(door, "PATIENCE", 0.01)
    go_on, busy = threading.Event(), threading.Semaphore(0)

    def work(protocol: Protocol, _: Any) -> None:
        busy.release()
        assert go_on.wait(20)
        protocol.response_bytes(200, [], b"")

    at.run = work
    working = [Protocol() for _ in range(SEATS)]
    threads = [threading.Thread(target=at, args=(one, environ())) for one in working]
    for thread in threads:
        thread.start()
        assert busy.acquire(timeout=20)
    at.run = run
    assert ask(at).status == 503
    assert ask(at, "/healthz").status == 200
    monkeypatch.setattr(door, "PATIENCE", 20)
    at._is_full = False  # as once a seat was left
    waiting = Protocol()
    waits = threading.Thread(target=at, args=(waiting, environ()))
    waits.start()
    go_on.set()
    for thread in (waits, *threads):
        thread.join(20)
    assert {one.status for one in (waiting, *working)} == {200}


@pytest.mark.parametrize("limit", ["STEP_LIMIT", "LIMIT_OF_FULL"])
def test_a_body_that_does_not_come(at: Door, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(door, limit, 0.0)
    with all_taken(at) as protocols:
        if limit == "LIMIT_OF_FULL":  # which counts as soon as somebody else is refused
            ask(at, content=b"abc")
        for protocol in protocols:
            assert protocol.is_answered.wait(20)
            assert protocol.status == 408
            problem = json.loads(protocol.content)
            assert problem["request_id"] == protocol.headers["X-Request-ID"]
    monkeypatch.undo()
    assert ask(at, content=b"abc").status == 200


@pytest.mark.parametrize("size", [1, door.STEP - 1, door.STEP, door.STEP + 1, 5 * door.STEP])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_bodies_arrive_as_they_were_sent(at: Door, size: int, is_chunked: bool) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    protocol = ask(at, content=content[:size], length=None if is_chunked else size)
    assert protocol.content == content[:size]


@pytest.mark.parametrize("length", ["", "0", "x", "-3", str(MAX_BODY + 1)])
def test_what_is_refused_is_not_read(at: Door, length: str) -> None:
    """Nor what is empty."""
    read: list[Any] = []

    def refuse(protocol: Protocol, environ: dict[str, Any]) -> None:
        read.append(environ["wsgi.input"])
        protocol.response_bytes(413, [], b"")

    at.run = refuse
    body, protocol = Body(), Protocol()  # who reads would wait
    at(protocol, environ(body=body) | {"CONTENT_LENGTH": length})
    assert protocol.status == 413
    assert read == [body]


APPLICATION = """
from modeldesk.serving import door

door.STEP_LIMIT = 5.0

def application(environ, start):
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
SERVE = """
import sys
from pathlib import Path
from modeldesk.serving.server import run_server
from modeldesk.serving.settings import Settings

settings = Settings.load()
run_server("slow:application", settings, host="127.0.0.1", port=int(sys.argv[1]), workers=1)
"""


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The port of a worker behind a door, by the real server."""
    (folder / "slow.py").write_text(APPLICATION, "utf-8")
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], cwd=folder)
    try:
        while True:
            assert process.poll() is None
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60)
                break
        yield port
    finally:
        process.terminate()
        process.wait(60)


def test_two_hundred_slow_callers_of_a_real_server(tmp_path: Path) -> None:
    with served(tmp_path) as port, contextlib.ExitStack() as stack:
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            for _ in range(200)
        ]
        for connection in slow:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
        service = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60))
        for _ in range(5):
            assert service.get("/healthz").status_code == 200
        statuses = set()
        for connection in slow:
            with connection.makefile("rb") as answer:
                statuses.add(answer.readline().split()[1])
        assert statuses == {b"408", b"503"}
        deadline = time.monotonic() + 60
        while (answered := service.post("/", content=b"abcdef")).status_code == 503:
            assert time.monotonic() < deadline
        assert answered.content == b"abcdef"
