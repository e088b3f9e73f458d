"""Accounts in MongoDB, by MongoEngine and by PyMongo."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from ...accounts.clashes import check_accounts, check_tokens
from ...accounts.lines import AccountLine, Line, TokenLine
from ...accounts.lockout import Attempts
from ...serving.log import iso
from ...serving.transfer import Store
from ...stores.mongo_rows import MongoRows
from .database import AppTokens
from .defaults import now
from .holders import ModelTokens

if TYPE_CHECKING:
    from .extension import Accounts, Roles

MOMENTS = {"confirmed_at", "created_at", "expires_at", "last_login_at", "last_used_at"}


class MongoAccounts:
    """`AccountDatabase` in collections."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    def attempts(self) -> Attempts:
        return MongoAttempts(self.accounts.attempt_class._get_collection())

    @property
    def tokens(self) -> AppTokens:
        return ModelTokens(self.accounts, self._find_token)

    def _find_token(self, digest: str) -> Any:
        return self.accounts.token_class.objects(digest=digest).first()

    def stores(self) -> dict[str, Store]:
        token = self.accounts.token_class
        users = AccountStore(self.accounts.datastore.user_model, self.accounts.roles)
        return {"account": users} | ({"token": TokenStore(token, users)} if token else {})

    def role_names(self) -> list[str]:
        return sorted(map(str, self._roles.objects))

    def outdated_roles(self) -> list[str]:
        there = {role.name: set(role.permissions) for role in self._roles.objects}
        given = self.accounts.roles
        return [name for name in given if set(given[name]) != there.get(name)]

    def keep_roles(self) -> None:
        for name, given in self.accounts.roles.items():
            role = self._roles.objects(name=name)
            role.update_one(upsert=True, set__permissions=sorted(given))

    @property
    def _roles(self) -> Any:
        return self.accounts.datastore.role_model


class MongoAttempts:
    """`Attempts` in the collection of login attempts, each change an update of one document."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self.collection = collection

    def take(self, key: str, limit: int, now: datetime, until: datetime) -> bool:
        new = {"count": 0, "until": iso(until)}
        with suppress(DuplicateKeyError):
            self.collection.update_one({"_id": key}, {"$setOnInsert": new}, upsert=True)
        free = {"$or": [{"until": {"$lte": iso(now)}}, {"count": {"$lt": limit}}]}
        over = {"$lte": ["$until", iso(now)]}
        count = {"$cond": [over, 1, {"$add": ["$count", 1]}]}
        changed = [{"$set": {"count": count, "until": iso(until)}}]
        return self.collection.update_one({"_id": key, **free}, changed).matched_count == 1

    def give_back(self, key: str) -> None:
        self.collection.update_one({"_id": key, "count": {"$gt": 0}}, {"$inc": {"count": -1}})

    def ends(self, keys: Sequence[str]) -> Iterable[datetime]:
        found = self.collection.find({"_id": {"$in": list(keys)}})
        return [datetime.fromisoformat(one["until"]) for one in found]

    def forget(self, keys: Sequence[str]) -> None:
        over = {"until": {"$lt": iso(now())}}
        self.collection.delete_many({"$or": [{"_id": {"$in": list(keys)}}, over]})


class Rows(MongoRows):
    """The documents of a collection, as lines.

    Without MongoEngine, which would look up what each one refers to.
    """

    def __init__(self, model: Any, line: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__(model._get_collection())
        self.line = line

    def ids_by(self, name: str, texts: list[str]) -> dict[str, str]:
        """The ids of the documents that hold one of these texts, by the text."""
        with self.reaching():
            found = self.collection.find({name: {"$in": texts}}, {name: True})
            return {document[name]: document["_id"] for document in found}

    def insert(self, documents: list[dict[str, Any]]) -> None:
        with self.reaching():
            self.collection.insert_many(documents)

    def _of(self, documents: list[dict[str, Any]]) -> list[Any]:
        return [self.line(document) for document in documents]


class AccountStore(Rows):
    """The accounts."""

    def __init__(self, user: Any, roles: Roles) -> None:
        super().__init__(user, account_line)
        self.roles = roles

    def add(self, accounts: Sequence[AccountLine]) -> None:
        emails = [account.email for account in accounts]
        check_accounts(accounts, self.ids_by("email", emails), self.roles)
        new = [document(account) | {"fs_uniquifier": uuid.uuid4().hex} for account in accounts]
        self.insert(new)


def account_line(document: dict[str, Any]) -> AccountLine:
    row = row_of(document, AccountLine)
    return AccountLine.of(row, password=row.password or "", roles=sorted(row.roles or []))


class TokenStore(Rows):
    """The API tokens."""

    def __init__(self, token: Any, users: AccountStore) -> None:
        super().__init__(token, token_line)
        self.users = users

    def add(self, tokens: Sequence[TokenLine]) -> None:
        owners = self.ids_by("digest", [token.digest for token in tokens])
        check_tokens(tokens, owners, self.users.ids_by("_id", [token.user_id for token in tokens]))
        new = [document(token) for token in tokens]
        for one in new:
            one["user"] = one.pop("user_id")
        self.insert(new)


def token_line(document: dict[str, Any]) -> TokenLine:
    return TokenLine.of(row_of(document, TokenLine), user_id=document["user"])


def document(line: Line) -> dict[str, Any]:
    """The document of a line, without what is None, as MongoEngine writes it."""
    row = {name: value for name, value in line.content().items() if value is not None}
    del row["kind"]
    return {"_id": row.pop("id"), **row}


def row_of(document: dict[str, Any], line: type[Line]) -> SimpleNamespace:
    """A document with its moments, and with None for what it lacks."""
    row: dict[str, Any] = {name: document.get(name) for name in line.model_fields}
    row["id"] = document["_id"]
    for name in filter(row.get, row.keys() & MOMENTS):
        row[name] = datetime.fromisoformat(row[name])
    return SimpleNamespace(**row)
