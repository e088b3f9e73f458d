"""Pages and routes over a small log and a large one, asked by somebody who is logged in."""

import contextlib
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from modeldesk.ml.artifact import Artifact, read
from modeldesk.testing.login import log_in
from modeldesk.testing.running import EMAIL, PASSWORD

from .asked import Asked
from .field import Field
from .fill import fill
from .projects import FRAMEWORKS, Project
from .report import table
from .server import Server
from .services import EVERYTHING, SERVE, new_admin, settings_of
from .shell import Failed

REPEATS = 9  # of a page, of which the first is told apart
LIMIT = 120  # seconds for a page
ADMIN_LOG = {"flask": "/admin/predictions/", "django": "/admin/predictions/prediction/"}
SEARCH = {"flask": "search", "django": "q"}


def measure(field: Field, asked: Asked) -> dict[str, Any]:
    pages: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for kind in asked.databases:
        for framework in FRAMEWORKS:
            try:
                pages += _pages(field, framework, kind, asked.sizes)
            except (Failed, httpx.HTTPError) as failure:
                failed[f"{framework.title()} on {kind}"] = str(failure)
    return {"pages": pages, "failed": failed}


def _pages(field: Field, framework: str, kind: str, sizes: list[int]) -> list[dict[str, Any]]:
    """What each page took, of logs of each size in turn."""
    answers = EVERYTHING | {"model": "classification", "database": kind}
    folder = field.root / f"{framework}-{kind}"
    project = field.project(framework, folder.name, answers)
    project.manage("train")
    artifact, _ = read(folder / "artifacts")
    found = []
    for size in sizes:
        with _database(kind, folder) as url:
            settings = settings_of(folder / "artifacts", url) | {"APP_ENV": "development"}
            project.migrate(**settings)
            new_admin(project, settings)
            started = time.perf_counter()
            fill(kind, url, artifact, size)
            took = time.perf_counter() - started
            print(f"{framework}, {kind}: {size:,} rows in {took:.0f} s", file=sys.stderr)
            about = {"framework": framework, "database": kind, "rows": size}
            found += [about | page for page in _timed(project, settings, artifact)]
    return found


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database; its server, if it needs one, is stopped at the end."""
    if kind == "sqlite":
        path = folder / "log.db"
        yield f"sqlite:///{path}"
        for file in folder.glob("log.db*"):
            file.unlink()
        return
    from tests.servers import SERVERS  # needs the drivers and the servers

    with SERVERS[kind](durable=True) as server:
        server.create("log")
        yield server.url("log")


def _timed(
    project: Project, settings: dict[str, str], artifact: Artifact
) -> Iterator[dict[str, Any]]:
    command = [str(project.programs / "manage"), *SERVE]
    server = Server("the log", command, project.folder, settings=settings)
    framework = project.framework
    with (
        server.started(server.is_ready),
        httpx.Client(base_url=server.url, timeout=LIMIT) as client,
    ):
        log_in(client, EMAIL, PASSWORD)
        for name, path in _paths(framework, artifact).items():
            times = [_get(client, path) for _ in range(REPEATS)]
            yield {"page": name, "first_ms": times[0], "ms": round(median(times[1:]), 1)}


def _paths(framework: str, artifact: Artifact) -> dict[str, str]:
    """What is asked for, by what it is called in the table."""
    api, admin = "/api/v1/predictions", ADMIN_LOG[framework]
    label = (artifact.signature.output.classes or [""])[0]
    day = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    search = f"{admin}?{SEARCH[framework]}="
    return {
        "`/model`": "/model",
        "`/admin/models`": "/admin/models",
        "`/predictions/`": "/predictions/",
        f"`{api}`": api,
        "`?model_version=<current>`": f"{api}?model_version={artifact.version}",
        "`?model_version=<oldest>`": f"{api}?model_version=000000000001",
        "`?has_feedback=true`": f"{api}?has_feedback=true",
        "`?has_feedback=false`": f"{api}?has_feedback=false",
        "`?label=`": f"{api}?label={label}",
        "`?since=` a day ago": f"{api}?since={day}",
        "admin list": admin,
        "admin search, a request": f"{search}{5000:032x}",
        "admin search, a class": f"{search}{label}",
        "admin search, nothing": f"{search}nowhere",
        "`/admin/monitor`": "/admin/monitor",
    }


def _get(client: httpx.Client, path: str) -> float:
    """Milliseconds until a page was there. Raises Failed."""
    started = time.perf_counter()
    response = client.get(path, follow_redirects=True)
    took = (time.perf_counter() - started) * 1e3
    if response.status_code != 200:
        raise Failed(f"{path} gives {response.status_code}")
    return round(took, 1)


def tables(found: dict[str, Any]) -> str:
    """A table for each service: milliseconds for each size, and the last against the first."""
    texts = []
    sizes = sorted({page["rows"] for page in found["pages"]})
    heading = [*(f"{size:,} rows, ms" for size in sizes), "the first time, ms", "times"]
    for service in dict.fromkeys((p["framework"], p["database"]) for p in found["pages"]):
        its = [p for p in found["pages"] if (p["framework"], p["database"]) == service]
        rows = []
        for name in dict.fromkeys(page["page"] for page in its):
            of = {page["rows"]: page for page in its if page["page"] == name}
            times = [of[size]["ms"] for size in sizes]
            cells = [f"{ms:.1f}" for ms in [*times, of[sizes[-1]]["first_ms"]]]
            rows.append([name, *cells, f"{times[-1] / times[0]:.1f}"])
        framework, database = service
        texts.append(table([f"{framework.title()} on {database}", *heading], rows))
    lines = [f"- {name} was not measured: {why}" for name, why in found["failed"].items()]
    return "\n\n".join([*texts, *lines])
