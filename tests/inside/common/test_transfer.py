"""Export and import: nothing changes on the way, and what was interrupted is continued."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from modeldesk.serving.commands import import_file
from modeldesk.serving.lines import HEADER, to_line
from modeldesk.serving.log import (
    Feedback,
    LogUnavailable,
    PredictionLog,
    Record,
)
from modeldesk.serving.transfer import (
    BATCH,
    Summary,
    TransferError,
    export_all,
    import_all,
)

from .records import MOMENT, UNKNOWN, check, exported, imported, record

SHADOW = {"version": "ba9876543210", "value": {"rent": -0.0}, "probabilities": {"dear": 1 / 3}}


def refused(act: Callable[[PredictionLog, Path], Summary], log: PredictionLog, path: Path) -> str:
    with pytest.raises(TransferError) as caught:
        act(log, path)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


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


def breaks_at(call: int, act: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    """A method of a log that fails when it is called for the `call`th time."""
    calls = [0]

    def method(*arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            raise error
        return act(*arguments)

    return method


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


@pytest.mark.parametrize(
    "fault",
    [
        (LogUnavailable("no\n\troute"), "The database does not answer: no route"),
        (KeyboardInterrupt(), "Interrupted"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
    ids=["away", "interrupted", "full"],
)
@pytest.mark.parametrize("method", ["count", "scan"])
def test_an_export_that_was_interrupted(
    log: PredictionLog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    fault: tuple[BaseException, str],
) -> None:
    error, words = fault
    given = fill(log, 2 * BATCH + 10)
    exported(log, tmp_path / "whole")
    out, part = tmp_path / "out", tmp_path / "out.part"
    call = 1 if method == "count" else 3
    with monkeypatch.context() as patch:
        patch.setattr(log, method, breaks_at(call, getattr(log, method), error))
        message = refused(exported, log, out)
    assert message.startswith((words, f"{out}: {words}"))
    assert "un the command again" in message
    assert not out.exists()
    done = 0 if method == "count" else 2 * BATCH
    assert part.read_bytes().count(b"\n") == done + 1
    if done:
        assert log.give_feedback(given[done - 1].id, Feedback(1, "since", MOMENT))
        log.set_shadow({given[done - 1].id: SHADOW | {"value": "since"}})
    assert exported(log, out) == Summary(added=len(given) - done, present=done)
    assert out.read_bytes() == (tmp_path / "whole").read_bytes()
    assert not part.exists()


@pytest.mark.parametrize("left", [0, 1, 38, 39, 40, 41, -1, -2, -100, None])
def test_an_export_that_was_cut_off(log: PredictionLog, tmp_path: Path, left: int | None) -> None:
    fill(log, 20)
    exported(log, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    (tmp_path / "out.part").write_bytes(whole[:left])
    exported(log, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == whole


@pytest.mark.parametrize(
    "content",
    [
        b"notes\n",
        b"notes",
        b"\n",
        HEADER.replace(b"1", b"2"),
        HEADER + b"notes\n",
        HEADER + to_line(record())[:-9] + b"\n",
        HEADER + to_line(record()),
    ],
)
def test_what_another_left_is_not_touched(
    log: PredictionLog, tmp_path: Path, content: bytes
) -> None:
    fill(log, 5)
    part = tmp_path / "out.part"
    part.write_bytes(content)
    assert f"{part} was not begun from this log" in refused(exported, log, tmp_path / "out")
    assert part.read_bytes() == content


def test_two_exports_to_the_same_file(
    log: PredictionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, 5)
    said = []
    scan = log.scan

    def meet(after: str, limit: int) -> list[Record]:
        said.append(refused(exported, log, tmp_path / "out"))
        return scan(after, limit)

    monkeypatch.setattr(log, "scan", meet)
    assert exported(log, tmp_path / "out") == Summary(added=5)
    assert all("Another export is writing" in message for message in said)
    assert said


@pytest.mark.parametrize("call", [1, 2, 3])
@pytest.mark.parametrize("method", ["find", "add"])
def test_an_import_that_was_interrupted(
    log: PredictionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, call: int
) -> None:
    given = fill(log, 2 * BATCH + 10)
    exported(log, tmp_path / "whole")
    empty(log)
    with monkeypatch.context() as patch:
        error = LogUnavailable("no route")
        patch.setattr(log, method, breaks_at(call, getattr(log, method), error))
        message = refused(imported, log, tmp_path / "whole")
    assert message.startswith("The database does not answer: no route. Run the command again")
    done = (call - 1) * BATCH
    assert log.count() == done
    assert imported(log, tmp_path / "whole") == Summary(added=len(given) - done, present=done)
    exported(log, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "whole").read_bytes()


def test_paths_that_are_refused(log: PredictionLog, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "kept").write_text("kept")
    for act, path, words in [
        (exported, tmp_path / "kept", "is there already"),
        (exported, tmp_path / "folder", "is there already"),
        (exported, tmp_path / "none" / "out", "There is no folder"),
        (exported, tmp_path / "kept" / "out", "There is no folder"),
        (exported, tmp_path / ("x" * 300), "xxx: "),
        (imported, tmp_path / ("x" * 300), "xxx: "),
        (imported, tmp_path / "none", "There is no file"),
        (imported, tmp_path / "folder", "There is no file"),
    ]:
        assert words in refused(act, log, path)
    assert (tmp_path / "kept").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "kept"]


def test_a_file_that_appears_meanwhile_is_kept(
    log: PredictionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, 5)
    monkeypatch.setattr(os, "fsync", lambda _: (tmp_path / "out").write_text("kept"))
    assert "is there already" in refused(exported, log, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "kept"


def test_the_progress_bars_end_full(
    log: PredictionLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(log, BATCH + 500)
    for act in (export_all, import_all):
        act({"prediction": log}, tmp_path / "out")
        assert "100%" in capsys.readouterr().err
