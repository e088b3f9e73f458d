"""`manage export` and `manage import`, each in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from modeldesk.serving.log import Feedback

from . import warm
from .conftest import Projects
from .database import unreachable
from .framework import MIGRATE, prediction_log
from .records import MOMENT
from .running import database_of, environment, manage
from .test_transfer import empty, fill

FEW, SOME, MANY = 4000, 5000, 12000


def run(project: Path, *arguments: str, watch: Callable[[int], bool]) -> int | None:
    """The exit code of a command that is killed once `watch` of its process id says so."""
    process = warm.start(project, arguments, environment(), project)
    while process.is_alive():
        if watch(process.pid or 0):
            process.kill()
        time.sleep(0.005)
    return process.exitcode


def test_there_and_back(project: Path) -> None:
    with prediction_log(database_of(project)) as log:
        given = fill(log, 50)
        done = manage(project, "export", "out.jsonl")
        assert done.returncode == 0, done.stderr
        assert "50 predictions exported: out.jsonl" in done.stdout
        assert "100%" in done.stderr
        log.discard([one.id for one in given[10:]])
        done = manage(project, "import", "out.jsonl")
        assert done.returncode == 0, done.stderr
        assert "40 predictions imported, 10 were there already" in done.stdout
        assert log.give_feedback(given[1].id, Feedback(1.5, "", MOMENT))
    done = manage(project, "import", "out.jsonl")
    assert done.returncode == 1
    assert "0 predictions imported, 50 were there already" in done.stdout
    assert "1 of those are not as in out.jsonl, and stay as they are" in done.stdout
    assert given[1].id in done.stdout
    assert "Traceback" not in done.stderr


def test_an_outdated_database(project: Path) -> None:
    (project / "in.jsonl").touch()
    for arguments in (["export", "out.jsonl"], ["import", "in.jsonl"]):
        refused(manage(project, *arguments), f"run: manage {' '.join(MIGRATE)}")
    assert not (project / "out.jsonl.part").exists()


def test_what_is_refused(project: Path) -> None:
    with prediction_log(database_of(project)):
        pass
    (project / "in.jsonl").write_text("notes\n")
    for arguments, words in (
        (["export", "in.jsonl"], "in.jsonl is there already"),
        (["import", "in.jsonl"], "in.jsonl cannot be imported"),
        (["import", "none.jsonl"], "There is no file none.jsonl"),
    ):
        refused(manage(project, *arguments), words)


def test_no_database(folder: Path) -> None:
    (folder / "in.jsonl").touch()
    for arguments in (["export", "out.jsonl"], ["import", "in.jsonl"]):
        done = manage(folder, *arguments, DATABASE_URL=unreachable(folder))
        refused(done, "orrect DATABASE_URL")
        assert "unsaid" not in done.stderr


def refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    """Fail unless a command said why it was refused."""
    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_killed_commands_continue(project: Path) -> None:
    part = project / "out.jsonl.part"

    def has_begun(_: int) -> bool:
        return part.exists() and part.stat().st_size > 100

    with prediction_log(database_of(project)) as log:
        fill(log, SOME)
        assert manage(project, "export", "whole.jsonl").returncode == 0
        assert run(project, "export", "out.jsonl", watch=has_begun) != 0
        done = manage(project, "export", "out.jsonl")
        assert f"{SOME} predictions exported, " in done.stdout
        assert "of them by an earlier run: out.jsonl" in done.stdout
        whole = (project / "whole.jsonl").read_bytes()
        assert (project / "out.jsonl").read_bytes() == whole
        empty(log)
        assert run(project, "import", "out.jsonl", watch=lambda _: log.count() > 0) != 0
        there = log.count()
        assert 0 < there < SOME
        done = manage(project, "import", "out.jsonl")
        assert done.returncode == 0, done.stderr
        assert f"{SOME - there} predictions imported, {there} were there" in done.stdout
        assert manage(project, "export", "again.jsonl").returncode == 0
        assert (project / "again.jsonl").read_bytes() == whole


def memory(project: Path, *arguments: str) -> int:
    """The most memory that a command holds, in MiB."""
    seen = [0]

    def watch(process_id: int) -> bool:
        with suppress(OSError):  # it has ended
            for line in Path(f"/proc/{process_id}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    seen.append(int(line.split()[1]))
        return False

    assert run(project, *arguments, watch=watch) == 0
    return max(seen) // 1024


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the memory of a process")
def test_memory_does_not_grow(new_project: Projects, tmp_path: Path) -> None:
    held: dict[int, list[int]] = {}
    for count in (FEW, MANY):
        (tmp_path / str(count)).mkdir()
        with (
            new_project(tmp_path / str(count)) as project,
            prediction_log(database_of(project)) as log,
        ):
            fill(log, count)
            held[count] = [memory(project, "export", "out.jsonl")]
            empty(log)
            held[count].append(memory(project, "import", "out.jsonl"))
            assert log.count() == count
    for few, many in zip(held[FEW], held[MANY], strict=True):
        assert many < few + 8, held
