"""The default connection to MongoDB, and the driver below it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pymongo
from django.db import DatabaseError, IntegrityError, connection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, PyMongoError

from ...serving.database_url import CONNECT_TIMEOUT
from ...serving.log import LogUnavailable, Record
from ...serving.mongo_summaries import MongoSummaries
from ...serving.summaries import SummaryStore
from ...stores.mongo_log import as_document
from ..log import open_log
from ..models import Prediction
from .lock import migration_lock

DUPLICATE = 11000  # an error code
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


def store(records: Sequence[Record]) -> None:
    """A server that is no replica set keeps some of the rows if it breaks meanwhile."""
    documents = [as_document(record) for record in records]
    collection = database()[Prediction._meta.db_table]
    features: Any = connection.features
    try:
        if len(documents) > 1 and features._supports_transactions:
            client = collection.database.client
            with client.start_session() as session, session.start_transaction():
                collection.insert_many(documents, session=session)
        else:
            collection.insert_many(documents)
    except BulkWriteError as error:
        stored = [document["_id"] for document in documents[: error.details["nInserted"]]]
        collection.delete_many({"_id": {"$in": stored}})
        if fault := next((f for f in error.details["writeErrors"] if f["code"] == DUPLICATE), None):
            raise IntegrityError(fault["errmsg"]) from error
        raise


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
