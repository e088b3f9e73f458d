"""Shadows of a real service that raise, sleep, burn or end their process: callers never notice."""

import os
import re
import subprocess
import time
from functools import partial
from pathlib import Path

import psutil
import pytest
from modeldesk.testing import waiting

from .callers import Load
from .helpers import (
    Environments,
    copy,
    end,
    environment,
    free_port,
    kill_all,
    logged,
    need,
    run,
    said_by,
    served,
    sync,
    wait_until_ready,
)
from .variants import choices

SLEEP = 7  # seconds that a shadow takes for a row
LONGEST = 5  # that a caller waits at most on a machine that is busy with other tests
WITHIN = 60  # seconds until a shadow has answered
eventually = partial(waiting.eventually, within=WITHIN)
LOAD = 1  # seconds of callers
LAG = 6  # seconds until a shadow is shown a row
HOW = ["raises", "ends", "sleeps", "burns", "is good"]
FRAMEWORKS = [
    pytest.param(choice.value, marks=pytest.mark.xdist_group(f"shadow {choice.value}"))
    for choice in choices("framework", {})
]
PARTS = f'''"""A model that misbehaves in the shadow, and nowhere else."""

import os
import sys
import time

from sklearn.linear_model import LogisticRegression


class Misbehaving(LogisticRegression):
    how = ""
    examples = 2  # to begin with, it answers its own, and the probes that it keeps

    def predict(self, X):
        if "follow" in sys.argv and Misbehaving.examples:
            Misbehaving.examples -= 1
        elif "follow" in sys.argv:
            if self.how == "raises":
                raise RuntimeError("It does not want to.")
            if self.how == "ends":
                os._exit(1)
            if self.how == "sleeps":
                time.sleep({SLEEP})
            until = time.monotonic() + {SLEEP}
            while self.how == "burns" and time.monotonic() < until:
                pass
        return super().predict(X)
'''
PUBLISH = """
from sklearn.datasets import load_wine

from my_service.ml import publish
from my_service.ml.transformers import Misbehaving

X, y = load_wine(return_X_y=True, as_frame=True)
X = ((X - X.mean()) / X.std()).astype("float32")  # which takes no seconds to be fitted
for number, how in enumerate(["", "raises", "ends", "sleeps", "burns", "is good"]):
    model = Misbehaving(C=0.01 + number).fit(X, y)
    model.how = how
    print(publish(model, X, y, name="wine", promote=not how).version)
"""


class Service:
    """A served project with a version that is current, and others by what they do as a shadow."""

    def __init__(self, made: Path, settings: dict[str, str]) -> None:
        self.made, self.settings = made, settings
        sync(made, **settings)
        published = run(made, need("uv"), "run", "--quiet", "python", "-c", PUBLISH, **settings)
        self.current, *versions = published.split()
        self.versions = dict(zip(HOW, versions, strict=True))
        self.port = 0

    def manage(self, *command: str) -> str:
        return run(self.made, need("uv"), "run", "manage", *command, **self.settings)

    def follow(self, how: str) -> None:
        """Let this one be the shadow, and wait for its process."""
        self.manage("shadow", self.versions[how])
        eventually(self.followers)

    def ask(self) -> None:
        """Callers ask for a while: all get the answers of the current version, and in time."""
        with Load(self.port) as load:
            time.sleep(LOAD)
        assert not load.faults
        assert {answer.version for answer in load.answers} == {self.current}
        assert max(answer.ended - answer.began for answer in load.answers) < LONGEST
        values = {str(p["probabilities"]) for a in load.answers for p in a.predictions}
        assert len(values) == 1

    def told(self, pattern: str) -> str:
        """What `manage shadow` tells as soon as it tells this."""
        found: re.Match[str] = eventually(lambda: re.search(pattern, self.manage("shadow")))
        return found.string

    def followers(self) -> list[psutil.Process]:
        """The processes that answer as the shadow."""
        return [
            process
            for process in psutil.process_iter(["cmdline", "cwd"])
            if process.info["cwd"] == str(self.made) and "follow" in (process.info["cmdline"] or [])
        ]

    def no_followers(self) -> bool:
        return not self.followers()


@pytest.fixture(scope="module", params=FRAMEWORKS)
def service(
    request: pytest.FixtureRequest,
    template: Path,
    environments: Environments,
    tmp_path_factory: pytest.TempPathFactory,
) -> Service:
    answers = {"framework": request.param, "model": "own", "forms": False}
    made = copy(template, tmp_path_factory.mktemp("shadow") / "service", answers)
    (made / "src" / "my_service" / "ml" / "transformers.py").write_text(PARTS, "utf-8")
    return Service(made, environments.of(request.param))


@pytest.mark.parametrize("service", FRAMEWORKS[:1], indirect=True)
def test_callers_never_notice(service: Service) -> None:
    with served(service.made, "--workers", "2", **service.settings) as (service.port, _):
        service.follow("raises")
        service.ask()
        assert "It does not want to." in service.told(r"refused +[1-9]")
        service.follow("ends")
        service.ask()
        assert "Its process ended before it answered" in service.told(r"refused +[1-9]")
        for how in ("sleeps", "burns"):
            service.follow(how)
            service.ask()
            time.sleep(LAG)  # until it has come to those rows
            service.ask()
        service.follow("is good")
        service.ask()
        assert re.search(r"refused +0 ", service.told(r"[1-9][0-9,]* have its answer"))
        assert not any("shadow" in entry for entry in logged(service.port))
        service.manage("promote", service.versions["is good"])
        assert not (service.made / "artifacts" / "shadow").exists()
        eventually(service.no_followers)
        service.manage("promote", service.current)
        service.follow("sleeps")
        service.ask()
    assert not service.followers()  # after SIGTERM, which ended the server with 0
    service.manage("shadow", "--off")


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_it_ends_with_a_server_that_is_killed(service: Service) -> None:
    port = free_port()
    log = said_by(service.made, port)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [need("uv"), "run", "manage", "serve", "--port", str(port), "--workers", "2"],
            cwd=service.made,
            env=environment(**service.settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_ready(process, port, log, WITHIN)
        service.follow("is good")
        server = service.followers()[0].parent()
        assert server
        workers = server.children(recursive=True)
        server.kill()
        eventually(service.no_followers)
    finally:
        end(process)
    kill_all(workers)
