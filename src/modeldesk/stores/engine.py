"""How SQLAlchemy reaches the database of the settings."""

from importlib import import_module
from typing import Any

from sqlalchemy import URL, Engine, create_engine

from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.settings import Settings
from ..serving.size import THREADS


def engine_options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`, with the time limits of the settings."""
    options: dict[str, Any] = import_module(f"{__package__}.{settings.database}").options(settings)
    return options


def engine_for_migrations(settings: Settings) -> Engine:
    """An engine without time limits, which are for requests."""
    return create_engine(**engine_options(settings.model_copy(update={"database_timeout": 0})))


def pooled(url: URL, connect_args: dict[str, Any]) -> dict[str, Any]:
    """The options for a server, whatever its driver takes to connect."""
    return {
        "url": url,
        "connect_args": connect_args,
        # One connection for each thread of a worker, and one for the writer in buffered mode.
        "pool_size": THREADS,
        "max_overflow": 1,
        "pool_timeout": CONNECT_TIMEOUT,
        "pool_recycle": 300,
        "pool_pre_ping": True,
    }
