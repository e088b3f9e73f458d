"""The documents of a collection, as stores give them that accounts are moved between."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection

from .mongodb import reaching


class MongoRows(ABC):
    """Reads a collection by the ids of its documents."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self.collection = collection

    def find(self, ids: Sequence[str]) -> list[Any]:
        return self._lines({"_id": {"$in": list(ids)}})

    def scan(self, after: str, limit: int) -> list[Any]:
        return self._lines({"_id": {"$gt": after}}, limit)

    def count(self) -> int:
        with self.reaching():
            return self.collection.count_documents({})

    def reaching(self) -> AbstractContextManager[None]:
        return reaching(self.collection.database.client)

    def _lines(self, wanted: dict[str, Any], limit: int = 0) -> list[Any]:
        with self.reaching():
            found = self.collection.find(wanted).sort("_id", ASCENDING).limit(limit)
            return self._of(list(found))

    @abstractmethod
    def _of(self, documents: list[dict[str, Any]]) -> list[Any]:
        """The lines of these documents."""
