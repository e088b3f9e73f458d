"""Locks of files between processes, which the system frees however a process ends."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PAUSE = 0.02  # seconds


def try_lock(file: IO[bytes]) -> bool:
    """Lock an open file until it is closed, unless another has it locked."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(2**40)  # a byte that nobody writes
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which is made if need be; waits while another holds it."""
    with path.open("ab") as file:
        while not try_lock(file):
            time.sleep(PAUSE)
        yield
