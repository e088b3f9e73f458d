"""The prediction log in MongoDB, as both frameworks keep it, by the driver below Django's."""

from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from ...stores.mongo_log import MongoPredictionLog
from ..models import Prediction
from .connection import database, reaching


class DjangoMongoLog(MongoPredictionLog):
    """It is looked for anew in each call, as a connection may be closed in between."""

    def __init__(self) -> None:
        """Without a connection yet."""

    @property
    def collection(self) -> Collection[dict[str, Any]]:  # type: ignore[override]
        with reaching():
            return database()[Prediction._meta.db_table]

    @property
    def client(self) -> MongoClient[Any]:  # type: ignore[override]
        return self.collection.database.client
