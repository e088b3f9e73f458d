"""Pages of the prediction log: their order, where they begin, and what filters leave."""

import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest
from modeldesk.serving.log import (
    Feedback,
    Outcome,
    PredictionLog,
    Query,
    Record,
)
from modeldesk.serving.narrowing import narrowed

from .records import MOMENT, of_figures, record

TEXTS = [
    *("dear", "Dear", "DEAR", "déar", "de\u0301ar", "dear ", " dear", "dear  ", "dear\t", "dea"),
    *("", " ", "\t", "ss", "ß", "SS", "i", "I", "İ", "æ", "ae", "ﬁ", "fi", "か", "が", "カ"),
    *("%", "_", "d%", "d__r", "\\", "\\%", "[a-z]", "^", "-", "dea[r]", "?", "*", ".*", "$ne"),
    *("😀", "😁", "😀 ", "\u200b", "\u00ad", "'", "''", '"', "null", "None", "false", "0", "00"),
]
MICROSECOND = timedelta(microseconds=1)


def listed(log: PredictionLog, query: Query) -> list[Record]:
    """All records that match, read page by page."""
    found: list[Record] = []
    while page := log.page(query):
        assert len(page) <= query.limit
        found += page
        query = replace(query, before=page[-1].id)
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_pages_newest_first(log: PredictionLog, limit: int) -> None:
    given = [record(value=float(i)) for i in range(7)]
    log.add(given[4:])
    log.add(given[:4])
    assert listed(log, Query(limit=limit)) == given[::-1]


def test_order_is_that_of_the_identifiers(log: PredictionLog) -> None:
    numbers = random.Random(0)
    ids = [str(uuid.UUID(int=numbers.getrandbits(128), version=4)) for _ in range(300)]
    log.add([record(id=identifier) for identifier in ids])
    ids.sort()
    for limit in (7, 100, 300, 1000):
        assert [one.id for one in listed(log, Query(limit=limit))] == ids[::-1]
        scanned: list[str] = []
        while batch := log.scan(scanned[-1] if scanned else "", limit):
            assert len(batch) <= limit
            scanned += [one.id for one in batch]
        assert scanned == ids
    for before in (ids[0], ids[150], ids[-1]):
        older = [one.id for one in log.page(Query(limit=1000, before=before))]
        assert older == [identifier for identifier in ids if identifier < before][::-1]
        newer = [one.id for one in log.scan(before, 1000)]
        assert newer == [identifier for identifier in ids if identifier > before]


@pytest.mark.parametrize("name", ["label", "model_version"])
def test_texts_are_the_same_or_they_are_not(log: PredictionLog, name: str) -> None:
    def those_with(text: str) -> list[Record]:
        query: dict[str, Any] = {name: text}
        return log.page(Query(**query))

    given = {text: record(**{name: text}) for text in TEXTS}
    log.add([*given.values(), record(model_version="another")])
    for text, one in given.items():
        assert those_with(text) == [one], text
    for text in ("none of them", "dear   ", "DeAr", "dèar", "NULL"):
        assert those_with(text) == []


def test_moments_to_the_microsecond(log: PredictionLog) -> None:
    second = datetime(2026, 6, 30, 12, 0, 0, 0, UTC)
    moments = [
        second - timedelta(days=30),
        second - MICROSECOND,
        second,
        second + MICROSECOND,
        second + timedelta(microseconds=999_998),
        second + timedelta(microseconds=999_999),
        second + timedelta(seconds=1),
        second + timedelta(days=30),
    ]
    given = [record(created_at=moment) for moment in moments]
    log.add(given)
    elsewhere = timezone(timedelta(hours=5, minutes=45))
    for moment in [datetime(1, 1, 1, tzinfo=UTC), *moments, datetime.max.replace(tzinfo=UTC)]:
        later = [one for one in given if one.created_at >= moment][::-1]
        earlier = [one for one in given if one.created_at < moment][::-1]
        assert log.page(Query(since=moment)) == later
        assert log.page(Query(until=moment)) == earlier
        if moment.year == 2026:
            assert log.page(Query(since=moment.astimezone(elsewhere))) == later
            assert log.page(Query(since=moment, until=moment)) == []
            same = log.page(Query(since=moment, until=moment + MICROSECOND))
            assert [one.created_at for one in same] == [moment]


@pytest.mark.parametrize("actual", [None, False, 0, "", 0.0, "null", 1.5])
def test_feedback_is_there_whatever_it_says(log: PredictionLog, actual: Any) -> None:
    told, waiting, restored = record(), record(), record(feedback=Feedback(actual, "", MOMENT))
    log.add([told, waiting, restored])
    assert log.page(Query(has_feedback=True)) == [restored]
    assert log.page(Query(has_feedback=False)) == [waiting, told]
    assert log.give_feedback(told.id, Feedback(actual, "", MOMENT))
    assert not log.give_feedback(restored.id, Feedback(1, "", MOMENT))
    assert [one.id for one in log.page(Query(has_feedback=True))] == [restored.id, told.id]
    assert log.page(Query(has_feedback=False)) == [waiting]


def matches(one: Record, query: Query) -> bool:
    return all(
        [
            query.model_version in (None, one.model_version),
            query.label in (None, one.label),
            query.since is None or one.created_at >= query.since,
            query.until is None or one.created_at < query.until,
            query.has_feedback in (None, one.feedback is not None),
        ]
    )


@pytest.mark.parametrize("shadow", [None, {"version": "two", "error": "No."}])
@pytest.mark.parametrize("value", ["dear", 1.5, {"$rent": 1.5}, False])
def test_what_figures_are_made_of(
    log: PredictionLog, value: Any, shadow: dict[str, Any] | None
) -> None:
    given = record(inputs={"a.b": 1.5, "": None}, value=value, shadow=shadow)
    log.add([given])
    assert log.recent(Query()) == [of_figures(given)]
    assert log.give_feedback(given.id, Feedback(value, "", MOMENT))
    assert log.recent(Query()) == [of_figures(given)._replace(told=True)]


def test_filters_together(log: PredictionLog) -> None:
    versions, labels = ["one", "two"], ["cheap", "dear", None]
    moments = [MOMENT + i * MICROSECOND for i in range(3)]
    feedback = [None, Feedback(1.5, "", MOMENT)]
    given = [
        record(model_version=version, label=label, created_at=moment, feedback=told)
        for version, label, moment, told in product(versions, labels, moments, feedback)
    ]
    random.Random(0).shuffle(given)
    log.add(given)
    newest_first = sorted(given, key=lambda one: one.id, reverse=True)
    for limit, version, label, since, until, told in product(
        *([2, 50], [None, "one"], [None, "dear", "none"]),
        *([None, moments[1]], [None, moments[2]], [None, True, False]),
    ):
        query = Query(limit, None, version, label, since, until, told)
        wanted = [one for one in newest_first if matches(one, query)]
        assert listed(log, query) == wanted, query
        narrow = narrowed(log, query)
        assert (listed(log, narrow) if narrow else []) == wanted, query
        assert log.recent(query) == [of_figures(one) for one in wanted[:limit]]
        if told:
            known = [Outcome(one.value, 1.5, one.label) for one in wanted[:limit]]
            assert log.outcomes(query) == log.outcomes(replace(query, has_feedback=None)) == known


@pytest.mark.parametrize("name", ["label", "model_version", "user_id"])
def test_the_first_and_the_last_of_a_text(log: PredictionLog, name: str) -> None:
    given = [record(**{name: text}) for text in ("b", "A", "a", "A", "a", "a", "b")]
    log.add(given)
    assert log.ends(name, "a") == (given[2].id, given[5].id)
    assert log.ends(name, "c") == ("", "")


@pytest.mark.parametrize("name", ["label", "model_version", "user_id"])
def test_nothing_is_read_beyond_those_of_a_text(log: PredictionLog, name: str) -> None:
    given = [
        record(id=f"{i}0000000-0000-7000-8000-000000000000", **{name: text})
        for i, text in enumerate("babab")
    ]
    log.add(given)
    narrow = narrowed(log, Query(**{name: "a"}))
    assert narrow
    whole = replace(narrow, **{name: None})
    assert [one.id for one in log.page(whole)] == [one.id for one in given[3:0:-1]]
    assert narrowed(log, Query(**{name: "none"})) is None


def test_versions_are_counted(log: PredictionLog) -> None:
    assert log.versions() == {}
    log.add([record(model_version=name) for name in ("b", "a", "b", "b")])
    assert log.versions() == {"a": 1, "b": 3}


def test_by_reference(log: PredictionLog) -> None:
    """Exactly: cases, accents and blanks at the end make another one."""
    others = [record(reference=one) for one in ("a 1", "Ä 1", "A 1 ", "A 1_", "A_1", None)]
    ours = [record(reference="A 1"), record(reference="A 1")]
    log.add([*others, *ours])
    newest_first = sorted((one.id for one in ours), reverse=True)
    assert [one.id for one in log.page(Query(reference="A 1"))] == newest_first
    assert sorted(one.id for one in log.named(["A 1"])) == newest_first[::-1]
    assert {one.id for one in log.named(["a 1", "A 1 "])} == {others[0].id, others[2].id}
    assert log.named(["nowhere"]) == []
    assert log.find([ours[0].id])[0].reference == "A 1"
