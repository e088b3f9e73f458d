"""A limit to the silence of a PostgreSQL server, for which its driver waits without end."""

import time
from collections.abc import Generator
from typing import Any

from psycopg import Connection, OperationalError

Wait = Generator[Any, Any, Any]


def limit_silence(connection: Any, seconds: float) -> None:
    """Give up statements of a connection that are not answered in time, and the connection."""
    wait = connection.wait

    def limited(generator: Wait, *args: Any, **kwargs: Any) -> Any:
        return wait(_until(time.monotonic() + seconds, generator, connection), *args, **kwargs)

    connection.wait = limited


def _until(deadline: float, generator: Wait, connection: Connection[Any]) -> Wait:
    """The same steps of the driver; ten times a second it looks whether it is to go on."""
    ready = None
    while True:
        try:
            wanted = generator.send(ready)
        except StopIteration as end:
            return end.value
        ready = yield wanted
        if not ready and time.monotonic() > deadline:
            connection.pgconn.finish()
            raise OperationalError("the server does not answer")
