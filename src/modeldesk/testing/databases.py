"""Databases for tests, each made for one of them on the server that DATABASE_URL names."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from package.config import Settings


@contextlib.contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database, which is dropped at the end."""
    server = Settings.load().database_url
    name = f"test_{secrets.token_hex(8)}"
    with psycopg.connect(server, autocommit=True, connect_timeout=5) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def unreachable(folder: Path) -> str:
    """The URL of a server that does not run."""
    return "postgresql://app:unsaid@127.0.0.1:1/app"
