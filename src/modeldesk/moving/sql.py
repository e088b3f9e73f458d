"""What an SQL database keeps of a service, as stores that are only read."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    exc,
    func,
    inspect,
    select,
)

from ..ml.validation import listed
from ..serving.database_url import location
from ..serving.settings import Settings
from ..serving.transfer import TransferError
from ..stores.engine import engine_options
from ..stores.failures import reason
from ..stores.sql import Prediction, Summary
from ..stores.sql_log import Connected, SQLPredictionLog
from ..stores.sql_summaries import SQLSummaries
from ..stores.types import UTCDateTime
from .layouts import ACCOUNT, LAYOUTS, TOKEN, Layout, account_of, token_of

READ_ONLY = {
    "postgresql": "SET default_transaction_read_only = on",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
}
MOMENTS = {"confirmed_at", "created_at", "expires_at", "last_login_at", "last_used_at"}


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    """An engine for a database of a service that reads alone. Raises TransferError.

    `settings` are those that the service has, but for time limits.
    """
    options = engine_options(settings.model_copy(update={"database_timeout": 0}))
    if settings.database == "sqlite":
        options["creator"] = lambda: _file(options["url"].database)
    engine = create_engine(**options)
    if statement := READ_ONLY.get(engine.dialect.name):
        event.listen(engine, "connect", lambda connection, _: _execute(connection, statement))
    try:
        _check(engine, location(settings.database_url))
        yield engine
    finally:
        engine.dispose()


def _file(path: str) -> Any:
    import sqlite3

    address = f"{Path(path).absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _execute(connection: Any, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.commit()


def _check(engine: Engine, place: str) -> None:
    """Refuse what is no database of a service, or not as this release would have it."""
    try:
        found = inspect(engine)
        tables = set(found.get_table_names())
        wanted = [cast(Table, model.__table__) for model in (Prediction, Summary)]
        columns = {
            name: {one["name"] for one in found.get_columns(name)}
            for name in tables & {table.name for table in wanted}
        }
    except (exc.SQLAlchemyError, UnicodeError) as error:
        raise TransferError(f"{place} cannot be read: {reason(error)}.") from error
    if "predictions" not in tables:
        raise TransferError(f"{place} has no table `predictions`: it is no service's.")
    lacking = [
        f"{table.name}.{column.name}" if table.name in columns else table.name
        for table in wanted
        for column in table.columns
        if column.name not in columns.get(table.name, ())
    ]
    if lacking:
        raise TransferError(
            f"{place} is as an older release left it, without {listed(sorted(set(lacking)))}. "
            "Bring it up to date there first: `manage db upgrade`, in Django `manage migrate`."
        )


def stores(engine: Engine) -> dict[str, Any]:
    """The log and its totals."""
    return {"summary": SQLSummaries(engine), "prediction": SQLPredictionLog(engine)}


def layouts(engine: Engine) -> list[Layout]:
    """Of each framework that has kept accounts there."""
    tables = set(inspect(engine).get_table_names())
    found = [layout for layout in LAYOUTS if {layout.users, *layout.roles} <= tables]
    return [layout for layout in found if Accounts(engine, layout).count()]


def accounts(engine: Engine, layout: Layout) -> dict[str, Any]:
    """The accounts, and the tokens where there are some."""
    found: dict[str, Any] = {"account": Accounts(engine, layout)}
    return found | (
        {"token": Tokens(engine, layout)} if inspect(engine).has_table(layout.tokens) else {}
    )


class Rows(Connected):
    """The rows of a table, by their id."""

    def __init__(self, engine: Engine, table: Table) -> None:
        super().__init__(engine)
        self.table = table

    def find(self, ids: Sequence[str]) -> list[Any]:
        return self._lines(select(self.table).where(self.table.c.id.in_(ids)))

    def scan(self, after: str, limit: int) -> list[Any]:
        by_id = select(self.table).order_by(self.table.c.id)
        return self._lines(by_id.where(self.table.c.id > after).limit(limit))

    def count(self) -> int:
        with self._transaction() as connection:
            return connection.execute(select(func.count()).select_from(self.table)).scalar_one()

    def _lines(self, wanted: Any) -> list[Any]:
        with self._transaction() as connection:
            rows = [dict(row) for row in connection.execute(wanted).mappings()]
            return self._of(connection, rows)

    def _of(self, connection: Any, rows: list[dict[str, Any]]) -> list[Any]:
        raise NotImplementedError


class Accounts(Rows):
    """The accounts of one framework."""

    def __init__(self, engine: Engine, layout: Layout) -> None:
        names = {layout.columns.get(name, name) for name in ACCOUNT} | layout.more
        moments = {layout.columns.get(name, name) for name in MOMENTS}
        columns = [_column(name, moments) for name in sorted(names)]
        super().__init__(engine, Table(layout.users, MetaData(), *columns))
        self.layout = layout

    def _of(self, connection: Any, rows: list[dict[str, Any]]) -> list[Any]:
        roles = defaultdict(set)
        for user_id, role in connection.execute(self._roles([row["id"] for row in rows])):
            roles[user_id].add(role)
        return [account_of(self.layout, row, roles[row["id"]]) for row in rows]

    def _roles(self, ids: Sequence[str]) -> Any:
        """Who of these accounts has which role."""
        members, groups = self.layout.roles
        if self.layout.framework == "flask":
            held = Table(members, MetaData(), Column("user_id", String), Column("role", String))
            return select(held.c.user_id, held.c.role).where(held.c.user_id.in_(ids))
        held = Table(members, MetaData(), Column("user_id", String), Column("group_id"))
        group = Table(groups, MetaData(), Column("id"), Column("name", String))
        both = select(held.c.user_id, group.c.name).join(group, held.c.group_id == group.c.id)
        return both.where(held.c.user_id.in_(ids))


class Tokens(Rows):
    """The API tokens of one framework."""

    def __init__(self, engine: Engine, layout: Layout) -> None:
        columns = [_column(name, MOMENTS) for name in sorted(TOKEN)]
        super().__init__(engine, Table(layout.tokens, MetaData(), *columns))

    def _of(self, connection: Any, rows: list[dict[str, Any]]) -> list[Any]:
        return [token_of(row) for row in rows]


def _column(name: str, moments: set[str]) -> Column[Any]:
    if name in moments:
        return Column(name, UTCDateTime)
    return Column(name, Boolean if name in ("active", "is_active", "is_superuser") else String)
