"""The application's MongoDB: PyMongo for the log, MongoEngine for documents of the project."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any

import pymongo
from flask import Flask
from flask.cli import AppGroup
from mongoengine import Document
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from ..ml.validation import listed
from ..serving.log import LogUnavailable, PredictionLog
from ..serving.mongo_summaries import MongoSummaries
from ..serving.settings import Settings
from ..serving.summaries import SummaryStore
from ..serving.unreachable import unreachable
from ..stores.mongo_log import MongoPredictionLog
from ..stores.mongodb import OLD_INDEXES, client_of, index_models, reaching, unavailable
from .database import OUTDATED
from .state import current_state, get_database

LONGEST_BUILD = 3600  # seconds that indexes of a large collection may take
OPTIONS = ("expireAfterSeconds", "partialFilterExpression", "sparse", "unique")  # of an index

commands = AppGroup("db", help="Look after the database.")


@commands.command()
def upgrade() -> None:
    """Make the indexes of this release."""
    get_database().upgrade()


class MongoDatabase:
    """`Database` in MongoDB; what it names in `MONGODB_SETTINGS`, MongoEngine connects with."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def init_app(self, app: Flask) -> None:
        client = client_of(self.settings, app.name)
        self.database = client.get_default_database()
        self.reaching: Callable[[], AbstractContextManager[None]] = partial(reaching, client)
        app.config["MONGODB_SETTINGS"] = {
            "db": self.database.name,
            # By itself it would look up a mongodb+srv:// name here and now.
            "mongo_client_class": lambda **_: client,
            "uuidRepresentation": "standard",
        }
        app.cli.add_command(commands)

    def log(self) -> PredictionLog:
        return MongoPredictionLog(self.database["predictions"])

    def summaries(self) -> SummaryStore:
        return MongoSummaries(lambda: self.database, self.log(), self.reaching)

    def unreachable(self) -> str | None:
        try:
            self.log().ping()
        except LogUnavailable as error:
            return unreachable(self.settings.database_url, str(error))
        return None

    def outdated(self) -> str | None:
        if fault := self.unreachable():
            return fault
        accounts = current_state().accounts
        try:
            with self.reaching():
                names = [index["name"] for _, index in self._lacking()]
                names += accounts.outdated_roles() if accounts else []
        except LogUnavailable as error:
            return unreachable(self.settings.database_url, str(error))
        return f"{OUTDATED} (it makes {listed(names)})" if names else None

    def upgrade(self) -> None:
        """Make the indexes and roles that are missing, and anew those that differ.

        The log's indexes of releases before go. Raises LogUnavailable, with what mends it.
        """
        try:
            self._upgrade()
        except LogUnavailable as error:
            raise LogUnavailable(unreachable(self.settings.database_url, str(error))) from error

    def _upgrade(self) -> None:
        accounts = current_state().accounts
        with self.reaching():
            lacking = list(self._lacking())
            with pymongo.timeout(LONGEST_BUILD):
                for collection, index in lacking:
                    with suppress(OperationFailure):  # there is none of that name
                        collection.drop_index(index["name"])
                    options = {name: value for name, value in index.items() if name != "key"}
                    collection.create_index(list(index["key"].items()), **options)
                predictions = self.database["predictions"]
                for name in set(OLD_INDEXES) & set(predictions.index_information()):
                    predictions.drop_index(name)
            if accounts and accounts.outdated_roles():
                accounts.keep_roles()

    def unavailable(self, error: Exception) -> LogUnavailable | None:
        return unavailable(error)

    def _lacking(self) -> Iterator[tuple[Collection[dict[str, Any]], dict[str, Any]]]:
        """The indexes that the database does not have as they are wanted, with their collection."""
        there: dict[str, list[Any]] = {}
        for collection, index in self._wanted():
            if collection.name not in there:
                there[collection.name] = list(collection.list_indexes())
            if not any(_same(index, other) for other in there[collection.name]):
                yield collection, index

    def _wanted(self) -> Iterator[tuple[Collection[dict[str, Any]], dict[str, Any]]]:
        """Those of the log, and those that the project's documents name."""
        for index in index_models():
            yield self.database["predictions"], index.document
        for document in _documents(Document):
            for wanted in document._meta["index_specs"]:
                options = {**(document._meta["index_opts"] or {}), **wanted}
                fields = options.pop("fields")
                options.pop("cls", None)
                yield document._get_collection(), pymongo.IndexModel(fields, **options).document


def _documents(parent: Any) -> Iterator[Any]:
    for document in parent.__subclasses__():
        if not document._meta.get("abstract"):
            yield document
        yield from _documents(document)


def _same(index: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two indexes do the same, whatever they are called."""
    if "text" in index["key"].values():  # the server keeps the fields of those elsewhere
        return bool(index["name"] == other["name"])
    keys = [list(one["key"].items()) for one in (index, other)]
    options = [[one.get(name) or None for name in OPTIONS] for one in (index, other)]
    return keys[0] == keys[1] and options[0] == options[1]
