"""Databases for tests, each made for one of them on the server that DATABASE_URL names."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import pymysql

from package.config import Settings


@contextlib.contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database, which is dropped at the end."""
    server = urlsplit(Settings.load().database_url)
    name = f"test_{secrets.token_hex(8)}"
    connection = pymysql.connect(
        host=server.hostname,
        port=server.port or 3306,
        user=unquote(server.username or ""),
        password=unquote(server.password or ""),
        connect_timeout=5,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(server._replace(path=f"/{name}"))
        finally:
            cursor.execute(f"DROP DATABASE {name}")


def unreachable(folder: Path) -> str:
    """The URL of a server that does not run."""
    return "mysql://app:unsaid@127.0.0.1:1/app"
