"""One process at a time changes the tables of an SQL database."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator

from .database_options import pooler_of
from .database_url import location

PATIENCE = 300  # seconds
STATEMENTS = {  # which acquire and release the lock, by the scheme of the URL
    "postgresql": (
        "SELECT pg_advisory_lock(hashtext('migrations'))",
        "SELECT pg_advisory_unlock(hashtext('migrations'))",
    ),
    # The server has one set of names for all its databases.
    "mysql": (
        "SELECT GET_LOCK(CONCAT('migrations of ', MD5(DATABASE())), 86400)",
        "SELECT RELEASE_LOCK(CONCAT('migrations of ', MD5(DATABASE())))",
    ),
    "mssql": (
        "EXEC sp_getapplock 'migrations', 'Exclusive', 'Session', -1",
        "EXEC sp_releaseapplock 'migrations', 'Session'",
    ),
}


@contextlib.contextmanager
def migration_lock(url: str, execute: Callable[[str], object]) -> Iterator[None]:
    """Wait until no other process migrates the database `url`.

    `execute` runs SQL on a connection that stays open.
    """
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        with _locked_file(f"{location(url)}.migrating"):
            yield
        return
    if pooler_of(url) == "transaction":
        from ..stores import poolers

        with poolers.migration_lock(url):
            yield
        return
    acquire, release = STATEMENTS[scheme]
    execute(acquire)
    try:
        yield
    finally:
        execute(release)


@contextlib.contextmanager
def _locked_file(path: str) -> Iterator[None]:
    # A file of its own: migrations commit in between, which would let go of the database's lock.
    lock = sqlite3.connect(path, PATIENCE, isolation_level=None)
    with contextlib.closing(lock):
        lock.execute("BEGIN EXCLUSIVE")
        yield
