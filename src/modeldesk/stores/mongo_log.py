"""The prediction log in MongoDB."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import pymongo
from pymongo import ASCENDING, DESCENDING, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, OperationFailure

from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.log import EVERYTHING, Feedback, Outcome, Query, Recent, Record, iso, now
from .mongodb import SOME, TRANSIENT, reaching

ATTEMPTS = 3  # of a transaction that another one gets in the way of
MOMENTS = ("created_at", "feedback_at")
OF_OUTCOMES = ("output.value", "feedback.actual", "label")
OF_RECENT = (
    *("model_version", "inputs", "output.value", "label"),
    *("duration_ms", "feedback_at", "shadow"),
)
NEWER = ("shadow", "user_id", "reference")  # than some documents, which lack it


class MongoPredictionLog:
    """The prediction log in a collection; safe to use from any thread.

    It writes and reads with PyMongo: MongoEngine's dictionaries refuse names with a dot or a
    dollar sign, which columns of training data may have.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self.collection = collection
        self.client = collection.database.client

    def add(self, records: Sequence[Record]) -> None:
        documents = [_document(record) for record in records]
        with reaching(self.client):
            if len(documents) > 1 and self._has_transactions:
                self._add_in_transaction(documents)
            else:
                self._add_in_order(documents)

    @cached_property
    def _has_transactions(self) -> bool:
        """Whether it is a replica set or a cluster; a server by itself has no transactions."""
        hello = self.client.admin.command("hello")
        return "setName" in hello or hello.get("msg") == "isdbgrid"

    def _add_in_transaction(self, documents: list[dict[str, Any]]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.client.start_session() as session, session.start_transaction():
                    self.collection.insert_many(documents, session=session)
            except OperationFailure as error:
                if attempt == ATTEMPTS or not error.has_error_label(TRANSIENT):
                    raise
            else:
                return

    def _add_in_order(self, documents: list[dict[str, Any]]) -> None:
        try:
            self.collection.insert_many(documents)
        except BulkWriteError as error:
            stored = documents[: error.details["nInserted"]]
            self.discard([document["_id"] for document in stored])
            raise

    def discard(self, ids: Sequence[str]) -> None:
        with reaching(self.client):
            self.collection.delete_many({"_id": {"$in": list(ids)}})

    def find(self, ids: Sequence[str]) -> list[Record]:
        return self._records({"_id": {"$in": list(ids)}})

    def named(self, references: Sequence[str]) -> list[Record]:
        return self._records({"reference": {"$in": list(references)}})

    def page(self, query: Query) -> list[Record]:
        return [_record(document) for document in self._newest(query)]

    def recent(self, query: Query) -> list[Recent]:
        return [
            Recent(
                one["model_version"],
                one["inputs"],
                one["output"]["value"],
                one["label"],
                one["duration_ms"],
                one["feedback_at"] is not None,
                one.get("shadow"),
            )
            for one in self._newest(query, OF_RECENT)
        ]

    def outcomes(self, query: Query) -> list[Outcome]:
        return [
            Outcome(one["output"]["value"], one["feedback"]["actual"], one["label"])
            for one in self._newest(replace(query, has_feedback=True), OF_OUTCOMES)
        ]

    def scan(self, after: str, limit: int) -> list[Record]:
        return self._records({"_id": {"$gt": after}}, limit=limit)

    def count(self) -> int:
        with reaching(self.client):
            return self.collection.count_documents({})

    def oldest(self, query: Query) -> list[Record]:
        return self._records(_conditions(query), limit=query.limit)

    def count_up(self, query: Query) -> tuple[int, str]:
        steps: list[Any] = [
            {"$match": _conditions(query)},
            {"$sort": {"_id": ASCENDING}},
            {"$limit": query.limit},
            {"$group": {"_id": None, "count": {"$sum": 1}, "last": {"$max": "$_id"}}},
        ]
        with reaching(self.client):
            found: Any = next(iter(self.collection.aggregate(steps)), {"count": 0, "last": ""})
        return found["count"], found["last"]

    def versions(self, query: Query = EVERYTHING) -> dict[str, int]:
        by_version = {"$group": {"_id": "$model_version", "count": {"$sum": 1}}}
        with reaching(self.client):
            found = self.collection.aggregate([{"$match": _conditions(query)}, by_version])
            return {one["_id"]: one["count"] for one in found}

    def distinct(self, column: str, most: int | None = None) -> list[str]:
        found: list[str] = []
        with reaching(self.client):
            while most is None or len(found) < most:
                # From one to the next by the index, and not by reading all documents.
                newer = {column: {"$gt": found[-1]} if found else SOME}
                first = self.collection.find(newer, {column: True}).sort(column, ASCENDING)
                if not (document := next(first.limit(1), None)):
                    break
                found.append(document[column])
        return found

    def ends(self, column: str, value: str) -> tuple[str, str]:
        found = []
        with reaching(self.client):
            for order in (ASCENDING, DESCENDING):
                by_id = self.collection.find({column: value}, {"_id": True}).sort("_id", order)
                found.append(next(by_id.limit(1), {"_id": ""})["_id"])
        first, last = found
        return (first, last) if first and last else ("", "")

    def newest_id(self, nth: int) -> str:
        with reaching(self.client):
            newest_first = self.collection.find({}, {"_id": True}).sort("_id", DESCENDING)
            document = next(newest_first.skip(nth).limit(1), {"_id": ""})
        return str(document["_id"])

    def give_feedback(self, record_id: str, feedback: Feedback) -> bool:
        waiting = {"_id": record_id, "feedback_at": None}
        given = {"feedback": feedback.as_row(), "feedback_at": iso(feedback.created_at)}
        with reaching(self.client):
            return bool(self.collection.update_one(waiting, {"$set": given}).matched_count)

    def set_shadow(self, answers: Mapping[str, dict[str, Any]]) -> None:
        changes = [
            UpdateOne({"_id": record_id}, {"$set": {"shadow": answer}})
            for record_id, answer in answers.items()
        ]
        with reaching(self.client):
            self.collection.bulk_write(changes, ordered=False)

    def disown(self, user_id: str) -> None:
        with reaching(self.client):
            self.collection.update_many({"user_id": user_id}, {"$set": {"user_id": None}})

    def ping(self) -> None:
        with reaching(self.client), pymongo.timeout(CONNECT_TIMEOUT):
            # Not the command of that name, which is answered without any permission.
            self.collection.find_one({}, {"_id": True})

    def let_go(self) -> None:
        """A thread keeps nothing: connections are those of the client."""

    def try_write(self) -> None:
        with reaching(self.client):
            trials = self.collection.database["trials"]  # not where the log is read meanwhile
            trials.replace_one({"_id": 0}, {"at": iso(now())}, upsert=True)

    def _newest(self, query: Query, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """The documents of a page, or some of their fields."""
        with reaching(self.client):
            found = self.collection.find(_conditions(query), names)
            return list(found.sort("_id", DESCENDING).limit(query.limit))

    def _records(self, wanted: dict[str, Any], limit: int = 0) -> list[Record]:
        with reaching(self.client):
            found = self.collection.find(wanted).sort("_id", ASCENDING).limit(limit)
            return [_record(document) for document in found]


def _document(record: Record) -> dict[str, Any]:
    """A new document of the log."""
    row = record.as_row()
    moments = {name: row[name] and iso(row[name]) for name in MOMENTS}
    return {"_id": row.pop("id"), **row, **moments}


def _record(document: dict[str, Any]) -> Record:
    row = SimpleNamespace(**dict.fromkeys(NEWER) | document, id=document["_id"])
    row.created_at = datetime.fromisoformat(row.created_at)
    row.feedback_at = row.feedback_at and datetime.fromisoformat(row.feedback_at)
    return Record.from_row(row)


def _conditions(query: Query) -> dict[str, Any]:
    first, end = query.ids()
    asked = [
        ("_id", "$gte", first),
        ("_id", "$lt", end),
        ("_id", "$gt", query.after),
        ("model_version", "$eq", query.model_version),
        ("label", "$eq", query.label),
        ("user_id", "$eq", query.user_id),
        ("reference", "$eq", query.reference),
        ("created_at", "$gte", iso(query.since) if query.since else None),
        ("created_at", "$lt", iso(query.until) if query.until else None),
    ]
    given = [(name, is_, value) for name, is_, value in asked if value is not None]
    conditions: list[Any] = [{name: {is_: value}} for name, is_, value in given]
    if query.has_feedback is not None:
        conditions.append({"feedback_at": SOME if query.has_feedback else {"$eq": None}})
    return {"$and": conditions} if conditions else {}
