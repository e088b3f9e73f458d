"""Databases for tests, each made for one of them on the server that DATABASE_URL names."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pymongo import MongoClient

from package.config import Settings


@contextlib.contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database, which is dropped at the end."""
    server = Settings.load().database_url
    name = f"test_{secrets.token_hex(8)}"
    client: MongoClient[Any]
    with MongoClient(server, serverSelectionTimeoutMS=5000) as client:
        client.admin.command("ping")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            client.drop_database(name)


def unreachable(folder: Path) -> str:
    """The URL of a server that does not run."""
    return "mongodb://app:unsaid@127.0.0.1:1/app?serverSelectionTimeoutMS=200"
