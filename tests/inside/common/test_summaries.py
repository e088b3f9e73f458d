"""Daily totals: exact, moved by file, and counted at the moment that predictions go."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from modeldesk.serving.commands import import_file
from modeldesk.serving.lines import (
    HEADER,
    BadLine,
    from_line,
    to_line,
)
from modeldesk.serving.log import Feedback, PredictionLog, Record
from modeldesk.serving.summaries import (
    DaySummary,
    SummaryStore,
    Totals,
    by_version,
    summarise,
)
from modeldesk.serving.transfer import (
    Stores,
    Summary,
    TransferError,
    export_all,
    import_all,
)

from .models import TARGETS
from .records import MOMENT, record

DAY = "2026-02-28"  # of MOMENT
GOOD = json.loads(to_line(summarise([record(label="dear")])[0]))


@pytest.fixture
def version() -> str:
    """A version that no other test knows."""
    return secrets.token_hex(6)


@pytest.fixture
def store(log: PredictionLog) -> SummaryStore:
    """The summaries beside the log."""
    from .framework import open_stores

    found: Any = open_stores()["summary"]
    return found


def told(actual: Any, **fields: Any) -> Record:
    return record(feedback=Feedback(actual, "", MOMENT), **fields)


def test_totals_of_classes() -> None:
    records = [
        record(value="dear", label="dear", duration_ms=0.5),
        told("dear", value="dear", label="dear"),
        told("cheap", value="dear", label="dear", duration_ms=2.0),
        told(False, value=False, label="False"),
    ]
    (summary,) = summarise(records)
    assert summary == DaySummary(
        DAY, "0123456789ab", Totals(4, 3.0, 2.0, 3, 2, {}, {"False": 1, "dear": 3})
    )
    assert summary.id == f"{DAY}/0123456789ab"


def test_totals_of_numbers() -> None:
    (summary,) = summarise([record(), told(2.0), told(1), told("much"), told(1.5)])
    assert summary.totals == Totals(5, 1.25, 0.25, 4, 0, {"value": 1.0}, {})


def test_totals_of_several_targets() -> None:
    one, other = TARGETS
    records = [
        told({one: 1.0, other: 5.0}, value={one: 3.0, other: 4.5}),
        told({one: 1.0}, value={one: 1.5, other: 4.5}),
    ]
    (summary,) = summarise(records)
    assert summary.totals.errors == {one: 2.5, other: 0.5}


def test_days_are_those_of_utc() -> None:
    east = timezone(timedelta(hours=14))
    late = record(created_at=MOMENT + timedelta(microseconds=1), model_version="b")
    records = [late, record(created_at=datetime(2026, 3, 1, 13, 59, tzinfo=east)), late]
    assert [(one.id, one.totals.count) for one in summarise(records)] == [
        ("2026-02-28/0123456789ab", 1),
        ("2026-03-01/b", 2),
    ]


def test_they_come_back_as_they_were(store: SummaryStore, version: str) -> None:
    given = [
        DaySummary(f"2026-01-0{day}", version, Totals(day, 1 / 3, 1e-7, 0, 0, errors, labels))
        for day, errors, labels in [
            (1, {}, {"a.b": 1, "$set": 2, "": 3, "é😀": 2**31 - 1}),
            (2, {"$heat.ing": 5e-324, "rent": 1e23}, {}),
        ]
    ]
    before = store.count()
    store.add(given)
    assert store.count() == before + 2
    assert store.find([one.id for one in reversed(given)] + ["2026-01-01/none"]) in (
        given,
        given[::-1],
    )
    assert [one for one in store.scan("2026-01-0", 1000) if one.model_version == version] == given
    assert store.scan(given[0].id, 1)[0].id > given[0].id
    assert by_version(store)[version] == given[0].totals + given[1].totals


def test_predictions_are_counted_and_removed(
    log: PredictionLog, store: SummaryStore, version: str
) -> None:
    def some(label: str) -> list[Record]:
        moments = (MOMENT, MOMENT + timedelta(days=1))
        kinds = [
            {"created_at": moment, "model_version": version, "label": label, "value": label}
            for moment in moments
        ]
        return [make for kind in kinds for make in (record(**kind), told(label, **kind))]

    first, second, kept = some("dear"), some("$ch.eap"), record()
    log.add([*first, *second, kept])
    assert store.fold(first)
    assert store.fold(second)
    assert log.scan("", 10) == [kept]
    ids = [f"2026-02-28/{version}", f"2026-03-01/{version}"]
    for summary in store.find(ids):
        assert summary.totals == Totals(4, 1.0, 0.25, 2, 2, {}, {"$ch.eap": 2, "dear": 2})


def test_feedback_that_came_meanwhile_is_counted(
    log: PredictionLog, store: SummaryStore, version: str
) -> None:
    given = [record(model_version=version) for _ in range(3)]
    log.add(given)
    assert log.give_feedback(given[1].id, Feedback(2.5, "", MOMENT))
    if not store.fold(given):
        assert log.count() == 3
        assert store.find([f"{DAY}/{version}"]) == []
        assert store.fold(log.find([one.id for one in given]))
    (summary,) = store.find([f"{DAY}/{version}"])
    assert summary.totals == Totals(3, 0.75, 0.25, 1, 0, {"value": 1.0}, {})
    assert log.count() == 0


def test_what_is_gone_is_not_counted(log: PredictionLog, store: SummaryStore, version: str) -> None:
    given = [record(model_version=version) for _ in range(3)]
    log.add(given)
    assert store.fold(given[:2])
    if not store.fold(given):
        assert store.fold(given[2:])
    store.fold(given)
    assert by_version(store)[version].count == 3


def test_two_at_once_count_once(log: PredictionLog, store: SummaryStore, version: str) -> None:
    given = [told(i / 4, model_version=version) for i in range(400)]
    log.add(given)

    def prune(step: int) -> None:
        while records := log.scan("", 40)[::step]:
            store.fold(records)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(prune, (1, -1)))
    (expected,) = summarise(given)
    assert store.find([expected.id]) == [expected]


def test_by_file(log: PredictionLog, store: SummaryStore, version: str, tmp_path: Path) -> None:
    """Those that are there stay as they are, and a file of before has none."""
    stores: Stores = {"summary": store, "prediction": log}
    given = GOOD | {"model_version": version}
    line = json.dumps(given, separators=(",", ":")).encode() + b"\n"
    (tmp_path / "in").write_bytes(HEADER + line + to_line(record()))
    for added in (1, 0):
        counts = import_all(stores, tmp_path / "in", progress=False)
        assert counts["summary"] == Summary(added=added, present=1 - added)
    export_all(stores, tmp_path / "out", progress=False)
    assert line in (tmp_path / "out").read_bytes()
    other = json.dumps(given | {"count": 2}).encode()
    (tmp_path / "other").write_bytes(HEADER + other)
    said: list[str] = []
    assert not import_file(tmp_path / "other", stores, outdated=lambda: None, say=said.append)
    assert said[0] == "0 daily totals imported, 1 were there already"
    assert f"  {DAY}/{version}" in said
    assert line in (tmp_path / "out").read_bytes()


def test_an_export_amid_which_predictions_are_pruned(
    log: PredictionLog, store: SummaryStore, tmp_path: Path
) -> None:
    """It would lack those that were counted after the totals were written."""
    given = [record() for _ in range(3)]
    log.add(given)
    path = tmp_path / "out"

    def scan(after: str, limit: int) -> list[Record]:
        if not after:
            assert store.fold(given[:1])
        return log.scan(after, limit)

    amid: Any = SimpleNamespace(scan=scan, count=log.count)
    with pytest.raises(TransferError, match=r"pruned meanwhile; remove .*out\.part and export"):
        export_all({"summary": store, "prediction": amid}, path, progress=False)
    assert not path.exists()
    (tmp_path / "out.part").unlink()
    exported = export_all({"summary": store, "prediction": log}, path, progress=False)
    assert exported["prediction"].added == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"day": "2026-02-30"}, "day: .* such as 2026-01-31"),
        ({"day": "20260228"}, "day: "),
        ({"day": 20260228}, "day: "),
        ({"model_version": "x" * 65}, "model_version: .* 64"),
        ({"count": 0}, "count: "),
        ({"count": 2**31}, "count: "),
        ({"count": 1.0}, "count: "),
        ({"with_feedback": -1}, "with_feedback: "),
        ({"duration_ms": None}, "duration_ms: "),
        ({"errors": {"rent": "high"}}, "errors.rent: "),
        ({"labels": {"dear": 1.5}}, "labels.dear: "),
        ({"labels": ["dear"]}, "labels: "),
        ({"colour": "red"}, "colour: "),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_wrong_line(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadLine, match=words):
        from_line(json.dumps(GOOD | change).encode() + b"\n", ("summary",))


@pytest.mark.parametrize("name", [name for name in GOOD if name != "kind"])
def test_a_line_that_lacks_something(name: str) -> None:
    rest = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(BadLine, match=f"{name}: Field required"):
        from_line(json.dumps(rest).encode() + b"\n", ("summary",))
