"""How SQLAlchemy reaches PostgreSQL: connections that are given up when the server hangs."""

from typing import Any

import psycopg
from sqlalchemy import Engine, NullPool, event, make_url

from ..serving.database_options import pooler_of
from ..serving.settings import Settings
from . import postgresql_session
from .engine import pooled
from .rows import decoded


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`."""
    url, pooler = make_url(settings.database_url), pooler_of(settings.database_url)
    found = postgresql_session.options(settings, url.query)
    url = url.difference_update_query(["options", "pooler"]).set(drivername="postgresql+psycopg")
    connect_args = {name: given for name, given in found.items() if name not in url.query}
    if limit := settings.database_timeout:
        connect_args["patience"] = limit + postgresql_session.LONGER
    if pooler:
        connect_args["prepare_threshold"] = None
    if pooler == "session":  # each connection that is kept is one that others wait for
        how: dict[str, Any] = {"url": url, "connect_args": connect_args, "poolclass": NullPool}
    else:
        how = pooled(url, connect_args)
    return how | {"json_deserializer": decoded}  # psycopg's is Python's own, which takes longer


@event.listens_for(Engine, "do_connect")
def connect(
    dialect: Any, _: Any, address: Any, options: dict[str, Any]
) -> psycopg.Connection[Any] | None:
    """Connect with the limit of time; None leaves another driver to its own."""
    if dialect.driver != "psycopg":
        return None
    theirs = {name: given for name, given in options.items() if name != "patience"}
    connection = psycopg.connect(*address, **theirs)
    if connection.info.parameter_status("TimeZone") != "UTC":  # a pooler is told now
        connection.execute("SET TIME ZONE 'UTC'")
        connection.commit()
    if patience := options.get("patience"):
        postgresql_session.limit_silence(connection, patience)
    return connection
