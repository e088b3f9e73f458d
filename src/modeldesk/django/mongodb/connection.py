"""The default connection to MongoDB, and the driver below it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymongo
from django.db import DatabaseError, IntegrityError, connection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, PyMongoError

from ...serving.database_url import CONNECT_TIMEOUT
from ...serving.log import LogUnavailable
from ...serving.mongo_summaries import MongoSummaries
from ...serving.summaries import SummaryStore
from ..log import open_log
from ..models import Prediction
from .lock import migration_lock

LONGEST_BUILD = 3600  # seconds that indexes of a large collection may take
SECOND_LOOK = 1  # seconds


@contextmanager
def reaching() -> Iterator[None]:
    try:
        _look_again()
        yield
    except (DatabaseError, PyMongoError) as error:
        if told := unavailable(error):
            raise told from error
        raise


def unavailable(error: Exception) -> LogUnavailable | None:
    if isinstance(error, LogUnavailable):
        return error
    if isinstance(error, IntegrityError) or not isinstance(error, DatabaseError | PyMongoError):
        return None
    return LogUnavailable(_reason(error.__cause__ or error))


def _look_again() -> None:
    """Wait but a moment for servers that were gone when last looked at."""
    client = database().client
    servers = client.topology_description.server_descriptions().values()
    if servers and all(server.error for server in servers):
        with pymongo.timeout(SECOND_LOOK):
            client.is_primary  # noqa: B018


def _reason(error: BaseException) -> str:
    """What the driver said, without all that it knows of the servers."""
    if isinstance(error, BulkWriteError):
        faults = error.details["writeErrors"] + error.details["writeConcernErrors"]
        return str(faults[0]["errmsg"])
    said = str(error)
    for rest in (" (configured timeouts", ", Timeout:", ", full error:"):
        said = said.partition(rest)[0]
    return said.rstrip(".")


def database() -> Database[dict[str, Any]]:
    """The database of the driver, with the collections in it."""
    with pymongo.timeout(CONNECT_TIMEOUT):  # a new connection asks for the server's version
        connection.ensure_connection()
    found: Database[dict[str, Any]] = connection.connection[connection.settings_dict["NAME"]]
    return found


def ping() -> None:
    with pymongo.timeout(CONNECT_TIMEOUT):
        # Not the command of that name, which is answered without any permission.
        database()[Prediction._meta.db_table].find_one({}, {"_id": True})


def open_summaries() -> SummaryStore:
    return MongoSummaries(database, open_log(), reaching)


@contextmanager
def migrating() -> Iterator[None]:
    with pymongo.timeout(LONGEST_BUILD), migration_lock(database()["migration_lock"]):
        yield
