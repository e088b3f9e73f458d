"""The prediction log in a file."""

import sqlite3
import time
from contextlib import closing

import pytest
from modeldesk.serving.database_url import location
from modeldesk.serving.log import LogUnavailable, Query

from .framework import prediction_log
from .records import record


def test_readers_do_not_wait_for_a_writer(database: str) -> None:
    with (
        prediction_log(database) as log,
        closing(sqlite3.connect(location(database), isolation_level=None)) as writer,
    ):
        log.add([given := record()])
        writer.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        log.ping()
        assert log.find([given.id]) == [given]
        assert log.page(Query()) == [given]
        assert time.monotonic() - started < 5


def test_a_database_that_is_not_migrated(database: str) -> None:
    with prediction_log(database) as log:
        with closing(sqlite3.connect(location(database))) as file:
            file.execute("DROP TABLE predictions")
        log.ping()
        with pytest.raises(LogUnavailable, match="no such table"):
            log.add([record()])
