"""The database that things are brought from: opened for reading alone, whoever wrote it."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ..ml.project import project_root
from ..serving.database_url import DATABASES, location
from ..serving.settings import Settings
from ..serving.transfer import Store, TransferError
from .layouts import Layout

# What reads each kind, by the module that is imported.
SQL = {"sqlalchemy": "sqlalchemy>=2.0.41,<2.1"}
NEEDED = {
    "sqlite": SQL,
    "postgresql": SQL | {"psycopg": "psycopg[binary]>=3.2.11,<4"},
    "mysql": SQL | {"pymysql": "pymysql[rsa]>=1.2,<2"},
    "sqlserver": SQL | {"pymssql": "pymssql>=2.3,<3"},
    "mongodb": {"pymongo": "pymongo>=4.10,<5"},
}


@dataclass
class Source:
    """What can be read at `place`, as kinds of lines; `database` is an engine or a database.

    It may be the `same` as the project's own, where the other framework has left something.
    """

    place: str
    kind: str
    same: bool
    stores: dict[str, Store]
    layout: Layout | None
    database: Any


@contextmanager
def open_source(
    url: str, settings: Settings, framework: str, whose: str | None
) -> Iterator[Source]:
    """Open the database of a URL beside that of `settings`, which `framework` writes.

    `whose` accounts are read, "flask" or "django", is to be told where both have left some. Of
    the very same database only those of the other framework are read. Raises TransferError.
    """
    kind, url = _parsed(url)
    place, same = location(url), url == settings.database_url
    _need(kind)
    reader = import_module(f".{'mongodb' if kind == 'mongodb' else 'sql'}", __package__)
    with reader.opened(_settings_of(settings, kind, url)) as database:
        found = {one.framework: one for one in reader.layouts(database)}
        if same:
            found.pop(framework, None)
            if not found:
                raise TransferError(f"{place} is the database of this project.")
        layout = _chosen(place, found, whose)
        stores = reader.accounts(database, layout) if layout else {}
        if not same:
            stores |= reader.stores(database)
        yield Source(place, kind, same, stores, layout, database)


def _parsed(url: str) -> tuple[str, str]:
    """The kind of database that a URL names, and the URL as settings have it."""
    scheme = url.partition("://")[0]
    kind = next((name for name, one in DATABASES.items() if scheme in one.schemes), None)
    if not kind:
        known = ", ".join(f"{one.schemes[0]}://" for one in DATABASES.values())
        raise TransferError(f"The URL begins with none of {known}.")
    if kind == "sqlite":
        path = project_root() / url.removeprefix("sqlite:///")
        if not path.is_file():  # it would be made otherwise
            raise TransferError(f"There is no file {path}.")
    try:
        return kind, DATABASES[kind].parsed(url, project_root())
    except ValueError as error:
        raise TransferError(str(error).replace("DATABASE_URL", "The URL")) from None


def _need(kind: str) -> None:
    if missing := [name for module, name in NEEDED[kind].items() if not find_spec(module)]:
        more = " ".join(f"--with {shlex.quote(name)}" for name in missing)
        raise TransferError(
            f"To read that database takes what is not installed here; run it as: uv run {more} "
            "manage move-from ..."
        )


def _settings_of(settings: Settings, kind: str, url: str) -> Settings:
    """Those of this service, but for another database."""
    other: type[Settings] = type("Other", (Settings,), {"database": kind})
    return other.model_construct(**dict(settings) | {"database_url": url})


def _chosen(place: str, found: dict[str, Layout], whose: str | None) -> Layout | None:
    if whose:
        if whose not in found:
            raise TransferError(f"{place} has no accounts of {whose.capitalize()}.")
        return found[whose]
    if len(found) > 1:
        raise TransferError(
            f"{place} has accounts of Flask and of Django, as its service changed from one to the "
            "other. Say which go on: --accounts flask, or --accounts django."
        )
    return next(iter(found.values()), None)
