"""How a session of PostgreSQL begins, from either framework, and how long it is waited for."""

import time
from collections.abc import Generator, Mapping
from typing import Any

from psycopg import Connection, OperationalError, ProgrammingError
from psycopg.conninfo import make_conninfo

from ..serving.database_options import pooler_of
from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.settings import Settings, SettingsError

LONGER = 1  # second, than the server's own limit
Wait = Generator[Any, Any, Any]


def options(settings: Settings, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a connection, of which those that the URL has, `given`, win.

    A pooler takes none that hold for a session, as a session is not ours alone, and knows no
    statements that were prepared; behind it the time of a statement is limited here only.

    Raises:
        SettingsError: the URL has one that is none.
    """
    milliseconds = settings.database_timeout * 1000
    found = {
        "connect_timeout": CONNECT_TIMEOUT,
        # A server that is gone without a word is noticed, too.
        "keepalives_idle": CONNECT_TIMEOUT,
        "keepalives_interval": CONNECT_TIMEOUT,
        "tcp_user_timeout": milliseconds,
        **{name: text for name, text in given.items() if name != "pooler"},
    }
    if not pooler_of(settings.database_url):
        limits = f"-c timezone=UTC -c statement_timeout={milliseconds}"
        found["options"] = f"{given.get('options', '')} {limits}"
    try:
        make_conninfo(**{name: str(text) for name, text in found.items()})
    except ProgrammingError as error:
        raise SettingsError(f"DATABASE_URL: {str(error).strip()}") from None
    return found


def limit_silence(connection: Connection[Any], seconds: float) -> None:
    """Give up statements that are not answered in time, and the connection with them.

    The limit that the server keeps by itself is of no use when its disk or the network hangs.
    """
    wait = connection.wait

    def limited(steps: Wait, *timing: Any, **options: Any) -> Any:
        return wait(_until(time.monotonic() + seconds, steps, connection), *timing, **options)

    # The driver offers no limit of its own to how long it waits for an answer.
    connection.wait = limited  # type: ignore[method-assign, assignment]


def _until(deadline: float, steps: Wait, connection: Connection[Any]) -> Wait:
    """The same steps of the driver; ten times a second it looks whether it is to go on."""
    ready = None
    while True:
        try:
            wanted = steps.send(ready)
        except StopIteration as end:
            return end.value
        ready = yield wanted
        if not ready and time.monotonic() > deadline:
            connection.pgconn.finish()
            raise OperationalError("the server does not answer")
