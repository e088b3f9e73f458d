"""The database that is brought from is opened so that nothing can be written there."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from modeldesk.moving.sql import opened
from modeldesk.serving.settings import Settings
from modeldesk.stores import schema
from modeldesk.stores.engine import engine_for_migrations
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ..servers import Databases


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mysql"])
def test_nothing_can_be_written(tmp_path: Path, databases: Databases, kind: str) -> None:
    with ExitStack() as stack:
        fresh = stack.enter_context(databases.fresh(kind))
        url = fresh.get("DATABASE_URL", f"sqlite:///{tmp_path}/app.db")
        of_kind: type[Settings] = type("Other", (Settings,), {"database": kind})
        settings = of_kind.model_construct(database_url=url, database_timeout=0)
        engine = engine_for_migrations(settings)
        stack.callback(engine.dispose)
        with engine.connect() as connection:
            schema.upgrade(connection)
        reader = stack.enter_context(opened(settings))
        for statement in ("DELETE FROM predictions", "INSERT INTO tallies VALUES ('v', 1, '')"):
            with (
                pytest.raises(DBAPIError, match=r"(?i)read.?only"),
                reader.begin() as connection,
            ):
                connection.execute(text(statement))
