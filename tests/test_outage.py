"""The database goes away under load and comes back: what was acknowledged is stored, no more.

And what is told of one that lets its user only read, which is none of these.
"""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from modeldesk.testing import waiting

from .callers import PAUSE, Callers
from .helpers import (
    MIGRATE,
    Environments,
    Models,
    copy,
    finished,
    logged,
    need,
    predict_example,
    run,
    served,
    status,
    sync,
)
from .servers import SERVERS, Server
from .variants import Project, projects

CALLERS = 4
AWAY = 3  # seconds
REFUSED = 0.1  # seconds until who was refused asks again
LONGEST = 15  # seconds until an answer: to connect may take 5, after another request's 5
WITHIN = 20  # seconds until all is well again
eventually = partial(waiting.eventually, within=WITHIN)
CASES = [
    pytest.param(project, marks=pytest.mark.xdist_group(project.name), id=project.name)
    for project in projects()
    if project.answers["database"] in SERVERS
    and project.answers["model"] == "classification"
    and not any(project.answers.get(name) for name in ("auth", "admin", "forms"))
]

SOME = [CASES[0], CASES[3], CASES[4]]  # of every server one, and both frameworks
GRANT = "Let an administrator run there: "


class Load(Callers):
    """Callers that predict again and again, and keep what they were told."""

    def __init__(self, port: int) -> None:
        super().__init__(port, CALLERS)
        self.stored: list[str] = []  # ids that were acknowledged
        self.begun: list[float] = []  # when their requests began
        self.refused: list[float] = []  # when

    def call(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * LONGEST)
        with contextlib.closing(connection):
            while not self.stopping.is_set():
                began = time.monotonic()
                try:
                    connection.request(
                        "POST", "/api/v1/predict", self.body, {"Content-Type": "application/json"}
                    )
                    response = connection.getresponse()
                    self.judge(response, json.loads(response.read()), began)
                except (OSError, http.client.HTTPException, ValueError) as error:
                    connection.close()
                    self.faults.append(repr(error))
                if (took := time.monotonic() - began) > LONGEST:
                    self.faults.append(f"{took:.1f} seconds for an answer")
                refused = bool(self.refused) and self.refused[-1] >= began
                time.sleep(REFUSED if refused else PAUSE)

    def judge(self, response: http.client.HTTPResponse, content: Any, began: float) -> None:
        if response.status == 200:
            self.begun.append(began)
            self.stored += [prediction["id"] for prediction in content["predictions"]]
            return
        problem = response.headers["Content-Type"] == "application/problem+json"
        waits = (response.headers["Retry-After"] or "").isdigit()
        if response.status == 503 == content["status"] and problem and waits:
            self.refused.append(time.monotonic())
        else:
            self.faults.append(f"{response.status} {dict(response.headers)} {content}")

    def is_refused(self, since: float) -> None:
        """Wait until each caller can have been refused after that moment."""
        eventually(lambda: sum(when > since for when in self.refused) >= CALLERS)

    def goes_well(self) -> None:
        """Wait until nothing has been refused for a second, and every caller was answered."""

        def well() -> bool:
            before, began = len(self.stored), time.monotonic()
            time.sleep(1)
            refused = bool(self.refused) and self.refused[-1] >= began
            return not refused and len(self.stored) >= before + 2 * CALLERS

        eventually(well)


@dataclass
class Service:
    """A project that can be served, and the server of its database."""

    framework: str
    made: Path
    server: Server
    settings: dict[str, str]

    def url(self, database: str) -> str:
        self.server.create(database)
        return self.server.url(database)

    def served(self, url: str, **settings: str) -> contextlib.AbstractContextManager[Any]:
        return served(self.made, "--workers", "2", **self.settings, DATABASE_URL=url, **settings)


@pytest.fixture(scope="module", params=CASES)
def service(
    request: pytest.FixtureRequest,
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    environments: Environments,
    models: Models,
) -> Iterator[Service]:
    project: Project = request.param
    framework = str(project.answers["framework"])
    made = copy(template, tmp_path_factory.mktemp("outage") / "service", project.answers)
    settings = environments.of(framework)
    sync(made, **settings)
    models.train(made, str(project.answers["model"]), **settings)
    with SERVERS[str(project.answers["database"])](durable=True) as server:
        yield Service(framework, made, server, settings)


def assert_stored(server: Server, database: str, port: int, ids: list[str]) -> None:
    """What is in the database, and what the service shows of it, is what was acknowledged."""
    for _ in range(40):  # enough for each worker to have been asked, and to have tidied up
        assert status(port, "/readyz") == 200
    assert len(set(ids)) == len(ids)
    assert sorted(server.ids(database)) == sorted(ids)
    assert [entry["id"] for entry in logged(port)] == sorted(ids, reverse=True)


def test_a_server_that_stops_and_starts(service: Service) -> None:
    server = service.server
    with service.served(service.url("stops")) as (port, _):
        with Load(port) as load:
            load.goes_well()
            for kill in (False, True):
                server.stop(kill=kill)
                began = time.monotonic()
                eventually(lambda: status(port, "/readyz") == 503)
                while time.monotonic() < began + AWAY:
                    assert status(port, "/healthz") == 200
                    assert status(port, "/readyz") == 503
                    time.sleep(0.05)
                load.is_refused(began)
                assert not [at for at in load.begun if at > began]  # none was acknowledged
                server.start()
                eventually(lambda: status(port, "/readyz") == 200)
                load.goes_well()
        assert not load.faults
        assert_stored(server, "stops", port, load.stored)

        server.stop()
        server.start()
        for _ in range(20):  # whatever connections the workers still hold
            assert status(port, "/readyz") == 200


class Wire:
    """A way to a server that can be cut: then it takes connections and bytes, and stays silent."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.whole = threading.Event()
        self.whole.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ends: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.ends.append(client)
                if self.whole.is_set():
                    server = socket.create_connection(("127.0.0.1", self.server_port))
                    self.ends.append(server)
                    for ends in ((client, server), (server, client)):
                        threading.Thread(target=self.carry, args=ends, daemon=True).start()

    def carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(65536)) and self.whole.is_set():
                target.sendall(data)
        if self.whole.is_set():
            for end in (source, target):
                end.close()

    def mend(self) -> None:
        """As after a router's restart: the old connections are gone."""
        self.close_all()
        self.whole.set()

    def close_all(self) -> None:
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.ends.clear()

    def close(self) -> None:
        self.listener.close()
        self.close_all()


@pytest.mark.parametrize("service", SOME, indirect=True)
def test_a_server_that_falls_silent(service: Service) -> None:
    with contextlib.closing(Wire(service.server.port)) as wire:
        address = urlsplit(service.url("silent"))
        through = address.netloc.replace(str(service.server.port), str(wire.port))
        url = urlunsplit(address._replace(netloc=through))
        with service.served(url, DATABASE_TIMEOUT="2") as (port, _):
            with Load(port) as load:
                load.goes_well()
                wire.whole.clear()
                began = time.monotonic()
                load.is_refused(began)
                assert status(port, "/healthz") == 200
                assert status(port, "/readyz") == 503
                wire.mend()
                eventually(lambda: status(port, "/readyz") == 200)
                load.goes_well()
            assert not load.faults
            assert_stored(service.server, "silent", port, load.stored)


@pytest.mark.parametrize("service", SOME, indirect=True)
def test_buffered_predictions_wait_for_the_server(service: Service) -> None:
    server = service.server
    with service.served(service.url("buffered"), PREDICTION_LOG="buffered") as (port, _):
        with Load(port) as load:
            load.goes_well()
            for kill in (False, True):
                server.stop(kill=kill)
                time.sleep(AWAY)
                server.start()
                load.goes_well()
        assert not load.faults
        assert not load.refused
        eventually(lambda: len(server.ids("buffered")) >= len(load.stored))
        assert_stored(server, "buffered", port, load.stored)


@pytest.mark.parametrize("service", [*SOME, CASES[5]], indirect=True)
def test_a_user_who_may_only_read(service: Service) -> None:
    """What an administrator is told to run is enough, to migrate and to predict."""
    server, manage = service.server, [need("uv"), "run", "manage"]
    migrate = [*manage, *MIGRATE[service.framework]]

    def grant(database: str, *command: str) -> str:
        url = server.reader(database)
        done = finished(service.made, *command, **service.settings | {"DATABASE_URL": url})
        assert done.returncode == 1, done.stdout
        assert ":secret@" not in done.stdout
        assert "Traceback" not in done.stdout
        said = done.stdout.strip().splitlines()[-1]
        assert " does not let its user do that: " in said
        server.administer(database, said.partition(GRANT)[2])
        return url

    service.url("migrated")
    url = grant("migrated", *migrate)
    run(service.made, *migrate, **service.settings | {"DATABASE_URL": url})
    owner = service.url("asked")
    run(service.made, *migrate, **service.settings | {"DATABASE_URL": owner})
    with service.served(grant("asked", *manage, "doctor")) as (port, _):
        assert predict_example(port)["predictions"]
