"""How the log uses the default connection, whatever database that leads to."""

from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from django.db import connection

from ..serving.log import LogUnavailable
from ..serving.summaries import SummaryStore


def reaching() -> AbstractContextManager[None]:
    """Raise LogUnavailable for errors that are the database's own."""
    return _kind().reaching()


def unavailable(error: Exception) -> LogUnavailable | None:
    """What stands for an error that is the database's own; None for others."""
    return _kind().unavailable(error)


def ping() -> None:
    """Ask for something that takes a connection, and the permission to read."""
    _kind().ping()


def migrating() -> AbstractContextManager[None]:
    """Wait for other processes that migrate; what is done then may take its time."""
    return _kind().migrating()


def open_summaries() -> SummaryStore:
    """Totals of predictions that were removed."""
    return _kind().open_summaries()


def _kind() -> Any:
    kind = "mongodb" if connection.vendor == "mongodb" else "sql"
    return import_module(f".{kind}.connection", __package__)
