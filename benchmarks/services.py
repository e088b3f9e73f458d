"""The services of this template, as servers to measure."""

import contextlib
import sqlite3
from pathlib import Path

import httpx
from modeldesk.testing.login import log_in, new_token
from modeldesk.testing.running import EMAIL, PASSWORD, PRODUCTION

from .projects import Project
from .protocols import SERVICE
from .server import Server

EVERYTHING = {"auth": True, "admin": True, "forms": True}
SERVE = ("serve", "--workers", "2", "--port", "{port}")


def service(project: Project, model: Path, name: str, log: str) -> Server:
    """A service of a project that serves a model; `log` is durable or buffered."""
    headers, empty = {}, project.folder.with_suffix(".db")
    if not empty.exists():
        project.migrate(**_settings(model, empty))
        if project.answers:
            token = new_account(project, model, empty)
            empty.with_suffix(".token").write_text(token)
        checkpoint(empty)
    if project.answers:
        headers = {"Authorization": f"Bearer {empty.with_suffix('.token').read_text()}"}
    database = model / f"{name.replace(' ', '-')}.db"
    settings = _settings(model, database) | {"PREDICTION_LOG": log}
    command = [str(project.programs / "manage"), *SERVE]
    return Server(name, command, project.folder, SERVICE, settings, headers, empty, database)


def new_account(project: Project, model: Path, database: Path) -> str:
    """Make an administrator, who logs in and makes a token: this is it."""
    settings = _settings(model, database) | {"APP_ENV": "development"}  # cookies without HTTPS
    project.manage("create-admin", "--email", EMAIL, **settings, ADMIN_PASSWORD=PASSWORD)
    command = [str(project.programs / "manage"), *SERVE]
    server = Server("a token", command, project.folder, SERVICE, settings)
    with server.started(server.is_ready), httpx.Client(base_url=server.url) as client:
        log_in(client, EMAIL, PASSWORD)
        return new_token(client, "benchmark")


def checkpoint(database: Path) -> None:
    """Put all that SQLite has written into the one file, which can then be copied."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _settings(model: Path, database: Path) -> dict[str, str]:
    where = {"ARTIFACTS_DIR": str(model / "artifacts"), "DATABASE_URL": f"sqlite:///{database}"}
    return PRODUCTION | where
