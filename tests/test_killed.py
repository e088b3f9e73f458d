"""Workers, and whole services, are killed under load: what was acknowledged is stored, once."""

import contextlib
import http.client
import json
import sqlite3
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pytest
from modeldesk.serving.port import port_fault
from modeldesk.testing import waiting

from .callers import Callers
from .helpers import (
    START_LIMIT,
    Environments,
    Models,
    copy,
    end,
    environment,
    free_port,
    kill_all,
    logged,
    need,
    said_by,
    served,
    sync,
    wait_until_ready,
    workers,
)
from .variants import Project, projects

CALLERS = 16
MORE = 150  # requests that are answered between two kills
KILLS = 3
TOO_SOON = 6  # seconds
WITHIN = 120  # seconds
eventually = partial(waiting.eventually, within=WITHIN)
CASES = [
    pytest.param(project, marks=pytest.mark.xdist_group(project.name), id=project.name)
    for project in projects()
    if project.answers["database"] == "sqlite"
    and project.answers["model"] == "classification"
    and not any(project.answers.get(name) for name in ("auth", "admin", "forms"))
]


class Load(Callers):
    """Callers that predict again and again, and know which of their requests were answered."""

    def __init__(self, port: int) -> None:
        super().__init__(port, CALLERS)
        self.answered: dict[str, list[str]] = {}  # the ids of predictions, by that of the request
        self.unanswered: set[str] = set()

    def call(self) -> None:
        while not self.stopping.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            with contextlib.closing(connection):
                while not self.stopping.is_set() and self.is_answered(connection):
                    pass

    def is_answered(self, connection: http.client.HTTPConnection) -> bool:
        """Ask; without an answer it may be stored or not, and the connection is of no use."""
        asked = uuid.uuid4().hex
        headers = {"Content-Type": "application/json", "X-Request-ID": asked}
        try:
            connection.request("POST", "/api/v1/predict", self.body, headers)
            response = connection.getresponse()
            content = json.loads(response.read())
        except (OSError, http.client.HTTPException):
            self.unanswered.add(asked)
            time.sleep(0.02)  # nobody may listen for a while
            return False
        if response.status == 200:
            self.answered[asked] = [one["id"] for one in content["predictions"]]
        else:
            self.faults.append(f"{response.status} {content}")
        return True

    def goes_on(self) -> None:
        """Wait until many more requests have been answered."""
        wanted = len(self.answered) + MORE
        eventually(lambda: len(self.answered) >= wanted)


@dataclass
class Service:
    """A project that can be served, and where it keeps predictions."""

    made: Path
    settings: dict[str, str]

    @property
    def file(self) -> Path:
        return self.made / "data" / "app.db"

    def served(self) -> contextlib.AbstractContextManager[tuple[int, int]]:
        return served(self.made, "--workers", "2", **self.settings)

    @contextlib.contextmanager
    def started(self) -> Iterator[tuple[int, int]]:
        """Serve until the block is left, with whatever is left of it."""
        port, command = free_port(), [need("uv"), "run", "manage", "serve", "--workers", "2"]
        log = said_by(self.made, port)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--port", str(port)],
                cwd=self.made,
                env=environment(**self.settings),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until_ready(process, port, log, START_LIMIT)
            yield port, process.pid
        finally:
            end(process)

    def assert_stored(self, *loads: Load) -> None:
        """All that was answered is stored as it was told, and else only whole requests."""
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            rows = connection.execute("SELECT request_id, id FROM predictions").fetchall()
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        answered = {asked: ids for load in loads for asked, ids in load.answered.items()}
        unanswered = set().union(*(load.unanswered for load in loads))
        told = {(asked, one) for asked, ids in answered.items() for one in ids}
        assert told <= set(rows)
        assert len(set(rows)) == len(rows)
        stored = Counter(asked for asked, _ in rows)
        assert stored.keys() <= answered.keys() | unanswered
        assert set(stored.values()) == {2}


@pytest.fixture(params=CASES)
def service(
    request: pytest.FixtureRequest,
    template: Path,
    tmp_path: Path,
    environments: Environments,
    models: Models,
) -> Service:
    project: Project = request.param
    made = copy(template, tmp_path / "service", project.answers)
    settings = environments.of(str(project.answers["framework"]))
    sync(made, **settings)
    models.train(made, str(project.answers["model"]), **settings)
    return Service(made, settings)


def family(server: int) -> list[psutil.Process]:
    """The server and all that it has started, parents first."""
    first = psutil.Process(server)
    return [first, *first.children(recursive=True)]


def old_worker(server: int) -> psutil.Process | None:
    """The older of two workers; none yet that granian would give up on, were it to end so soon."""
    found = sorted(workers(server), key=psutil.Process.create_time)
    is_old = len(found) == 2 and time.time() - found[0].create_time() > TOO_SOON
    return found[0] if is_old else None


def test_a_worker_that_is_killed(service: Service) -> None:
    with service.served() as (port, server):
        with Load(port) as load:
            said = said_by(service.made, port)
            load.goes_on()
            for number in range(KILLS):
                eventually(lambda: said.read_text("utf-8").count("Started worker") == 2 + number)  # noqa: B023
                victim = eventually(lambda: old_worker(server))
                victim.kill()
                load.goes_on()
        assert not load.faults
        service.assert_stored(load)
        assert {one["request_id"] for one in logged(port)} >= load.answered.keys()


def test_a_service_that_is_killed(service: Service) -> None:
    loads: list[Load] = []
    for _ in range(KILLS):
        with service.started() as (port, server), Load(port) as load:
            load.goes_on()
            everyone = family(server)
            if not loads:  # the first time, only whoever would restart the others
                main = workers(server)[0].parent()
                assert main
                main.kill()
                _, left = psutil.wait_procs(everyone, timeout=WITHIN)
                assert not left
                assert port_fault("127.0.0.1", port) is None
            kill_all(everyone)
        assert not load.faults
        loads.append(load)
        service.assert_stored(*loads)
    with service.served() as (port, _):
        seen = {one["request_id"] for one in logged(port)}
        assert all(seen >= load.answered.keys() for load in loads)
