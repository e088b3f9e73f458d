"""How the log uses the default connection, whatever database that leads to."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any

from django.db import connection

from ..serving.denied import denied
from ..serving.log import LogUnavailable
from ..serving.summaries import SummaryStore
from .conf import project_settings


def reaching() -> AbstractContextManager[None]:
    """Raise LogUnavailable for errors that are the database's own."""
    return _kind().reaching()


def unavailable(error: Exception) -> LogUnavailable | None:
    """What stands for an error that is the database's own; None for others."""
    return _kind().unavailable(error)


def ping() -> None:
    """Ask for something that takes a connection, and the permission to read."""
    _kind().ping()


@contextmanager
def migrating() -> Iterator[None]:
    """Wait for other processes that migrate; what is done then may take its time.

    Raises LogUnavailable, with what mends it, where the database does not let its user do that.
    """
    try:
        with _kind().migrating():
            yield
    except Exception as error:
        if told := denied(project_settings().database_url, str(error)):
            raise LogUnavailable(told) from error
        raise


def open_summaries() -> SummaryStore:
    """Totals of predictions that were removed."""
    return _kind().open_summaries()


def _kind() -> Any:
    kind = "mongodb" if connection.vendor == "mongodb" else "sql"
    return import_module(f".{kind}.connection", __package__)
