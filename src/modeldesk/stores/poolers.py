"""What a pooler between the service and PostgreSQL, such as PgBouncer, leaves of a session."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import psycopg

from ..serving.database_options import pooler_of
from ..serving.database_url import CONNECT_TIMEOUT
from .postgresql_session import limit_silence

TRIES = 5
AGAIN = 0.5  # seconds
PID = "SELECT pg_backend_pid()"


def connected(url: str) -> psycopg.Connection[Any]:
    """A connection by a checked URL that asks for nothing that a pooler may refuse."""
    place, _, query = url.partition("?")
    given = [pair for pair in parse_qsl(query) if pair[0] not in ("options", "pooler")]
    return psycopg.connect(
        f"{place}?{urlencode(given, quote_via=quote)}",
        connect_timeout=CONNECT_TIMEOUT,
        prepare_threshold=None,
    )


def pooler_fault(url: str) -> str | None:
    """Why a checked URL says another pooler than there is, or None."""
    said = pooler_of(url)
    try:
        found = _found(url)
    except psycopg.OperationalError as error:
        return f"Whether a pooler stands before PostgreSQL cannot be told: {error}."
    if not found or said == found:
        return None
    return (
        f"A pooler stands between the service and PostgreSQL, with pool_mode={found}. Say it in "
        f"DATABASE_URL: {url.rpartition('@')[2].partition('?')[0]}?pooler={found}"
    )


def _found(url: str) -> str:
    """The pool_mode of what stands there, or nothing."""
    with closing(connected(url)) as one, closing(connected(url)) as other:
        for connection in (one, other):
            limit_silence(connection, CONNECT_TIMEOUT)
        pid = _pid(one)
        if pid == one.info.backend_pid:  # a pooler tells of one that it made up
            return ""
        with suppress(psycopg.OperationalError):  # it has but one, and does not give it away
            for _ in range(TRIES):
                if _pid(other) == _pid(one):
                    return "transaction"
    return "session"


def _pid(connection: psycopg.Connection[Any]) -> int:
    """The process of the server that answers now."""
    row = connection.execute(PID).fetchone()
    connection.rollback()
    return int(row[0]) if row else 0


@contextmanager
def migration_lock(url: str) -> Iterator[None]:
    """Wait until no other process migrates, behind a pooler that gives each transaction a session.

    The lock is that of a transaction, and who waits for it keeps no connection meanwhile.
    """
    connection = connected(url)
    try:
        while not _locks(connection):
            connection.rollback()
            time.sleep(AGAIN)
        yield
    finally:
        connection.close()


def _locks(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_xact_lock(hashtext('migrations'))").fetchone()
    return bool(row and row[0])
