"""Databases for tests, each made for one of them: on a server, or in a file.

Drivers are imported when they are needed, as a project has only that of its own database.
"""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from ..serving.database_url import DATABASES

UNREACHABLE = {
    "postgresql": "postgresql://app:unsaid@127.0.0.1:1/app",
    "mysql": "mysql://app:unsaid@127.0.0.1:1/app",
    "sqlserver": "mssql://app:unsaid@127.0.0.1:1/app",
    "mongodb": "mongodb://app:unsaid@127.0.0.1:1/app?serverSelectionTimeoutMS=200",
}
LIMIT = 5  # seconds to reach a server


def kind_of(url: str) -> str:
    """The kind of database, one of DATABASES, that a URL names."""
    scheme = urlsplit(url).scheme
    return next(name for name, kind in DATABASES.items() if scheme in kind.schemes)


@contextlib.contextmanager
def fresh_database(server: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database on the server that a URL names; it is dropped at the end.

    For SQLite it is a file in `folder`, which is not there yet.
    """
    kind = kind_of(server)
    if kind == "sqlite":
        yield f"sqlite:///{(folder / 'test.db').as_posix()}"
        return
    name = f"test_{secrets.token_hex(8)}"
    with MADE[kind](server, name):
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def unreachable(kind: str, folder: Path) -> str:
    """The URL of a server that does not run, or of a file that cannot be one."""
    if kind != "sqlite":
        return UNREACHABLE[kind]
    (folder / "a folder").mkdir(exist_ok=True)
    return f"sqlite:///{(folder / 'a folder').as_posix()}"


@contextlib.contextmanager
def _postgresql(server: str, name: str) -> Iterator[None]:
    connected = import_module("modeldesk.stores.poolers").connected
    with connected(server) as connection:
        connection.autocommit = True
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _mysql(server: str, name: str) -> Iterator[None]:
    url = urlsplit(server)
    user, password = _login(url)
    connection = import_module("pymysql").connect(
        host=url.hostname,
        port=url.port or 3306,
        user=user,
        password=password,
        connect_timeout=LIMIT,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield
        finally:
            cursor.execute(f"DROP DATABASE {name}")


@contextlib.contextmanager
def _sqlserver(server: str, name: str) -> Iterator[None]:
    connection = _sqlserver_connection(urlsplit(server))
    with contextlib.closing(connection), contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield
        finally:
            cursor.execute(f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
            cursor.execute(f"DROP DATABASE {name}")


def _sqlserver_connection(url: SplitResult) -> Any:
    """By Microsoft's driver, which Django has, or by pymssql."""
    user, password = _login(url)
    port = url.port or 1433
    if find_spec("mssql_python"):
        login = f"UID={user};TrustServerCertificate=yes;PWD=" + "{" + password + "}"
        address = f"Server={url.hostname},{port};{login}"
        return import_module("mssql_python").connect(address, autocommit=True, timeout=LIMIT)
    return import_module("pymssql").connect(
        server=url.hostname or "",
        port=str(port),
        user=user,
        password=password,
        autocommit=True,
        login_timeout=LIMIT,
    )


@contextlib.contextmanager
def _mongodb(server: str, name: str) -> Iterator[None]:
    pymongo = import_module("pymongo")
    with pymongo.MongoClient(server, serverSelectionTimeoutMS=LIMIT * 1000) as client:
        client.admin.command("ping")
        try:
            yield
        finally:
            client.drop_database(name)


def _login(url: SplitResult) -> tuple[str, str]:
    return unquote(url.username or ""), unquote(url.password or "")


MADE: dict[str, Callable[[str, str], AbstractContextManager[None]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "sqlserver": _sqlserver,
    "mongodb": _mongodb,
}
