"""Rows of the log are, byte for byte, what SQLAlchemy itself would store, and come back so."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from modeldesk.serving.log import Feedback, Record
from modeldesk.stores import rows, sqlite  # noqa: F401, as it sets connections up
from modeldesk.stores.sql import Base
from modeldesk.stores.sql_log import TABLE, SQLPredictionLog
from modeldesk.testing.records import MOMENT, record
from sqlalchemy import create_engine, insert

ELSEWHERE = timezone(timedelta(hours=-9.5))
RECORDS = [
    record(),
    record(created_at=datetime(2026, 3, 1, tzinfo=UTC), feedback=Feedback(None, "", MOMENT)),
    record(created_at=MOMENT.astimezone(ELSEWHERE), label="é 漢", duration_ms=1e-9),
    record(value="a", probabilities={"a": 1 / 3, "b": 5e-324}, user_id="u", reference="r"),
    record(value={"a": -0.0}, model_value=1e23, score=0.5, shadow={"version": "", "error": "😀"}),
    record(inputs={}, shadow={}, feedback=Feedback({"a": 1}, 'a "b"', MOMENT)),
]


def stored(folder: Path, name: str, records: list[Record], *, compiled: bool) -> list[Any]:
    """What a new database holds of records, as it is on the disk."""
    engine = create_engine(f"sqlite:///{folder / name}")
    Base.metadata.create_all(engine)
    try:
        if compiled:
            with engine.begin() as connection:
                connection.execute(insert(TABLE), [one.as_row() for one in records])
        else:
            SQLPredictionLog(engine).add(records)
        names = [column.name for column in TABLE.columns]
        values = ", ".join(f"typeof({name}), quote({name})" for name in names)
        with engine.connect() as connection:
            chosen = f"SELECT {values} FROM predictions ORDER BY id"  # noqa: S608
            return [tuple(row) for row in connection.exec_driver_sql(chosen)]
    finally:
        engine.dispose()


def test_they_are_the_bytes_of_the_orm(tmp_path: Path) -> None:
    wanted = stored(tmp_path, "compiled.db", RECORDS, compiled=True)
    assert stored(tmp_path, "plain.db", RECORDS, compiled=False) == wanted


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    """Also half of a pair of surrogates, which no parser but Python's takes."""
    engine = create_engine(f"sqlite:///{tmp_path / 'log.db'}")
    Base.metadata.create_all(engine)
    given = [*RECORDS, record(inputs={"text": "\ud800"})]
    try:
        log = SQLPredictionLog(engine)
        log.add(given)
        found = log.find([one.id for one in given])
        assert {one.id: one for one in found} == {one.id: one for one in given}
    finally:
        engine.dispose()


def test_they_have_every_column() -> None:
    assert set(rows.NAMES) == {column.name for column in TABLE.columns}
