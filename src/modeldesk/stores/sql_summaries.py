"""Totals of predictions that were removed, in SQL."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import Connection, Select, Table, delete, exc, func, insert, select, update

from ..serving.log import Record
from ..serving.summaries import DaySummary, Tally, summarise
from .sql import Summary
from .sql import Tally as TallyRow
from .sql_log import COLUMNS, Connected
from .sql_log import TABLE as PREDICTIONS

TABLE, TALLIES = cast(Table, Summary.__table__), cast(Table, TallyRow.__table__)


class Changed(Exception):
    """Another process was faster; the transaction is rolled back."""


class SQLSummaries(Connected):
    """The summaries in their table, beside that of the predictions."""

    def add(self, summaries: Sequence[DaySummary]) -> None:
        with self._transaction() as connection:
            connection.execute(insert(TABLE), [summary.as_row() for summary in summaries])

    def find(self, ids: Sequence[str]) -> list[DaySummary]:
        with self._transaction() as connection:
            return _summaries(connection, select(TABLE).where(TABLE.c.id.in_(ids)))

    def scan(self, after: str, limit: int) -> list[DaySummary]:
        by_id = select(TABLE).order_by(TABLE.c.id)
        with self._transaction() as connection:
            return _summaries(connection, by_id.where(TABLE.c.id > after).limit(limit))

    def count(self) -> int:
        with self._transaction() as connection:
            return connection.execute(select(func.count()).select_from(TABLE)).scalar_one()

    def fold(self, records: Sequence[Record]) -> bool:
        try:
            with self._transaction() as connection:
                _remove(connection, records)
                for summary in summarise(records):
                    _count(connection, summary)
        except (Changed, exc.IntegrityError):
            return False
        return True

    def tallies(self) -> dict[str, Tally]:
        with self._transaction() as connection:
            rows = connection.execute(select(TALLIES))
            return {row.model_version: Tally(row.made, row.until) for row in rows}

    def keep(self, tallies: Mapping[str, Tally]) -> None:
        rows = [{"model_version": version, **asdict(one)} for version, one in tallies.items()]
        # Another process keeps the same, and each version's by itself is right.
        with suppress(exc.IntegrityError), self._transaction() as connection:
            connection.execute(delete(TALLIES).where(TALLIES.c.model_version.in_(tallies)))
            connection.execute(insert(TALLIES), rows)

    def forget(self) -> None:
        with self._transaction() as connection:
            connection.execute(delete(TALLIES))


def _summaries(connection: Connection, wanted: Select[Any]) -> list[DaySummary]:
    return [DaySummary.from_row(row) for row in connection.execute(wanted)]


def _remove(connection: Connection, records: Sequence[Record]) -> None:
    """First of all, so that no other transaction counts the same rows."""
    told = [record.id for record in records if record.feedback]
    as_read = COLUMNS.feedback_at.is_(None) | COLUMNS.id.in_(told)
    ids = COLUMNS.id.in_([record.id for record in records])
    if connection.execute(delete(PREDICTIONS).where(ids & as_read)).rowcount != len(records):
        raise Changed


def _count(connection: Connection, summary: DaySummary) -> None:
    wanted = select(TABLE).where(TABLE.c.id == summary.id)
    if not (there := _summaries(connection, wanted)):
        connection.execute(insert(TABLE).values(summary.as_row()))
        return
    (before,) = there
    # Counts only grow: the same one is the same row.
    same = (TABLE.c.id == summary.id) & (TABLE.c.count == before.totals.count)
    row = (before + summary).as_row()
    if not connection.execute(update(TABLE).where(same).values(row)).rowcount:
        raise Changed
