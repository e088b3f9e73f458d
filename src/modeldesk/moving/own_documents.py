"""Collections and fields of the owner's own, from one database of MongoDB to another.

They go by their names, as they are; `project_` before a name, which Django writes, is left aside.
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
from .layouts import LEFT, NOT_OF_OWNERS, Layout, bare

Document = dict[str, Any]
OF_DOCUMENTS = {"_id", "_cls", "roles"}  # in those of accounts, beside what tables have


class OwnDocuments:
    """What is the owner's own, of accounts of one layout there and of one here."""

    def __init__(
        self,
        there: Database[Document],
        here: Database[Document],
        layout: Layout | None,
        here_layout: Layout | None,
    ) -> None:
        self.there, self.here = there, here
        self.layout, self.here_layout = layout, here_layout
        self.names = sorted(there.list_collection_names())
        own = [name for name in self.names if name not in NOT_OF_OWNERS and "." not in name]
        targets = {bare(name): name for name in here.list_collection_names()}
        # Where none is called so yet, the first document makes it.
        self.pairs = [(there[name], here[targets.get(bare(name), name)]) for name in own]

    def told(self) -> Iterator[str]:
        """What goes, and what stays behind."""
        for there, here in self.pairs:
            yield f"{there.count_documents({}):,} of your collection {here.name}"
        if fields := self.fields():
            yield f"Your fields of accounts: {', '.join(fields)}"
        for name, what in LEFT.items():
            if name in self.names and self.there[name].find_one():
                yield f"Not {what} ({name}): give them anew"

    def fields(self) -> list[str]:
        """The owner's own of accounts."""
        return sorted({name for one in self._accounts() for name in one} - {"_id"})

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
        if fields := self.fields():
            yield f"Not your fields of accounts, {', '.join(fields)}: those that are here stay"
        self.here_layout = None

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
        if self.here_layout and self.fields():
            users = self.here[self.here_layout.users]
            for some in _batches(self._accounts()):
                users.bulk_write([UpdateOne({"_id": one["_id"]}, {"$set": one}) for one in some])
            wanted = (_of(one, users) for one in self._accounts())
            yield users.name, *_compared(users.name, self._accounts(), wanted)

    def _accounts(self) -> Iterator[Document]:
        """The id and the owner's fields of each account that has some."""
        if not self.layout:
            return
        known = self.layout.user_columns | OF_DOCUMENTS
        for document in self.there[self.layout.users].find():
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
