"""The prediction log: every value comes back as it was, and is stored only once."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import uuid_utils
from modeldesk.serving.log import (
    Feedback,
    LogUnavailable,
    PredictionLog,
    Query,
)

from .database import unreachable
from .framework import prediction_log
from .records import MOMENT, UNKNOWN, check, record

FLOATS = [
    *(0.0, -0.0, 2.0, -1.5, 0.1, 1 / 3, 0.1 + 0.2, 123456789.12345679, 1e16, 1e22, 1e23, -1e23),
    *(5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308),
]
INTEGERS = [0, 1, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
TEXTS = [
    *("", " ", "blanks  ", " blank", "\ttab\t", "\r\n", "\x01\x1f\x7f\x85\u2028\ufeff\uffff"),
    *("é", "e\u0301", "ß", "ﬁ", "漢字", "😀", "👩‍👩‍👧", "\U0010ffff", "אב", "\u202eabc"),
    *("null", "true", "1", "1.0", "NaN", "{}", "[]", "2026-02-28T23:59:59Z"),
    *("\"'`\\/\\n\\u00e9", "%s %(x)s %% {x} ? :x $1 $x @x", "'; DROP TABLE predictions; --"),
    *("<b>&amp;", "a" * 10_000, "漢" * 10_000),
]
NAMES = [
    *("", " ", "a", "A", "á", "a ", " a", "a b", "0", "[0]", "a[0]", "{a}", "\"'`\\", "é 漢字 😀"),
    *("a.b", ".a", "a.", "..", "$", "$a", "$set", "a$b", "$a.b", "_id", "id", "a" * 1000),
]


def test_a_trial_leaves_nothing(log: PredictionLog) -> None:
    log.add([given := record()])
    for _ in range(2):
        log.try_write()
    check(log, given)


@pytest.mark.parametrize(
    "values", [FLOATS, INTEGERS, TEXTS, [True, False]], ids=["floats", "integers", "texts", "bool"]
)
def test_values_come_back_to_the_last_bit(log: PredictionLog, values: list[Any]) -> None:
    given = [
        record(value=value, inputs={"x": value, "none": None}, label=str(value)[:255])
        for value in values
    ]
    log.add(given)
    check(log, *given)
    told = [
        replace(one, feedback=Feedback(one.value, str(one.value), MOMENT + timedelta(minutes=i)))
        for i, one in enumerate(given)
    ]
    for one in told:
        assert one.feedback
        assert log.give_feedback(one.id, one.feedback)
    check(log, *told)
    log.discard([one.id for one in told])
    log.add(told)
    check(log, *told)


@pytest.mark.parametrize(
    "fields",
    [
        {"inputs": {}},
        {"inputs": dict(zip(NAMES, range(len(NAMES)), strict=True))},
        {"inputs": {name: {name: [name]} for name in NAMES}},
        {"inputs": {"many": FLOATS + INTEGERS + TEXTS + [None, True, False, [], {}]}},
        {"inputs": {"list": [1, [2.5, {"a": None}]], "deep": {"b": {"c": True}}}},
        {"inputs": {f"column {i}": i / 7 for i in range(2000)}},
        {"inputs": {"text": "é" * 1_000_000}},
        {"value": dict(zip(NAMES, [*FLOATS, *INTEGERS], strict=False))},
        {"feedback": Feedback(dict.fromkeys(NAMES, 1 / 3), "", MOMENT)},
        {"probabilities": {}},
        {"probabilities": dict.fromkeys(NAMES, 1 / len(NAMES))},
        {"probabilities": {"dear": 5e-324, "cheap": 1 - 2**-53}},
        {"duration_ms": 1e-9},
        {"duration_ms": 1 / 3},
        {"request_id": "x" * 64, "model_version": "漢" * 64, "label": "é" * 255},
        {"label": "😀" * 100},
        {"request_id": "", "model_version": "", "label": ""},
        {"created_at": datetime(1970, 1, 1, tzinfo=UTC)},
        {"created_at": datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)},
        {"created_at": datetime(2026, 3, 29, 1, 30, 0, 1, UTC)},
        {"created_at": datetime(2038, 1, 19, 3, 14, 8, 500_000, UTC)},
        {"created_at": datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)},
        {"feedback": Feedback(None, "", MOMENT)},
        {"feedback": Feedback(0, "", MOMENT)},
        {"feedback": Feedback("", " ", MOMENT.replace(microsecond=0))},
        {"feedback": Feedback(False, "null", MOMENT.replace(microsecond=1))},
        {"shadow": {"version": "0123456789ab", "value": -0.0, "probabilities": None}},
        {"shadow": {"version": "", "value": dict.fromkeys(NAMES, 1e23), "probabilities": None}},
        {"shadow": {"version": "漢" * 64, "error": "é 😀 " * 100}},
    ],
    ids=" ".join,
)
def test_records_come_back_as_they_were(log: PredictionLog, fields: dict[str, Any]) -> None:
    given = record(**fields)
    log.add([given])
    check(log, given)


@pytest.mark.parametrize("hours", [-12, -9.5, 0, 5.75, 14])
def test_moments_are_kept_in_utc(log: PredictionLog, hours: float) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=hours)))
    given = record(created_at=there, feedback=Feedback(1.5, "", there))
    log.add([given])
    (kept,) = log.find([given.id])
    assert kept.feedback
    for moment in (kept.created_at, kept.feedback.created_at):
        assert moment == MOMENT
        assert moment.utcoffset() == timedelta(0)
    assert kept.as_dict()["created_at"] == "2026-02-28T23:59:59.999999Z"
    assert kept.feedback.as_dict()["created_at"] == "2026-02-28T23:59:59.999999Z"


def test_nothing_is_there_before_it_is_added(log: PredictionLog) -> None:
    log.ping()
    assert log.count() == 0
    assert log.page(Query()) == []
    assert log.scan("", 10) == []
    assert log.find([UNKNOWN]) == []
    assert log.find([]) == []
    assert not log.give_feedback(UNKNOWN, Feedback(1, "", MOMENT))
    log.set_shadow({UNKNOWN: {"version": "0123456789ab", "error": "None"}})
    log.discard([UNKNOWN])
    log.discard([])


def test_many_at_once(log: PredictionLog) -> None:
    given = [record(value=float(i)) for i in range(2500)]
    log.add(given)
    assert log.count() == 2500
    random.Random(0).shuffle(given)
    asked, left = given[:2200], given[2200:]
    unknown = [str(uuid_utils.uuid7()) for _ in range(500)]
    found = log.find([one.id for one in asked] + unknown)
    assert sorted(found, key=lambda one: one.id) == sorted(asked, key=lambda one: one.id)
    log.discard([one.id for one in asked] + unknown)
    assert {one.id for one in log.scan("", 1000)} == {one.id for one in left}


def test_all_records_or_none(log: PredictionLog) -> None:
    known = record()
    log.add([known])
    with pytest.raises(Exception, match=r"(?i)unique|duplicate") as refused:
        log.add([record(), replace(known, value=2.5), record()])
    assert not isinstance(refused.value, LogUnavailable)
    check(log, known)


def test_feedback_is_given_once(log: PredictionLog) -> None:
    given, other = record(), record()
    log.add([given, other])
    first = Feedback(2.5, "first", MOMENT)
    assert log.give_feedback(given.id, first)
    assert not log.give_feedback(given.id, Feedback(9.0, "second", MOMENT + timedelta(1)))
    assert not log.give_feedback(given.id, first)
    check(log, replace(given, feedback=first), other)


def test_feedback_on_several_numbers(log: PredictionLog) -> None:
    given = record(value=dict.fromkeys(NAMES, 0.5))
    log.add([given])
    told = Feedback({name: index / 7 for index, name in enumerate(NAMES)}, "", MOMENT)
    assert log.give_feedback(given.id, told)
    check(log, replace(given, feedback=told))


def test_feedback_given_by_two_at_once(log: PredictionLog) -> None:
    given = [record() for _ in range(20)]
    log.add(given)
    together = Barrier(2)

    def give(comment: str) -> list[bool]:
        told = []
        for one in given:
            together.wait(30)
            told.append(log.give_feedback(one.id, Feedback(1, comment, MOMENT)))
        return told

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(give, ["first", "second"])
    kept = {one.id: one.feedback and one.feedback.comment for one in log.scan("", 100)}
    for one, by_first, by_second in zip(given, first, second, strict=True):
        assert by_first is not by_second
        assert kept[one.id] == ("first" if by_first else "second")


def test_answers_of_a_shadow(log: PredictionLog) -> None:
    """The last one stays, and nothing else of a record changes."""
    given = [record(feedback=Feedback(i, "", MOMENT) if i % 2 else None) for i in range(120)]
    log.add(given)
    answers = {
        one.id: {"version": "ba9876543210", "value": NAMES[i % len(NAMES)], "probabilities": shares}
        for i, one in enumerate(given[:110])
        for shares in [dict.fromkeys(NAMES, 1 / 3) if i % 3 else None]
    }
    log.set_shadow(answers)
    later = {given[0].id: {"version": "0123456789ab", "error": "It fails."}}
    log.set_shadow(later | {UNKNOWN: answers[given[1].id]})
    check(log, *(replace(one, shadow=(answers | later).get(one.id)) for one in given))


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    with prediction_log(unreachable(tmp_path)) as log:
        for act in (
            log.ping,
            log.count,
            lambda: log.find([UNKNOWN]),
            lambda: log.page(Query()),
            lambda: log.scan("", 1),
            lambda: log.add([record()]),
            lambda: log.discard([UNKNOWN]),
            lambda: log.give_feedback(UNKNOWN, Feedback(1, "", MOMENT)),
            lambda: log.set_shadow({UNKNOWN: {"version": "", "error": ""}}),
        ):
            with pytest.raises(LogUnavailable) as refused:
                act()
            assert "unsaid" not in str(refused.value)
