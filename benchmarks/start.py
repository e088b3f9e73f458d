"""What starting takes: a service, a command, and a new project."""

import contextlib
import shutil
import sys
import time
from typing import Any

import httpx

from .asked import Asked
from .field import Field
from .projects import FRAMEWORKS
from .report import spread, table
from .server import Server
from .services import SERVE, service
from .shell import children_cpu, run, uv

SERVED, HELP = "`manage serve` to the first prediction, trained", "`manage --help`"
COPIED, USED = "`copier copy`", "then `uv run manage serve` to the first prediction"


def measure(field: Field, asked: Asked) -> dict[str, Any]:
    """Seconds, and of `--help` those of CPU. The first round fills caches, and is not counted."""
    found: list[dict[str, Any]] = []
    for number in range(asked.rounds + 1):
        for framework in FRAMEWORKS:
            about = {"framework": framework, "round": number}
            steps = {
                SERVED: {"seconds": _served(field, framework)},
                HELP: _help(field, framework),
                **_new_project(field, framework, number),
            }
            if number:
                found += [about | {"step": step} | took for step, took in steps.items()]
        print(f"starts, round {number} of {asked.rounds}", file=sys.stderr)
    return {"steps": found, "failed": {}}


def _served(field: Field, framework: str) -> float:
    project, model = field.plain[framework], field.models / "linear"
    server = service(project, model, f"{framework}, start", "durable")
    with server.started(lambda: _predicts(server)):
        return round(server.start_s, 3)


def _help(field: Field, framework: str) -> dict[str, float]:
    project = field.plain[framework]
    cpu, started = children_cpu(), time.perf_counter()
    project.manage("--help")
    took = time.perf_counter() - started
    return {"seconds": round(took, 3), "cpu_seconds": round(children_cpu() - cpu, 3)}


def _new_project(field: Field, framework: str, number: int) -> dict[str, dict[str, float]]:
    """As README tells: copy, and let `uv run manage serve` install, train and serve."""
    folder = field.root / f"{framework}-new-{number}"
    copy = ("copier", "copy", "--quiet", "--defaults", "--vcs-ref", "HEAD")
    answer = ("--data", f"framework={framework}", str(field.template), str(folder))
    started = time.perf_counter()
    run(field.root, f"{uv()}x", *copy, *answer)
    copied = round(time.perf_counter() - started, 3)
    command = [uv(), "run", "--quiet", "manage", *SERVE]
    server = Server("a new project", command, folder)
    with server.started(lambda: _predicts(server)):
        used = round(server.start_s, 3)
    shutil.rmtree(folder)
    return {COPIED: {"seconds": copied}, USED: {"seconds": used}}


def _predicts(server: Server) -> bool:
    """Whether it predicts the example that its own model gives."""
    with contextlib.suppress(httpx.HTTPError):
        model = httpx.get(f"{server.url}/api/v1/model")
        if model.status_code == 200:
            row = {feature["name"]: feature["example"] for feature in model.json()["features"]}
            return server.predict([row]) is not None
    return False


def tables(found: dict[str, Any]) -> str:
    rows = []
    for step in (SERVED, HELP, COPIED, USED):
        of = [[one for one in found["steps"] if one["framework"] == f] for f in FRAMEWORKS]
        its = [[one["seconds"] for one in steps if one["step"] == step] for steps in of]
        rows.append([step, *map(spread, its)])
    return table(["seconds", *(name.title() for name in FRAMEWORKS)], rows)
