"""The article's three loads: JSON, a remote service, and a complete page from the database."""

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from .article_edits import edit
from .asked import Asked
from .field import SCRIPTS, Field
from .load import load
from .projects import FRAMEWORKS
from .report import middle, spread, table
from .server import Server
from .services import SERVE, checkpoint, settings_of
from .shell import Failed, free_port

LOADS = ("json", "remote", "complete")
BASELINE = "plain Flask"
CONNECTIONS = 32
DELAY = 0.05  # seconds that the remote service takes
MESSAGES = [f"Fortune {number} of <twelve>: {'so it goes ' * 5}" for number in range(12)]
PLAIN = "-k gthread --threads 4 -w 2 -b 127.0.0.1:{port} "


def measure(field: Field, asked: Asked) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    with _upstream() as upstream:
        servers = _servers(field, upstream)
        with contextlib.ExitStack() as stack:
            for name, server in [*servers.items()]:
                try:
                    stack.enter_context(server.started(partial(_answers, server)))
                except Failed as failure:
                    failed[name] = str(failure)
                    del servers[name]
            if BASELINE in failed:
                raise Failed(failed[BASELINE])
            base = servers[BASELINE]
            for number in range(1, asked.rounds + 1):
                for what in LOADS:
                    for name, server in servers.items():
                        before = _load(base, what, asked.seconds)
                        own = _load(server, what, asked.seconds)
                        after = _load(base, what, asked.seconds)
                        ratio = own["rate"] / (before["rate"] + after["rate"]) * 2
                        about = {"name": name, "load": what, "round": number}
                        found.append(about | own | {"ratio": round(ratio, 4)})
                print(f"article, round {number} of {asked.rounds}", file=sys.stderr)
    return {"loads": found, "failed": failed}


def _servers(field: Field, upstream: str) -> dict[str, Server]:
    """Plain Flask and Django, and both services with the same pages."""
    servers = {}
    needs = {"flask": "flask flask-sqlalchemy gunicorn", "django": "django gunicorn"}
    for framework, packages in needs.items():
        name, database = f"plain {framework.title()}", field.root / f"{framework}-plain.db"
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("CREATE TABLE fortune (id INTEGER PRIMARY KEY, message TEXT)")
        _fill(database)
        where = {"DATABASE": str(database), "TEMPLATES": str(SCRIPTS / "templates")}
        settings = where | {"PYTHONPATH": str(SCRIPTS), "UPSTREAM": upstream}
        programs = field.environment(f"pages, {framework}", packages)
        command = [str(programs / "gunicorn"), *f"{PLAIN}pages_{framework}:app".split()]
        servers[name] = Server(name, command, field.root, settings=settings)
    for framework in FRAMEWORKS:
        project = field.project(framework, f"{framework}-article", {"forms": True})
        database = field.root / f"{framework}-article.db"
        settings = settings_of(field.models / "linear" / "artifacts", f"sqlite:///{database}")
        settings |= {"UPSTREAM": upstream}
        edit(project, settings)
        _fill(database)
        name = f"{framework.title()} service"
        command = [str(project.programs / "manage"), *SERVE]
        servers[name] = Server(name, command, project.folder, settings=settings)
    return servers


def _fill(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        rows = [(message,) for message in MESSAGES]
        connection.executemany("INSERT INTO fortune (message) VALUES (?)", rows)
    checkpoint(database)


@contextlib.contextmanager
def _upstream() -> Iterator[str]:
    """The address of a service that takes its time."""
    port = free_port()
    command = [sys.executable, str(SCRIPTS / "upstream.py"), str(port), str(DELAY)]
    process = subprocess.Popen(command)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def _answers(server: Server) -> bool:
    """Whether each page says what it should. Raises Failed when one says something else."""
    try:
        pages = {what: httpx.get(f"{server.url}/article/{what}", timeout=30) for what in LOADS}
    except httpx.HTTPError:
        return False
    if any(page.status_code != 200 for page in pages.values()):
        raise Failed(str({what: page.status_code for what, page in pages.items()}))
    if pages["json"].json() != {"message": "Hello, World!"} or not pages["remote"].json()["remote"]:
        raise Failed("it answers with other JSON")
    text = pages["complete"].text
    if text.count("<tr>") != len(MESSAGES) + 2 or text.count("&lt;twelve&gt;") != len(MESSAGES):
        raise Failed("its page shows other rows")
    return True


def _load(server: Server, what: str, seconds: float) -> dict[str, Any]:
    measured: dict[str, Any] = load(f"{server.url}/article/{what}", None, {}, CONNECTIONS, seconds)
    return measured


def tables(found: dict[str, Any]) -> str:
    """Requests a second, their ratio to plain Flask, and Django's page against Flask's."""
    heading = [""]
    for what in LOADS:
        heading += [f"{what}, requests/s", "to plain Flask", "p99 ms"]
    rows = []
    for name in dict.fromkeys(one["name"] for one in found["loads"]):
        cells = [name]
        for what in LOADS:
            its = [one for one in found["loads"] if (one["name"], one["load"]) == (name, what)]
            rate, ratio, p99 = ([one[key] for one in its] for key in ("rate", "ratio", "p99_ms"))
            cells += [middle(rate, ",.0f"), spread(ratio), middle(p99)]
        rows.append(cells)
    most = f"{CONNECTIONS / DELAY:.0f}"
    note = f"The remote service takes {DELAY * 1000:.0f} ms, so {CONNECTIONS} connections get "
    note += f"{most} answers a second from a server whose threads never make them wait."
    lines = [f"- {name} was not measured: {why}" for name, why in found["failed"].items()]
    return "\n\n".join([table(heading, rows), note, *lines])
