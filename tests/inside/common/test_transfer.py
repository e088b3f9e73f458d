"""Export and import: nothing changes on the way."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from modeldesk.serving.commands import import_file
from modeldesk.serving.lines import HEADER, to_line
from modeldesk.serving.log import Feedback, PredictionLog, Record
from modeldesk.serving.transfer import BATCH, Summary

from .records import MOMENT, UNKNOWN, check, exported, imported, record

SHADOW = {"version": "ba9876543210", "value": {"rent": -0.0}, "probabilities": {"dear": 1 / 3}}


def fill(log: PredictionLog, count: int) -> list[Record]:
    """Add records of every kind; oldest first."""
    given = [
        record(
            inputs={"area": i / 7, "rooms": i, "garden": i % 2 == 0, "heating": "öl 😀", "x": None},
            value="dear" if i % 3 else {"rent": 1 / 3, "$heat.ing": -0.0} if i % 2 else 0.1 + 0.2,
            probabilities={"dear": 1 / 3, "cheap": 2 / 3} if i % 3 else None,
            label="dear" if i % 3 else None,
            feedback=Feedback(-0.0, "as it\u2028was", MOMENT) if i % 4 == 0 else None,
            shadow=[None, {"version": "ba9876543210", "error": "It fails."}, SHADOW][i % 3],
        )
        for i in range(count)
    ]
    for start in range(0, count, BATCH):
        log.add(given[start : start + BATCH])
    return given


def empty(log: PredictionLog) -> None:
    while records := log.scan("", 1000):
        log.discard([one.id for one in records])


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 500])
def test_there_and_back(log: PredictionLog, tmp_path: Path, count: int) -> None:
    given = fill(log, count)
    assert exported(log, tmp_path / "first") == Summary(added=count)
    assert not (tmp_path / "first.part").exists()
    empty(log)
    assert imported(log, tmp_path / "first") == Summary(added=count)
    if count < BATCH:
        check(log, *given)
    assert exported(log, tmp_path / "second") == Summary(added=count)
    assert (tmp_path / "second").read_bytes() == (tmp_path / "first").read_bytes()
    assert imported(log, tmp_path / "first") == Summary(present=count)
    assert log.count() == count


def test_what_is_there_stays_as_it_is(log: PredictionLog, tmp_path: Path) -> None:
    given = fill(log, 30)
    exported(log, tmp_path / "out")
    log.discard([one.id for one in given])
    changed = [
        replace(given[0], feedback=None),
        replace(given[1], inputs=given[1].inputs | {"rooms": 1.0}),
        *(replace(one, request_id="another") for one in given[2:15]),
    ]
    log.add(changed)
    summary = imported(log, tmp_path / "out")
    assert (summary.added, summary.present, summary.different) == (15, 15, 15)
    assert summary.first_different == [one.id for one in changed[:10]]
    check(log, *changed, *given[15:])


def test_a_file_that_names_a_record_twice(log: PredictionLog, tmp_path: Path) -> None:
    one, other = record(), record()
    lines = [to_line(one), to_line(other), to_line(one), to_line(replace(other, value=2.5))]
    (tmp_path / "in").write_bytes(b"".join([HEADER, *lines]))
    assert imported(log, tmp_path / "in") == Summary(2, 2, 1, [other.id])
    check(log, one, other)


def test_what_is_not_kept_here_is_left_out(log: PredictionLog, tmp_path: Path) -> None:
    """And said; another service may keep more."""
    moments = dict.fromkeys(["created_at", "confirmed_at", "last_login_at"], "2026-01-31T09:30:00Z")
    about = {"email": "ada@example.com", "name": "", "password": "", "active": True, "roles": []}
    account = {"kind": "account", "id": UNKNOWN, **about, **moments}
    mine = json.loads(to_line(one := record())) | {"user_id": UNKNOWN}
    lines = [json.dumps(line).encode() for line in (account, account, mine)]
    (tmp_path / "in").write_bytes(HEADER + b"\n".join(lines))
    said: list[str] = []
    stores = {"prediction": log}
    assert import_file(tmp_path / "in", stores, outdated=lambda: None, say=said.append)
    assert said == [
        "1 predictions imported, 0 were there already",
        f"2 {account['kind']}s left out, as this service has none",
    ]
    assert log.find([one.id])
