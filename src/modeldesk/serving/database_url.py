"""DATABASE_URL: where predictions are kept, for each database that a project can choose."""

import os
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Protocol

from pydantic import ValidationError
from pydantic_core import MultiHostUrl, Url

from . import database_options

CONNECT_TIMEOUT = 5  # seconds
MODE = 0o640  # of a new file; SQLite gives it to those that it makes beside it


class Database(Protocol):
    """A kind of database."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """What its URLs begin with, the usual one first."""

    @property
    def development_url(self) -> str:
        """Of the database in development, with {password} where there is one."""

    @property
    def mend(self) -> str:
        """What to do when it cannot be reached."""

    def parsed(self, url: str, root: Path) -> str:
        """The URL, checked and in its usual form; what is relative in it begins at `root`.

        Raises:
            ValueError: a sentence with the fault and the mend.
        """

    def location(self, url: str) -> str:
        """Where it is, without user and password."""


class File:
    """SQLite: a file, which is made with its folder; others than its group cannot read it."""

    schemes = ("sqlite",)
    development_url = "sqlite:///data/app.db"
    mend = "Correct DATABASE_URL."

    def parsed(self, url: str, root: Path) -> str:
        scheme = "sqlite:///"
        if not url.startswith(scheme):
            raise ValueError(
                f"DATABASE_URL must begin with {scheme}, and production has no default for it; "
                f"such as: DATABASE_URL={scheme}/srv/data/app.db"
            )
        name, mark, options = url.removeprefix(scheme).partition("?")
        if mark:
            raise ValueError(f"DATABASE_URL: SQLite takes no options here; leave out ?{options}")
        if not name or name == ":memory:":
            raise ValueError(
                "DATABASE_URL must name a file, as each worker would have another memory; such as: "
                f"DATABASE_URL={scheme}/srv/data/app.db"
            )
        path = root / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _make(path)
        except OSError as error:
            raise ValueError(f"DATABASE_URL: {error.filename}: {error.strerror}") from None
        return f"{scheme}{path.as_posix()}"

    def location(self, url: str) -> str:
        return url.removeprefix("sqlite:///")


def _make(path: Path) -> None:
    """An empty database whose readers do not wait for a writer, in its place as a whole.

    Of processes that switch the same new file to that mode (WAL) SQLite refuses all but one.
    """
    import sqlite3

    handle, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        with suppress(OSError, sqlite3.Error):  # who comes later makes what is lacking
            with closing(sqlite3.connect(name)) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
            Path(name).chmod(MODE)
            os.link(name, path)
    finally:
        Path(name).unlink()
    path.touch(MODE)  # where there are no links


@dataclass(frozen=True)
class Server:
    """A server, with one database named in its URL."""

    schemes: tuple[str, ...]
    port: int
    user: str = "app"
    options: str = ""  # of the URL in development

    mend = (
        "Start it, such as with: docker compose up --detach --wait database; or correct "
        "DATABASE_URL."
    )

    @property
    def development_url(self) -> str:
        place = f"127.0.0.1:{self.port}/app{self.options}"
        return f"{self.schemes[0]}://{self.user}:{{password}}@{place}"

    @property
    def example(self) -> str:
        place = f"db.example.com:{self.port}/app"
        return f"DATABASE_URL={self.schemes[0]}://user:password@{place}"

    def parsed(self, url: str, root: Path) -> str:
        try:
            address = Url(url)
        except ValidationError as error:
            raise self._invalid(error) from None
        self._check(address, has_host=bool(address.host) or self._names_a_socket(address))
        url = f"{self.schemes[0]}{url[len(address.scheme) :]}"
        return database_options.checked(url, self.schemes[0], root)

    def location(self, url: str) -> str:
        address = Url(url)
        return f"{address.host or 'localhost'}:{address.port or self.port}{address.path}"

    def _names_a_socket(self, address: Url) -> bool:
        return self.schemes[0] == "postgresql" and "host=" in (address.query or "")

    def _invalid(self, error: ValidationError) -> ValueError:
        fault = error.errors()[0]["ctx"]["error"]
        return ValueError(
            f"DATABASE_URL is no valid URL: {fault}. Write such as {self.example}, with %23 for # "
            "and %2F for / in a password."
        )

    def _check(self, address: Url | MultiHostUrl, *, has_host: bool) -> None:
        if address.scheme not in self.schemes:
            start = f"{self.schemes[0]}://"
            raise ValueError(f"DATABASE_URL must begin with {start}, such as: {self.example}")
        if not has_host:
            raise ValueError(f"DATABASE_URL names no host; such as: {self.example}")
        name = (address.path or "").removeprefix("/")
        if not name or "/" in name:
            one = "the name of one database"
            raise ValueError(f"DATABASE_URL must end in {one}, such as: {self.example}")


class ServerWithMembers(Server):
    """MongoDB, whose URL may name several hosts, and whose schemes differ in meaning."""

    def parsed(self, url: str, root: Path) -> str:
        try:
            address = MultiHostUrl(url)
        except ValidationError as error:
            raise self._invalid(error) from None
        self._check(address, has_host=bool(address.hosts()))
        return database_options.checked(url, self.schemes[0], root)

    def location(self, url: str) -> str:
        address = MultiHostUrl(url)
        hosts = (f"{host['host']}:{host['port'] or self.port}" for host in address.hosts())
        return f"{','.join(hosts)}{address.path}"


DATABASES: dict[str, Database] = {
    "sqlite": File(),
    "postgresql": Server(("postgresql", "postgres"), 5432),
    "mysql": Server(("mysql", "mariadb"), 3306),
    "sqlserver": Server(("mssql", "sqlserver"), 1433, user="sa"),
    "mongodb": ServerWithMembers(("mongodb", "mongodb+srv"), 27017, options="?authSource=admin"),
}


def database_of(url: str) -> Database:
    """The kind of database that a checked URL names."""
    scheme = url.partition(":")[0]
    return next(kind for kind in DATABASES.values() if scheme in kind.schemes)


def location(url: str) -> str:
    """Where the database of a checked URL is, without user and password."""
    return database_of(url).location(url)


def mend(url: str) -> str:
    """What to do when the database of a checked URL cannot be reached."""
    return database_of(url).mend
