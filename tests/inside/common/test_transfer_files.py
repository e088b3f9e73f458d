"""Export and import: what was interrupted is continued, and no other file is touched.

Whatever the database: `test_transfer_commands` kills both on each.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from modeldesk.serving.lines import HEADER, to_line
from modeldesk.serving.log import Feedback, LogUnavailable, PredictionLog, Record
from modeldesk.serving.transfer import (
    BATCH,
    Summary,
    TransferError,
    export_all,
    import_all,
)

from .records import MOMENT, exported, imported, record
from .test_transfer import SHADOW, empty, fill


def refused(act: Callable[[PredictionLog, Path], Summary], log: PredictionLog, path: Path) -> str:
    with pytest.raises(TransferError) as caught:
        act(log, path)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def breaks_at(call: int, act: Callable[..., Any], error: BaseException) -> Callable[..., Any]:
    """A method of a log that fails when it is called for the `call`th time."""
    calls = [0]

    def method(*arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            raise error
        return act(*arguments)

    return method


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
