"""A prediction log in memory, for what is the same above every database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from modeldesk.serving.log import (
    EVERYTHING,
    Feedback,
    LogUnavailable,
    Outcome,
    Query,
    Recent,
    Record,
)
from modeldesk.testing.records import of_figures


class MemoryLog:
    """Keeps records by their ids; while it is `away` it does nothing but say so."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.away = False

    def add(self, records: Sequence[Record]) -> None:
        self.ping()
        self.records |= {record.id: record for record in records}

    def discard(self, ids: Sequence[str]) -> None:
        self.ping()
        for one in ids:
            self.records.pop(one, None)

    def find(self, ids: Sequence[str]) -> list[Record]:
        self.ping()
        return [self.records[one] for one in ids if one in self.records]

    def named(self, references: Sequence[str]) -> list[Record]:
        return [one for one in self._matching(EVERYTHING) if one.reference in references]

    def page(self, query: Query) -> list[Record]:
        found = sorted(self._matching(query), key=lambda record: record.id, reverse=True)
        return found[: query.limit]

    def recent(self, query: Query) -> list[Recent]:
        return [of_figures(one) for one in self.page(query)]

    def outcomes(self, query: Query) -> list[Outcome]:
        found = self.page(replace(query, has_feedback=True))
        return [Outcome(one.value, one.feedback.actual, one.label) for one in found if one.feedback]

    def scan(self, after: str, limit: int) -> list[Record]:
        found = sorted(self._matching(EVERYTHING), key=lambda record: record.id)
        return [record for record in found if record.id > after][:limit]

    def count(self) -> int:
        return len(self._matching(EVERYTHING))

    def oldest(self, query: Query) -> list[Record]:
        return sorted(self._matching(query), key=lambda record: record.created_at)[: query.limit]

    def versions(self, query: Query = EVERYTHING) -> dict[str, int]:
        return Counter(record.model_version for record in self._matching(query))

    def count_up(self, query: Query) -> tuple[int, str]:
        ids = sorted(record.id for record in self._matching(query))[: query.limit]
        return len(ids), ids[-1] if ids else ""

    def distinct(self, column: str, most: int | None = None) -> list[str]:
        texts = {getattr(record, column) for record in self._matching(EVERYTHING)}
        return sorted(texts - {None})[:most]

    def ends(self, column: str, value: str) -> tuple[str, str]:
        ids = [one.id for one in self._matching(EVERYTHING) if getattr(one, column) == value]
        return (min(ids), max(ids)) if ids else ("", "")

    def newest_id(self, nth: int) -> str:
        ids = sorted((record.id for record in self._matching(EVERYTHING)), reverse=True)
        return ids[nth] if nth < len(ids) else ""

    def give_feedback(self, record_id: str, feedback: Feedback) -> bool:
        (record,) = self.find([record_id])
        if record.feedback is None:
            self.records[record_id] = replace(record, feedback=feedback)
        return record.feedback is None

    def set_shadow(self, answers: Mapping[str, dict[str, Any]]) -> None:
        for record in self.find(list(answers)):
            self.records[record.id] = replace(record, shadow=answers[record.id])

    def disown(self, user_id: str) -> None:
        for record in self._matching(Query(user_id=user_id)):
            self.records[record.id] = replace(record, user_id=None)

    def ping(self) -> None:
        if self.away:
            raise LogUnavailable("db.example.com: no route to host")

    def let_go(self) -> None: ...

    def try_write(self) -> None:
        self.ping()

    def _matching(self, query: Query) -> list[Record]:
        self.ping()
        wanted = {
            name: value
            for name in ("model_version", "label", "user_id", "reference")
            if (value := getattr(query, name)) is not None
        }
        return [
            record
            for record in self.records.values()
            if all(getattr(record, name) == value for name, value in wanted.items())
            and (query.before is None or record.id < query.before)
            and (query.after is None or record.id > query.after)
            and (query.since is None or record.created_at >= query.since)
            and (query.until is None or record.created_at < query.until)
            and query.has_feedback in (None, record.feedback is not None)
        ]
