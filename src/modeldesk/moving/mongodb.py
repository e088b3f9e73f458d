"""What a database of MongoDB keeps of a service, as stores that are only read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from pymongo.database import Database
from pymongo.errors import PyMongoError

from ..serving.database_url import location
from ..serving.log import LogUnavailable
from ..serving.mongo_summaries import MongoSummaries
from ..serving.settings import Settings
from ..serving.transfer import TransferError
from ..stores.mongo_log import MongoPredictionLog
from ..stores.mongo_rows import MongoRows
from ..stores.mongodb import client_of, reaching, reason
from .layouts import LAYOUTS, Layout, account_of, token_of

Documents = Database[dict[str, Any]]


@contextmanager
def opened(settings: Settings) -> Iterator[Documents]:
    """The database that these settings name, without time limits. Raises TransferError."""
    client = client_of(settings.model_copy(update={"database_timeout": 0}), "modeldesk")
    try:
        database: Documents = client.get_default_database()
        _check(database, location(settings.database_url))
        yield database
    finally:
        client.close()


def _check(database: Documents, place: str) -> None:
    try:
        with reaching(database.client):
            names = database.list_collection_names()
            pruning = database["summaries"].find_one({"removing": {"$exists": True}})
    except (LogUnavailable, PyMongoError) as error:
        told = reason(error) if isinstance(error, PyMongoError) else str(error)
        raise TransferError(f"{place} cannot be read: {told}.") from error
    if "predictions" not in names:
        raise TransferError(f"{place} has no collection `predictions`: it is no service's.")
    if pruning:  # what reads the totals would end it, and so change them
        raise TransferError(f"At {place} a `manage prune` was interrupted; run that again first.")


def stores(database: Documents) -> dict[str, Any]:
    """The log and its totals."""
    log = MongoPredictionLog(database["predictions"])
    totals = MongoSummaries(lambda: database, log, partial(reaching, database.client))
    return {"summary": totals, "prediction": log}


def layouts(database: Documents) -> list[Layout]:
    """Of each framework that has kept accounts there."""
    return [layout for layout in LAYOUTS if Accounts(database, layout).count()]


def accounts(database: Documents, layout: Layout) -> dict[str, Any]:
    """The accounts and the tokens."""
    return {"account": Accounts(database, layout), "token": Tokens(database, layout)}


class Accounts(MongoRows):
    """The accounts of one framework."""

    def __init__(self, database: Documents, layout: Layout) -> None:
        super().__init__(database[layout.users])
        self.database, self.layout = database, layout

    def _of(self, documents: list[dict[str, Any]]) -> list[Any]:
        rows = [_row(document) for document in documents]
        if self.layout.framework == "flask":
            return [account_of(self.layout, row, row.get("roles") or []) for row in rows]
        members, groups = (self.database[name] for name in self.layout.roles)
        names = {group["_id"]: group["name"] for group in groups.find()}
        roles = defaultdict(set)
        for held in members.find({"user_id": {"$in": [row["id"] for row in rows]}}):
            roles[held["user_id"]].add(names[held["group_id"]])
        return [account_of(self.layout, row, roles[row["id"]]) for row in rows]


class Tokens(MongoRows):
    """The API tokens of one framework."""

    def __init__(self, database: Documents, layout: Layout) -> None:
        super().__init__(database[layout.tokens])
        self.whose = "user" if layout.framework == "flask" else "user_id"

    def _of(self, documents: list[dict[str, Any]]) -> list[Any]:
        rows = [_row(document) for document in documents]
        return [token_of(row | {"user_id": row[self.whose]}) for row in rows]


def _row(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document with its moments, which are texts there."""
    row = {"id": document["_id"], **document}
    for name in ("last_login", *(name for name in row if name.endswith("_at"))):
        if isinstance(row.get(name), str):
            row[name] = datetime.fromisoformat(row[name])
    return row
