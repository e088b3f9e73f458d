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
from modeldesk.serving.log import id_at, iso
from modeldesk.testing.login import log_in
from modeldesk.testing.running import EMAIL, PASSWORD

from .asked import Asked
from .field import Field
from .fill import SPAN, VERSIONS, are_counted, fill
from .projects import FRAMEWORKS, Project
from .report import table
from .server import Server
from .services import EVERYTHING, SERVE, new_admin, settings_of
from .shell import Failed

REPEATS = 21  # of a page, of which the first is told apart
LIMIT = 120  # seconds for a page
COUNTED = 300  # seconds until a server that starts has counted what is in a log
HEAD = 100_000  # bytes of an answer that are waited for: all of a page, the beginning of an export
ADMIN_LOG = {"flask": "/admin/predictions/", "django": "/admin/predictions/prediction/"}
EXPORT = {"flask": "/admin/predictions/export/csv/", "django": f"{ADMIN_LOG['django']}export"}
SEARCH = {"flask": "search", "django": "q"}
FILTERS = {
    "flask": {"version": "flt_version", "outcome": "flt_true_outcome"},
    "django": {"version": "version", "outcome": "outcome"},
}


def measure(field: Field, asked: Asked) -> dict[str, Any]:
    pages: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    for kind in asked.databases:
        try:
            for page in _pages(field, kind, asked.sizes):
                pages.append(page)  # also those before a failure
        except (Failed, httpx.HTTPError) as failure:
            failed[kind] = str(failure)
    return {"pages": pages, "failed": failed}


def _pages(field: Field, kind: str, sizes: list[int]) -> Iterator[dict[str, Any]]:
    """What each page took, in one framework after the other, of the same logs."""
    answers = EVERYTHING | {"model": "classification", "database": kind}
    projects = {name: field.project(name, f"{name}-{kind}", answers) for name in FRAMEWORKS}
    first = projects[FRAMEWORKS[0]]
    first.manage("train")
    artifacts = first.folder / "artifacts"
    artifact, _ = read(artifacts)
    with _databases(kind, first.folder, sizes) as urls:
        of_size = {
            size: settings_of(artifacts, url) | {"APP_ENV": "development"}
            for size, url in urls.items()
        }
        for size, url in urls.items():
            first.migrate(**of_size[size])
            started = time.perf_counter()
            fill(kind, url, artifact, size)
            took = time.perf_counter() - started
            print(f"{kind}: {size:,} rows in {took:.0f} s", file=sys.stderr)
        for framework, project in projects.items():
            with contextlib.ExitStack() as stack:
                clients = {
                    size: stack.enter_context(_logged_in(project, settings))
                    for size, settings in of_size.items()
                }
                for url in urls.values():
                    _wait_until_counted(kind, url)
                about = {"framework": framework, "database": kind}
                for page in _timed(clients, _paths(framework, artifact)):
                    yield about | page


@contextlib.contextmanager
def _databases(kind: str, folder: Path, sizes: list[int]) -> Iterator[dict[int, str]]:
    """The URL of an empty database for each size; what it needs is removed at the end."""
    if kind == "sqlite":
        yield {size: f"sqlite:///{folder / f'log-{size}.db'}" for size in sizes}
        for file in folder.glob("log-*.db*"):
            file.unlink()
        return
    from tests.servers import SERVERS  # needs the drivers and the servers

    with SERVERS[kind](durable=True) as server:
        for size in sizes:
            server.create(f"log_{size}")
        yield {size: server.url(f"log_{size}") for size in sizes}


@contextlib.contextmanager
def _logged_in(project: Project, settings: dict[str, str]) -> Iterator[httpx.Client]:
    """Somebody who may see all, at a server over a log that the project takes over."""
    project.migrate(**settings)
    new_admin(project, settings)
    command = [str(project.programs / "manage"), *SERVE]
    server = Server("the log", command, project.folder, settings=settings)
    with (
        server.started(server.is_ready),
        httpx.Client(base_url=server.url, timeout=LIMIT) as client,
    ):
        log_in(client, EMAIL, PASSWORD)
        yield client


def _wait_until_counted(kind: str, url: str) -> None:
    """Servers count what they find, once and beside all else. Raises Failed."""
    started = time.perf_counter()
    while not are_counted(kind, url):
        if time.perf_counter() - started > COUNTED:
            raise Failed("what is in the log is not counted")
        time.sleep(1)


def _timed(clients: dict[int, httpx.Client], paths: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Each page of each log, over and over: what slows the machine down does so to all."""
    for name, path in paths.items():
        rounds = [{size: _get(one, path) for size, one in clients.items()} for _ in range(REPEATS)]
        for size in clients:
            first, *others = (times[size] for times in rounds)
            yield {"page": name, "rows": size, "first_ms": first, "ms": round(median(others), 1)}


def _paths(framework: str, artifact: Artifact) -> dict[str, str]:
    """What is asked for, by what it is called in the table."""
    api, admin, oldest = "/api/v1/predictions", ADMIN_LOG[framework], next(iter(VERSIONS))
    label = (artifact.signature.output.classes or [""])[0]
    day, middle = (_ago(days) for days in (1, SPAN.days // 2))
    search, chosen = f"{admin}?{SEARCH[framework]}=", FILTERS[framework]
    return {
        "`/model`": "/model",
        "`/predictions/`": "/predictions/",
        f"`{api}`": api,
        "`?before=` in the middle": f"{api}?before={id_at(middle)[:14]}7000-8000-{'0' * 12}",
        "`?model_version=<current>`": f"{api}?model_version={artifact.version}",
        "`?model_version=<oldest>`": f"{api}?model_version={oldest}",
        "`?has_feedback=true`": f"{api}?has_feedback=true",
        "`?has_feedback=false`": f"{api}?has_feedback=false",
        "`?label=`": f"{api}?label={label}",
        "`?since=` a day ago": f"{api}?since={iso(day)}",
        "`?until=` in the middle": f"{api}?until={iso(middle)}",
        "`?model_version=<oldest>&label=`": f"{api}?model_version={oldest}&label={label}",
        "the same, `&has_feedback=true`": (
            f"{api}?model_version={oldest}&label={label}&has_feedback=true"
        ),
        "`?label=&has_feedback=true`": f"{api}?label={label}&has_feedback=true",
        "`?label=&until=` in the middle": f"{api}?label={label}&until={iso(middle)}",
        "`/metrics`": "/metrics",
        "`/admin/`": "/admin/",
        "`/admin/models`": "/admin/models",
        "`/admin/monitor`": "/admin/monitor",
        "`/admin/feedback`": "/admin/feedback",
        "admin list": admin,
        "admin list, the oldest version": f"{admin}?{chosen['version']}={oldest}",
        "admin list, outcome known": f"{admin}?{chosen['outcome']}=known",
        "admin list, outcome missing": f"{admin}?{chosen['outcome']}=missing",
        "admin search, a request": f"{search}{5000:032x}",
        "admin search, a class": f"{search}{label}",
        "admin search, nothing": f"{search}nowhere",
        "export, its beginning": EXPORT[framework],
    }


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def _get(client: httpx.Client, path: str) -> float:
    """Milliseconds until a page was there. Raises Failed."""
    started, read = time.perf_counter(), 0
    with client.stream("GET", path, follow_redirects=True) as response:
        for part in response.iter_bytes():
            read += len(part)
            if read > HEAD:
                break
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
