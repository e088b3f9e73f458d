"""Collections and fields of the owner's own, from one database of MongoDB to another.

They go as they are, by their names, but for the `project_` that Django writes before them.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

import bson
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from ..serving.transfer import BATCH, TransferError
from .layouts import LEFT, NOT_OF_OWNERS, Layout, by_bare_name
from .source import Source

Document = dict[str, Any]
OF_DOCUMENTS = {"_id", "_cls", "roles"}  # in those of accounts, beside what tables have


class OwnDocuments:
    """What is the owner's own, there and in the database `here` of a project."""

    def __init__(
        self, source: Source, here: Database[Document], layout: Layout, *, accounts: bool
    ) -> None:
        self.source, self.there, self.here = source, source.database, here
        self.users = here[layout.users] if accounts else None
        targets = by_bare_name(own_collections(here), layout.framework)
        ours = set(targets.values()) if source.same else set()
        framework = source.layout.framework if source.layout else None
        names = (name for name in own_collections(self.there) if name not in ours)
        own = by_bare_name(names, framework)
        # Where none is called so yet, the first document makes it.
        self.pairs = [(self.there[own[name]], here[targets.get(name, own[name])]) for name in own]

    def told(self) -> Iterator[str]:
        """What goes, and what stays behind."""
        for there, here in self.pairs:
            yield f"{there.count_documents({}):,} of your collection {here.name}"
        if fields := own_fields(self.source):
            yield f"Your fields of accounts: {', '.join(fields)}"
        for name, what in LEFT.items():
            if self.there[name].find_one():
                yield f"Not {what} ({name}): give them anew"

    def faults(self) -> Iterator[str]:
        """What is in the way here."""
        for _, here in self._others():
            yield (
                f"Your collection {here.name} has documents already, which are not those there; "
                "remove them here."
            )

    def leave(self) -> Iterator[str]:
        """Leave what is here as it is, and say what does not come for that."""
        for pair in self._others():
            self.pairs.remove(pair)
            yield f"Not the documents of your collection {pair[1].name}: those that are here stay"
        if fields := own_fields(self.source):
            yield f"Not your fields of accounts, {', '.join(fields)}: those that are here stay"
        self.users = None

    def _others(self) -> list[tuple[Collection[Document], Collection[Document]]]:
        """Collections that have other documents here."""
        return [
            (there, here)
            for there, here in self.pairs
            if here.find_one() and _digest(here.find()) != _digest(there.find())
        ]

    def bring(self) -> Iterator[tuple[str, int, str]]:
        """Bring each collection; the name, the number of documents and their digest.

        Raises TransferError.
        """
        for there, here in self.pairs:
            if not here.find_one():
                for some in _batches(there.find()):
                    here.insert_many(some)
            yield here.name, *_compared(here.name, there.find(), here.find())
        users = self.users
        if users is not None and own_fields(self.source):
            for some in _batches(_accounts(self.source)):
                users.bulk_write([UpdateOne({"_id": one["_id"]}, {"$set": one}) for one in some])
            same = (_of(one, users) for one in _accounts(self.source))
            yield users.name, *_compared(users.name, _accounts(self.source), same)


def own_collections(database: Database[Document]) -> list[str]:
    """The names of the owner's collections."""
    names = sorted(database.list_collection_names())
    return [name for name in names if name not in NOT_OF_OWNERS and "." not in name]


def own_fields(source: Source) -> list[str]:
    """The names of the owner's fields of accounts."""
    return sorted({name for one in _accounts(source) for name in one} - {"_id"})


def _accounts(source: Source) -> Iterator[Document]:
    """The id and the owner's fields of each account that has some."""
    if not source.layout:
        return
    known = source.layout.user_columns | OF_DOCUMENTS
    for document in source.database[source.layout.users].find():
        own = {name: value for name, value in document.items() if name not in known}
        if own:
            yield {"_id": document["_id"]} | own


def _of(one: Document, users: Collection[Document]) -> Document:
    """The same fields of the account here."""
    found = users.find_one({"_id": one["_id"]}, dict.fromkeys(one, True)) or {}
    return {name: found[name] for name in one if name in found}


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    rest = iter(documents)
    return iter(lambda: list(islice(rest, BATCH)), [])


def _compared(name: str, *of: Iterable[Document]) -> tuple[int, str]:
    there, here = map(_digest, of)
    if there != here:
        raise TransferError(
            f"{name} here is not as it is there, where somebody may change it. Remove its "
            "documents here and run the command again."
        )
    return here


def _digest(documents: Iterable[Document]) -> tuple[int, str]:
    """How many there are, and what is the same of the same ones in any order."""
    count = total = 0
    for document in documents:
        count += 1
        total += int.from_bytes(sha256(bson.encode(document)).digest())
    return count, f"{total % 2**256:064x}"
