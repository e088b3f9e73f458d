"""What the owner has added to the database: where it can be brought, and what is told where not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ..serving.settings import Settings
from .layouts import Layout
from .source import Source


class Own(Protocol):
    """What is the owner's own, there and here."""

    def told(self) -> Iterator[str]:
        """What goes, and what stays behind."""

    def faults(self) -> Iterator[str]:
        """What is in the way here."""

    def leave(self) -> Iterator[str]:
        """Leave what is here as it is, and say what does not come for that."""

    def bring(self) -> Iterator[tuple[str, int, str]]:
        """Bring it; the name, the number of rows and the digest of each. Raises TransferError."""


@contextmanager
def own_of(source: Source, settings: Settings, here: Layout, *, accounts: bool) -> Iterator[Own]:
    """Between two databases of SQL, or two of MongoDB; others keep nothing alike.

    `here` is how this project would keep accounts, and `accounts` whether it does.
    """
    kinds = {source.kind == "mongodb", settings.database == "mongodb"}
    if kinds == {True}:
        from ..stores.mongodb import client_of
        from .own_documents import OwnDocuments

        client = client_of(settings.model_copy(update={"database_timeout": 0}), "modeldesk")
        try:
            database = client.get_default_database()
            yield OwnDocuments(source, database, here, accounts=accounts)
        finally:
            client.close()
    elif kinds == {False}:
        from ..stores.engine import engine_for_migrations
        from .own_tables import OwnTables

        engine = engine_for_migrations(settings)
        try:
            yield OwnTables(source, engine, here, accounts=accounts)
        finally:
            engine.dispose()
    else:
        yield Stays(_names(source))


class Stays:
    """What is the owner's own, and is in no place here that would take it."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def told(self) -> Iterator[str]:
        for name in self.names:
            yield f"Not your {name}: between SQL and MongoDB only what the library knows is brought"

    def faults(self) -> Iterator[str]:
        yield from ()

    leave = faults

    def bring(self) -> Iterator[tuple[str, int, str]]:
        yield from ()


def _names(source: Source) -> list[str]:
    """The owner's tables and columns of accounts."""
    if source.kind == "mongodb":
        from .own_documents import own_collections, own_fields

        fields = [f"field {name} of accounts" for name in own_fields(source)]
        return [f"collection {name}" for name in own_collections(source.database)] + fields
    from .own_tables import own_columns, own_tables

    columns = [f"column {name}" for name in own_columns(source)]
    return [f"table {name}" for name in own_tables(source.database)] + columns
