"""A client of MongoDB, and what is made of its errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pymongo
from pymongo import MongoClient
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.log import LogUnavailable
from ..serving.settings import Settings, SettingsError
from ..serving.size import THREADS

SECOND_LOOK = 1  # seconds
TRANSIENT = "TransientTransactionError"
OUT_OF_SERVICE = {13: "Unauthorized", 18: "AuthenticationFailed", 14031: "OutOfDiskSpace"}
SOME = {"$gte": ""}  # any text; to MongoDB, what is not None may be there in no index
# Of the prediction log: names, fields, and of which documents only. Ids sort by time: what is asked
# for by one of these is read newest first, to the last one shown.
INDEXES: dict[str, tuple[list[str], dict[str, Any]]] = {
    "ix_predictions_by_version": (["model_version", "_id"], {}),
    "ix_predictions_by_label": (["label", "_id"], {"label": SOME}),
    "ix_predictions_by_user": (["user_id", "_id"], {"user_id": SOME}),
    "ix_predictions_by_reference": (["reference", "_id"], {"reference": SOME}),
    "ix_predictions_waiting": (["feedback_at", "_id"], {"feedback_at": None}),
    "ix_predictions_told": (["_id", "feedback_at"], {"feedback_at": SOME}),
    "ix_predictions_told_by_version": (
        ["model_version", "_id", "feedback_at"],
        {"feedback_at": SOME},
    ),
}
OLD_INDEXES = [
    f"ix_predictions_{name}"
    for name in ("created_at", "model_version", "label", "feedback_at", "user_id", "reference")
]


def index_models() -> list[pymongo.IndexModel]:
    """The indexes of the prediction log."""
    return [
        pymongo.IndexModel(fields, name=name, **({"partialFilterExpression": only} if only else {}))
        for name, (fields, only) in INDEXES.items()
    ]


def client_of(settings: Settings, appname: str) -> MongoClient[Any]:
    """A client of the server that the settings name, which connects once it is needed.

    Raises:
        SettingsError: the URL says what it cannot.
    """
    options: dict[str, Any] = {
        "appname": appname,
        "connectTimeoutMS": CONNECT_TIMEOUT * 1000,
        "journal": True,
        "maxPoolSize": THREADS + 1,  # one more for the thread of the buffered log
        "serverSelectionTimeoutMS": CONNECT_TIMEOUT * 1000,
        # Not timeoutMS, which would be how long it waits for a server that is gone, too.
        "socketTimeoutMS": settings.database_timeout * 1000,
        "uuidRepresentation": "standard",
        "w": "majority",
        "wTimeoutMS": settings.database_timeout * 1000,
    }
    in_url = {name.lower() for name, _ in parse_qsl(urlsplit(settings.database_url).query)}
    options = {name: value for name, value in options.items() if name.lower() not in in_url}
    try:
        return MongoClient(settings.database_url, connect=False, tz_aware=True, **options)
    except (PyMongoError, ValueError) as error:
        raise SettingsError(f"DATABASE_URL: {error}") from None


@contextmanager
def reaching(client: MongoClient[Any]) -> Iterator[None]:
    """Raise LogUnavailable when the server is not there, or not well."""
    try:
        _look_again(client)
        yield
    except PyMongoError as error:
        if away := unavailable(error):
            raise away from error
        raise


def unavailable(error: Exception) -> LogUnavailable | None:
    """What stands for an error that may not come again when the server is well."""
    if isinstance(error, PyMongoError) and _is_of_the_server(error):
        return LogUnavailable(reason(error))
    return None


def _look_again(client: MongoClient[Any]) -> None:
    """Wait but a moment for servers that were gone when last looked at."""
    servers = client.topology_description.server_descriptions().values()
    if servers and all(server.error for server in servers):
        with pymongo.timeout(SECOND_LOOK):
            client.is_primary  # noqa: B018


def _is_of_the_server(error: PyMongoError) -> bool:
    """Whether the same call may succeed when the server is well again."""
    if isinstance(error, BulkWriteError) and error.details["writeConcernErrors"]:
        return True
    if isinstance(error, OperationFailure):
        known = error.code in OUT_OF_SERVICE or error.has_error_label(TRANSIENT)
        return known or error.timeout or isinstance(error, WriteConcernError)
    # Names of mongodb+srv:// that cannot be looked up are a fault of the configuration to it.
    return isinstance(error, ConnectionFailure | ConfigurationError)


def reason(error: PyMongoError) -> str:
    """What is wrong, without the lists of settings and servers that PyMongo adds."""
    if isinstance(error, BulkWriteError):
        faults = error.details["writeErrors"] + error.details["writeConcernErrors"]
        return str(faults[0]["errmsg"])
    said = re.split(r" \(configured timeouts|, Timeout: |, full error: ", str(error))[0]
    return said.rstrip(".")
