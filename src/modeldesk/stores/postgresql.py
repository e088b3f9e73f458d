"""How SQLAlchemy reaches PostgreSQL: connections that are given up when the server hangs."""

import time
from collections.abc import Generator
from typing import Any, Self

import psycopg
from sqlalchemy import Engine, event, make_url

from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.settings import Settings
from .engine import pooled


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`."""
    url, limit = make_url(settings.database_url), settings.database_timeout
    limits = f"-c timezone=UTC -c statement_timeout={limit * 1000}"
    connect_args = {
        "connect_timeout": CONNECT_TIMEOUT,
        "options": f"{url.query.get('options', '')} {limits}",
        "patience": limit + CONNECT_TIMEOUT if limit else 0,
    }
    return pooled(url.set(drivername="postgresql+psycopg"), connect_args)


class Connection(psycopg.Connection[Any]):
    """Waits `patience` seconds for an answer, or forever with 0.

    The limit that the server keeps by itself, statement_timeout, is of no use when its disk or
    the network hangs.
    """

    patience: float = 0

    @classmethod
    def connect(cls, *address: Any, patience: float = 0, **options: Any) -> Self:  # type: ignore[override]
        connection = super().connect(*address, **options)
        connection.patience = patience
        return connection

    def wait(self, gen: Any, *timing: Any, **options: Any) -> Any:
        return super().wait(self._bounded(gen) if self.patience else gen, *timing, **options)

    def _bounded(self, steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """The steps of a statement; while nothing comes, psycopg takes one in 0.1 seconds."""
        deadline = time.monotonic() + self.patience
        try:
            state = next(steps)
            while True:
                ready = yield state
                if not ready and time.monotonic() > deadline:
                    self.close()
                    raise psycopg.OperationalError(f"no answer within {self.patience} seconds")
                state = steps.send(ready)
        except StopIteration as end:
            return end.value


@event.listens_for(Engine, "do_connect")
def connect(dialect: Any, _: Any, address: Any, options: Any) -> Connection | None:
    """Connect in our way; None leaves another driver to its own."""
    return Connection.connect(*address, **options) if dialect.driver == "psycopg" else None
