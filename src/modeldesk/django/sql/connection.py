"""The default connection to an SQL database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection

from ...serving.log import LogUnavailable
from ...serving.migration_lock import migration_lock
from ...serving.summaries import SummaryStore
from ..conf import project_settings
from ..databases import settings_for
from ..models import Prediction
from .summaries import DjangoSummaries

STATEMENT = 4 * 2**20  # bytes; servers of MySQL take packets of 16 MiB or more


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


def store(rows: Sequence[Prediction]) -> None:
    if connection.vendor != "mysql":
        Prediction.objects.bulk_create(rows)
        return
    # Of each character up to eight bytes: escaped in JSON, and once more in the statement.
    longest = max(len(f"{row.inputs}{row.output}{row.feedback}{row.shadow}") for row in rows)
    Prediction.objects.bulk_create(rows, batch_size=max(1, STATEMENT // (8 * longest + 4000)))


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
