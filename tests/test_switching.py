"""Versions are promoted and rolled back under load: no request fails, none gets a stale answer."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path

import pytest

from .callers import Load
from .helpers import Environments, copy, logged, need, run, served, sync
from .promoting import PROMOTE_AND_KILL, Watch, publish_two
from .servers import Databases
from .variants import Project, projects

WORKERS = 3
SECONDS = 8
COMMANDS = 4  # that switch
CASES = [
    pytest.param(project, marks=pytest.mark.xdist_group(project.name), id=project.name)
    for project in projects()
    if (project.answers["framework"], project.answers["database"])
    in (("flask", "sqlite"), ("django", "mongodb"))
    and project.answers["model"] == "classification"
    and not any(project.answers.get(name) for name in ("auth", "admin", "forms"))
]


@dataclass
class Service:
    """A project with two versions, and what it takes to run it."""

    made: Path
    versions: list[str]
    settings: dict[str, str]

    @property
    def artifacts(self) -> Path:
        return self.made / "artifacts"

    def manage(self, *command: str) -> str:
        return run(self.made, need("uv"), "run", "manage", *command, **self.settings)


@pytest.fixture(scope="module", params=CASES)
def service(
    request: pytest.FixtureRequest,
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    environments: Environments,
    databases: Databases,
) -> Iterator[Service]:
    project: Project = request.param
    made = copy(template, tmp_path_factory.mktemp("switching") / "service", project.answers)
    with databases.fresh(str(project.answers["database"])) as fresh:
        settings = fresh | environments.of(str(project.answers["framework"]))
        sync(made, **settings)
        yield Service(made, publish_two(made, **settings), settings)


def by_commands(service: Service) -> int:
    """Promote one version by its first digits, go back, and so on; how often it switched."""
    first = service.versions[0]
    commands = cycle([["promote", first[:8]], ["rollback"]])
    until = time.monotonic() + 2 * SECONDS
    for turn, command in zip(count(1), commands, strict=False):
        assert "is current" in service.manage(*command)
        if turn == COMMANDS or time.monotonic() > until:
            return turn
    raise AssertionError


def by_processes_that_are_killed(service: Service) -> int:
    """The fewest switches that came of it."""
    script = ["-c", PROMOTE_AND_KILL, str(service.artifacts), str(SECONDS), *service.versions]
    said = run(service.made, need("uv"), "run", "python", *script, **service.settings)
    kills, halfway = map(int, said.split())
    assert kills >= 10
    assert halfway < kills  # most came too early to switch
    service.manage("promote", service.versions[0])  # nobody is in the way of the next one
    service.manage("promote", service.versions[1])
    return max(halfway, 1)


@pytest.mark.parametrize("switch", [by_commands, by_processes_that_are_killed])
def test_no_request_fails_and_none_is_answered_by_another_version(
    service: Service, switch: Callable[[Service], int]
) -> None:
    with served(service.made, "--workers", str(WORKERS), **service.settings) as (port, _):
        there = {entry["id"] for entry in logged(port)}
        with Watch(service.artifacts) as watch, Load(port) as load:
            fewest = switch(service)
        kept = {e["id"]: e["model_version"] for e in logged(port) if e["id"] not in there}
    assert not load.faults
    assert watch.switches >= fewest
    stale = [
        answer
        for answer in load.answers
        if answer.version not in watch.current(answer.began, answer.ended)
    ]
    assert not stale
    told = {p["id"]: answer.version for answer in load.answers for p in answer.predictions}
    assert kept == told
    values = {(a.version, str(p["probabilities"])) for a in load.answers for p in a.predictions}
    assert sorted(version for version, _ in values) == sorted(service.versions)
