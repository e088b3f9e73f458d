"""The default connection to an SQL database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    connection,
    transaction,
)

from ...serving.log import LogUnavailable, Record
from ...serving.migration_lock import migration_lock
from ...serving.summaries import SummaryStore
from ...stores import rows
from ..conf import project_settings
from ..databases import settings_for
from ..models import Prediction
from .summaries import DjangoSummaries

INSERT = rows.insert()


@contextmanager
def reaching() -> Iterator[None]:
    # On SQLite no transaction, which would let readers wait for the writer. Django makes one to
    # create.
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        if told := unavailable(error):
            raise told from error
        raise
    finally:
        let_go()


def let_go() -> None:
    """Give the connection back where none is to be kept, also outside of requests."""
    if not connection.settings_dict["CONN_MAX_AGE"]:
        connection.close_if_unusable_or_obsolete()


def unavailable(error: Exception) -> LogUnavailable | None:
    if isinstance(error, LogUnavailable):
        return error
    if isinstance(error, IntegrityError | DataError):
        return None
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    connection.close()  # the next request tries a new one
    return LogUnavailable(_reason(error))


def _reason(error: Exception) -> str:
    """The first line of what the driver said."""
    said = str(error.args[-1] if error.args else "").strip()
    return said.partition("\n")[0].rstrip(".") or "the connection broke"


def store(records: Sequence[Record]) -> None:
    """Insert all records or none. Raises IntegrityError when one of them is there already."""
    if connection.vendor not in rows.KINDS:
        Prediction.objects.bulk_create(Prediction(**record.as_row()) for record in records)
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(INSERT, rows.rows(records, connection.vendor))


def ping() -> None:
    _execute("SELECT 1")


def open_summaries() -> SummaryStore:
    return DjangoSummaries()


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def migrating() -> Iterator[None]:
    if connection.vendor == "sqlite":
        with migration_lock(project_settings().database_url, _execute):
            yield
        return
    # Statements may take as long as they do.
    usual = connection.settings_dict["OPTIONS"]
    unlimited = project_settings().model_copy(update={"database_timeout": 0})
    connection.close()
    connection.settings_dict["OPTIONS"] = settings_for(unlimited)["OPTIONS"]
    try:
        with migration_lock(unlimited.database_url, _execute):
            yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = usual
