"""Totals of predictions that were removed, in MongoDB."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any

from pymongo import ASCENDING, ReplaceOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from .log import PredictionLog, Record
from .summaries import DaySummary, Tally, Totals, summarise

Document = dict[str, Any]


class MongoSummaries:
    """The summaries in a collection, beside that of the predictions.

    A server by itself has no transactions. So a summary counts predictions and names them as
    `removing` in one step; then they are removed, and then no longer named. Whoever finds some
    named finishes that before anything else, as another process may have been killed meanwhile.
    """

    def __init__(
        self,
        database: Callable[[], Database[Document]],
        log: PredictionLog,
        reaching: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.database, self.log, self.reaching = database, log, reaching

    @property
    def collection(self) -> Collection[Document]:
        return self.database()["summaries"]

    def add(self, summaries: Sequence[DaySummary]) -> None:
        with self.reaching():
            self.collection.insert_many([_document(summary) for summary in summaries])

    def find(self, ids: Sequence[str]) -> list[DaySummary]:
        with self.reaching():
            return [_summary(one) for one in self.collection.find({"_id": {"$in": list(ids)}})]

    def scan(self, after: str, limit: int) -> list[DaySummary]:
        with self.reaching():
            for unfinished in self.collection.find({"removing": {"$exists": True}}, {"_id": True}):
                self._settled(unfinished["_id"])
            found = self.collection.find({"_id": {"$gt": after}}).sort("_id", ASCENDING)
            return [_summary(document) for document in found.limit(limit)]

    def count(self) -> int:
        with self.reaching():
            return self.collection.count_documents({})

    def tallies(self) -> dict[str, Tally]:
        with self.reaching():
            found = self.database()["tallies"].find()
            return {one["_id"]: Tally(one["made"], one["until"]) for one in found}

    def keep(self, tallies: Mapping[str, Tally]) -> None:
        changes = [
            ReplaceOne({"_id": version}, asdict(one), upsert=True)
            for version, one in tallies.items()
        ]
        with self.reaching():
            self.database()["tallies"].bulk_write(changes, ordered=False)

    def forget(self) -> None:
        with self.reaching():
            self.database()["tallies"].delete_many({})

    def fold(self, records: Sequence[Record]) -> bool:
        of_days: dict[str, list[str]] = {}
        for record in records:
            (summary,) = summarise([record])
            of_days.setdefault(summary.id, []).append(record.id)
        with self.reaching():
            for name, ids in of_days.items():
                self._fold(name, ids)
        return True

    def _fold(self, name: str, ids: list[str]) -> None:
        there = self._settled(name)
        # Read anew after that: what is there now, has not been counted.
        while found := self.log.find(ids):
            if self._count(there, found):
                break
            there = self._settled(name)
        self._settled(name)

    def _count(self, there: Document | None, records: Sequence[Record]) -> bool:
        """Count records, and name them; false when the summary is not `there` as it was."""
        (summary,) = summarise(records)
        told = [record.id for record in records if record.feedback]
        untold = [record.id for record in records if not record.feedback]
        named = {"removing": {"told": told, "untold": untold}}
        if there is None:
            try:
                self.collection.insert_one(_document(summary) | named)
            except DuplicateKeyError:
                return False
            return True
        # Counts only grow: the same one is the same document.
        same = {"_id": there["_id"], "count": there["count"], "removing": {"$exists": False}}
        counted = _document(_summary(there) + summary) | named
        return bool(self.collection.replace_one(same, counted).matched_count)

    def _settled(self, name: str) -> Document | None:
        """A summary, once all predictions that it names are removed."""
        while (found := self.collection.find_one({"_id": name})) and "removing" in found:
            self._settle(found)
        return found

    def _settle(self, document: Document) -> None:
        predictions, named = self.database()["predictions"], document["removing"]
        predictions.delete_many({"_id": {"$in": named["told"]}})
        predictions.delete_many({"_id": {"$in": named["untold"]}, "feedback_at": None})
        # These were given feedback after they were counted, and nobody can change that again.
        late = self.log.find(named["untold"])
        settled = _summary(document)
        for record in late:
            told = replace(Totals.of(record), count=0, duration_ms=0.0, longest_ms=0.0, labels={})
            settled = replace(settled, totals=settled.totals + told)
        following = _document(settled)
        if late:
            following["removing"] = {"told": [record.id for record in late], "untold": []}
        same = {"_id": document["_id"], "removing": named}
        self.collection.replace_one(same, following)  # if nobody has done so meanwhile


def _document(summary: DaySummary) -> Document:
    row = summary.as_row()
    return {"_id": row.pop("id"), **row}


def _summary(document: Document) -> DaySummary:
    return DaySummary.from_row(SimpleNamespace(**document))
