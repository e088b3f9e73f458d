"""The prediction log in SQL."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    exc,
    func,
    insert,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.types import NULLTYPE

from ..serving.log import EVERYTHING, Feedback, Outcome, Query, Recent, Record, trial
from . import rows
from .failures import unavailable
from .outcomes import has_outcome
from .sql import Prediction

TABLE = cast(Table, Prediction.__table__)
COLUMNS = TABLE.columns
# `rows` reads them.
AS_THEY_ARE = {name: type_coerce(COLUMNS[name], NULLTYPE) for name in rows.NAMES}


class Connected:
    """What reads and writes over a SQLAlchemy engine; safe to use from any thread.

    Without the ORM, which would cost a fifth of the time of a request.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                yield connection
        except exc.SQLAlchemyError as error:
            if away := unavailable(error):
                raise away from error
            raise


class SQLPredictionLog(Connected):
    """The prediction log in its table."""

    def add(self, records: Sequence[Record]) -> None:
        with self._transaction() as connection:
            self._insert(connection, records)

    def _insert(self, connection: Connection, records: Sequence[Record]) -> None:
        dialect = self.engine.dialect
        if dialect.name in rows.KINDS:
            mark = "?" if dialect.paramstyle == "qmark" else "%s"
            connection.exec_driver_sql(rows.insert(mark), rows.rows(records, dialect.name))
        else:
            connection.execute(insert(TABLE), [record.as_row() for record in records])

    def discard(self, ids: Sequence[str]) -> None:
        with self._transaction() as connection:
            connection.execute(delete(TABLE).where(COLUMNS.id.in_(ids)))

    def find(self, ids: Sequence[str]) -> list[Record]:
        return self._records(select(TABLE).where(COLUMNS.id.in_(ids)))

    def named(self, references: Sequence[str]) -> list[Record]:
        found = self._records(select(TABLE).where(COLUMNS.reference.in_(references)))
        return [record for record in found if record.reference in references]

    def page(self, query: Query) -> list[Record]:
        return self._records(_newest(query))

    def recent(self, query: Query) -> list[Recent]:
        return rows.recent(self._rows(_newest(query), rows.OF_RECENT))

    def outcomes(self, query: Query) -> list[Outcome]:
        wanted = _newest(replace(query, has_feedback=True))
        return rows.outcomes(self._rows(wanted, rows.OF_OUTCOMES))

    def scan(self, after: str, limit: int) -> list[Record]:
        oldest_first = select(TABLE).order_by(COLUMNS.id)
        return self._records(oldest_first.where(COLUMNS.id > after).limit(limit))

    def count(self) -> int:
        with self._transaction() as connection:
            return connection.execute(select(func.count()).select_from(TABLE)).scalar_one()

    def oldest(self, query: Query) -> list[Record]:
        oldest_first = select(TABLE).order_by(COLUMNS.id)
        return self._records(oldest_first.where(*_conditions(query)).limit(query.limit))

    def count_up(self, query: Query) -> tuple[int, str]:
        matching = select(COLUMNS.id).where(*_conditions(query)).order_by(COLUMNS.id)
        oldest = matching.limit(query.limit).subquery()
        with self._transaction() as connection:
            count, last = connection.execute(select(func.count(), func.max(oldest.c.id))).one()
        return count, last or ""

    def versions(self, query: Query = EVERYTHING) -> dict[str, int]:
        wanted = select(COLUMNS.model_version, func.count()).where(*_conditions(query))
        with self._transaction() as connection:
            found = connection.execute(wanted.group_by(COLUMNS.model_version))
            return {row.model_version: row[1] for row in found}

    def distinct(self, column: str, most: int | None = None) -> list[str]:
        found: list[str] = []
        texts = COLUMNS[column]
        with self._transaction() as connection:
            while most is None or len(found) < most:
                # From one to the next by the index, and not by reading all rows.
                newer = texts > found[-1] if found else texts >= ""
                name = connection.execute(select(func.min(texts)).where(newer)).scalar_one()
                if name is None:
                    break
                found.append(name)
        return found

    def ends(self, column: str, value: str) -> tuple[str, str]:
        # Compared as the database does: then only MySQL reads no more than one entry of an index.
        of_it = COLUMNS[column] == value
        with self._transaction() as connection:
            first, last = (
                connection.execute(select(end(COLUMNS.id)).where(of_it)).scalar_one() or ""
                for end in (func.min, func.max)
            )
        return first, last

    def newest_id(self, nth: int) -> str:
        newest_first = select(COLUMNS.id).order_by(COLUMNS.id.desc())
        with self._transaction() as connection:
            found = connection.execute(newest_first.offset(nth).limit(1)).scalar()
        return found or ""

    def give_feedback(self, record_id: str, feedback: Feedback) -> bool:
        waiting = (COLUMNS.id == record_id) & COLUMNS.feedback_at.is_(None)
        given = {"feedback": feedback.as_row(), "feedback_at": feedback.created_at}
        with self._transaction() as connection:
            return bool(connection.execute(update(TABLE).where(waiting).values(given)).rowcount)

    def set_shadow(self, answers: Mapping[str, dict[str, Any]]) -> None:
        change = update(TABLE).where(COLUMNS.id == bindparam("of")).values(shadow=bindparam("is"))
        rows = [{"of": record_id, "is": answer} for record_id, answer in answers.items()]
        with self._transaction() as connection:
            connection.execute(change, rows)

    def disown(self, user_id: str) -> None:
        with self._transaction() as connection:
            connection.execute(update(TABLE).where(COLUMNS.user_id == user_id).values(user_id=None))

    def ping(self) -> None:
        with self._transaction() as connection:
            connection.execute(text("SELECT 1"))

    def let_go(self) -> None:
        """A thread keeps nothing: connections are those of the engine."""

    def try_write(self) -> None:
        record = trial()
        with self._transaction() as connection:
            self._insert(connection, [record])
            connection.execute(delete(TABLE).where(COLUMNS.id == record.id))

    def _records(self, wanted: Select[Any]) -> list[Record]:
        return rows.records(self._rows(wanted, rows.NAMES))

    def _rows(self, wanted: Select[Any], names: Sequence[str]) -> Sequence[Row[Any]]:
        """The values of some columns as the driver gives them."""
        columns = [AS_THEY_ARE[name] for name in names]
        with self._transaction() as connection:
            return connection.execute(wanted.with_only_columns(*columns)).all()


def _newest(query: Query) -> Select[Any]:
    newest_first = select(TABLE).with_hint(TABLE, rows.mysql_hint(query), "mysql")
    newest_first = newest_first.where(*_conditions(query)).order_by(COLUMNS.id.desc())
    return newest_first.limit(query.limit)


def _conditions(query: Query) -> Iterator[ColumnElement[bool]]:
    first, end = query.ids()
    if first is not None:
        yield COLUMNS.id >= first
    if end is not None:
        yield COLUMNS.id < end
    if query.after is not None:
        yield COLUMNS.id > query.after
    if query.model_version is not None:
        yield _is(COLUMNS.model_version, query.model_version)
    if query.label is not None:
        yield _is(COLUMNS.label, query.label)
    if query.since is not None:
        yield COLUMNS.created_at >= query.since
    if query.until is not None:
        yield COLUMNS.created_at < query.until
    if query.has_feedback is not None:
        yield has_outcome(COLUMNS.feedback_at, known=query.has_feedback)
    if query.user_id is not None:
        yield COLUMNS.user_id == query.user_id
    if query.reference is not None:
        yield _is(COLUMNS.reference, query.reference)


def _is(column: Column[Any], value: str) -> ColumnElement[bool]:
    # To MySQL and SQL Server texts are equal that differ in spaces at the end, but not alike.
    pattern = re.sub(r"[%_[\\]", r"\\\g<0>", value)
    return (column == value) & column.like(pattern, escape="\\")
