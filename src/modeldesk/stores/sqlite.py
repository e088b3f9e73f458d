"""How SQLAlchemy opens an SQLite file."""

import sqlite3
from typing import Any

from sqlalchemy import Engine, event, make_url

from ..serving.settings import Settings
from ..serving.size import THREADS


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`."""
    # The connection that was used last knows most of the file.
    pool = {"pool_size": THREADS + 1, "pool_use_lifo": True}
    return {"url": make_url(settings.database_url), **pool}


@event.listens_for(Engine, "connect")
def set_up(connection: Any, _: Any) -> None:
    """Readers beside one writer, and every commit on the disk before it is acknowledged."""
    if isinstance(connection, sqlite3.Connection):
        if connection.execute("PRAGMA query_only").fetchone()[0]:
            return  # it is opened for reading alone
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
