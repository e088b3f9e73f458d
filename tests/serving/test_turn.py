"""Turns to write: one at a time, in order, and freed by whoever ends."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from modeldesk.serving.log import LogUnavailable
from modeldesk.serving.turn import IS_NEXT, Turn

fcntl = pytest.importorskip("fcntl", reason="parts of a file cannot be locked")

# Takes a turn, leaves a file, and keeps the turn until a line comes.
OTHER = """
import sys
from pathlib import Path
from modeldesk.serving.turn import Turn

with Turn(sys.argv[1]).taken():
    Path(sys.argv[1] + ".taken").touch()
    print("taken", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def other(path: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that takes a turn."""
    command = [sys.executable, "-c", OTHER, path]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_the_turn_of(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    assert process.stdout.readline() == "taken\n"


def is_in_line(turn: Turn) -> bool:
    """Whether another process waits for the turn."""
    try:
        fcntl.lockf(turn._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, IS_NEXT)
    except BlockingIOError:
        return True
    fcntl.lockf(turn._file, fcntl.LOCK_UN, 1, IS_NEXT)
    return False


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "app.db.writing")


def test_threads_take_turns(path: str) -> None:
    for turn in (Turn(), Turn(path)):
        inside: list[int] = []

        def write(number: int, turn: Turn = turn, inside: list[int] = inside) -> None:
            with turn.taken():
                inside.append(number)
                assert len(inside) == 1
                inside.clear()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(400)))


def test_a_thread_that_takes_too_long(path: str) -> None:
    turn, done = Turn(path, patience=0.2), threading.Event()
    taken = threading.Event()

    def hold() -> None:
        with turn.taken():
            taken.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(30)
    with pytest.raises(LogUnavailable, match="another request"), turn.taken():
        pass
    done.set()
    thread.join()
    with turn.taken():
        pass


def test_a_process_that_takes_too_long_and_is_killed(path: str) -> None:
    with other(path) as process:
        wait_for_the_turn_of(process)
        for _ in range(2):
            turn = Turn(path, patience=0.2)
            with pytest.raises(LogUnavailable, match="another process"), turn.taken():
                pass
        process.kill()
        with Turn(path).taken():
            pass


def test_nobody_is_overtaken(path: str) -> None:
    turn = Turn(path)
    with other(path) as process:
        with turn.taken():
            while not is_in_line(turn):
                assert process.poll() is None
            assert not Path(f"{path}.taken").exists()
        assert process.stdin
        process.stdin.write("go on\n")
        process.stdin.flush()
        with turn.taken():
            assert Path(f"{path}.taken").exists()


def test_what_fails_within_a_turn_ends_it(path: str) -> None:
    turn = Turn(path)
    with pytest.raises(ValueError, match="odd"), turn.taken():
        raise ValueError("odd")
    with other(path) as process:
        wait_for_the_turn_of(process)


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    turn = Turn(str(tmp_path / "missing" / "app.db.writing"))
    for _ in range(2):
        with turn.taken():
            pass
