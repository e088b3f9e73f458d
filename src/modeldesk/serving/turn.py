"""Whose turn it is to write to a database that takes one writer at a time."""

import os
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

from .database_url import location
from .log import LogUnavailable
from .settings import Settings

if sys.platform != "win32":
    import fcntl

PATIENCE = 10  # seconds; as long as connections wait for SQLite's own lock
PAUSE = 0.00025  # seconds
WRITES, IS_NEXT = 0, 1  # bytes of the file, each locked by the process that does


class Turn:
    """Lets one thread write at a time; given a file, one of all processes that are given it.

    Who waits for SQLite's own lock sleeps longer each time, and is overtaken by who comes later.
    Here who is next has a lock, too, so that nobody who has just written is before it; the system
    frees both however a process ends. The database is safe without them: where a file or its
    parts cannot be locked, as on Windows, SQLite's own lock is all that is waited for.
    """

    def __init__(self, path: str | None = None, patience: float = PATIENCE) -> None:
        self._path = None if sys.platform == "win32" else path
        self._patience = patience
        self._file = -1
        self._threads = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Raises LogUnavailable when others take longer than `patience` seconds."""
        deadline = time.monotonic() + self._patience
        if not self._threads.acquire(timeout=self._patience):
            raise LogUnavailable("another request takes too long to write")
        try:
            if self._path:
                self._queue(self._path, deadline)
            yield
        finally:
            self._free(WRITES)
            self._threads.release()

    def _queue(self, path: str, deadline: float) -> None:
        try:
            if self._file < 0:
                self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
                weakref.finalize(self, os.close, self._file)
            self._wait_for(IS_NEXT, deadline)
            self._wait_for(WRITES, deadline)
        except OSError:
            self._path = None
        finally:
            self._free(IS_NEXT)

    def _wait_for(self, byte: int, deadline: float) -> None:
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            except (BlockingIOError, PermissionError):  # another has it
                if time.monotonic() > deadline:
                    raise LogUnavailable("another process takes too long to write") from None
                time.sleep(PAUSE)
            else:
                return

    def _free(self, byte: int) -> None:
        if self._file >= 0:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)


def turn_for(settings: Settings) -> Turn:
    """The turn of all processes that serve with these settings; servers need none."""
    is_file = settings.database == "sqlite"
    return Turn(f"{location(settings.database_url)}.writing" if is_file else None)
