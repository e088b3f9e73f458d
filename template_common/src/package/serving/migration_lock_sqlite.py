"""One process at a time changes the tables."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

from .database_url import location

PATIENCE = 300  # seconds


@contextlib.contextmanager
def migration_lock(url: str, execute: Callable[[str], object]) -> Iterator[None]:
    """Wait until no other process migrates the database `url`."""
    # A file of its own: migrations commit in between, which would let go of the database's lock.
    lock = sqlite3.connect(f"{location(url)}.migrating", PATIENCE, isolation_level=None)
    with contextlib.closing(lock):
        lock.execute("BEGIN EXCLUSIVE")
        yield
