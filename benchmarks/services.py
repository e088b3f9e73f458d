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
    """A service of a project that serves a model; `log` is durable or buffered.

    Each start has a copy of one database, with nothing logged and, if there are accounts, one.
    """
    programs, artifacts = project.programs, model / "artifacts"
    empty, secret = project.folder.with_suffix(".db"), project.folder.with_suffix(".token")
    if not empty.exists():
        settings = settings_of(artifacts, f"sqlite:///{empty}")
        project.migrate(**settings)
        if project.answers:
            secret.write_text(new_account(project, settings))
        checkpoint(empty)
    database = model / f"{name.replace(' ', '-')}.db"
    settings = settings_of(artifacts, f"sqlite:///{database}") | {"PREDICTION_LOG": log}
    headers = {"Authorization": f"Bearer {secret.read_text()}"} if project.answers else {}
    command = [str(programs / "manage"), *SERVE]
    return Server(name, command, project.folder, SERVICE, settings, headers, empty, database)


def new_account(project: Project, settings: dict[str, str]) -> str:
    """Make an administrator, who logs in and makes a token: this is it."""
    settings = settings | {"APP_ENV": "development"}  # whose cookies need no HTTPS
    new_admin(project, settings)
    command = [str(project.programs / "manage"), *SERVE]
    server = Server("a token", command, project.folder, SERVICE, settings)
    with server.started(server.is_ready), httpx.Client(base_url=server.url) as client:
        log_in(client, EMAIL, PASSWORD)
        return new_token(client, "benchmark")


def new_admin(project: Project, settings: dict[str, str]) -> None:
    project.manage("create-admin", "--email", EMAIL, **settings, ADMIN_PASSWORD=PASSWORD)


def checkpoint(database: Path) -> None:
    """Put all that SQLite has written into the one file, which can then be copied."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def settings_of(artifacts: Path, database: str) -> dict[str, str]:
    """A service in production, with this model and the URL of this database."""
    return PRODUCTION | {"ARTIFACTS_DIR": str(artifacts), "DATABASE_URL": database}
