"""Tables and columns of the owner's own, from one SQL database to another.

They go by their names, but for the `project_` that Django writes before them: the project here has
made them by its migrations.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Engine,
    Float,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    bindparam,
    exc,
    func,
    inspect,
    select,
    text,
)

from ..serving.transfer import BATCH, TransferError
from ..stores.failures import reason
from .layouts import LEFT, NOT_OF_OWNERS, TOKEN, Layout, by_bare_name
from .source import Source


@dataclass(frozen=True)
class Pair:
    """A table there and the one here that takes its rows, with the columns that both have."""

    there: Table
    here: Table
    columns: tuple[str, ...]
    key: str = ""  # of rows that are here already, and get these columns


class OwnTables:
    """What is the owner's own, there and in the database `here` of a project."""

    def __init__(self, source: Source, here: Engine, layout: Layout, *, accounts: bool) -> None:
        self.there, self.here = source.database, here
        self.names = inspect(self.there).get_table_names()
        # In the order in which one refers to the other.
        in_order = [name for name, _ in inspect(here).get_sorted_table_and_fkc_names() if name]
        targets = by_bare_name(_own(in_order), layout.framework)
        ours = set(targets.values()) if source.same else set()
        framework = source.layout.framework if source.layout else None
        own = by_bare_name((name for name in _own(self.names) if name not in ours), framework)
        pairs = {targets[name]: own[name] for name in own if name in targets}
        self.pairs = [self._pair(pairs[name], name) for name in in_order if name in pairs]
        self.lacking = sorted(set(_own(self.names)) - ours - set(pairs.values()))
        self.columns: list[Pair] = []
        self.lacking_columns: list[str] = []
        if source.layout and accounts:
            names_here = {source.layout.users: layout.users, source.layout.tokens: layout.tokens}
            for name, columns in _added(source).items():
                self._find(name, names_here[name], columns)

    def told(self) -> Iterator[str]:
        """What goes, and what stays behind."""
        for pair in self.pairs:
            yield f"{_rows(self.there, pair.there)} of your table {pair.here.name}"
            if left := sorted(set(pair.there.columns.keys()) - set(pair.columns)):
                yield f"  without {', '.join(left)}, which the table here has not"
        for pair in self.columns:
            yield f"Your columns of {pair.here.name}: {', '.join(pair.columns)}"
        for name in self.lacking:
            yield (
                f"Not your table {name} ({_rows(self.there, _reflected(self.there, name))}): none "
                "here is free that is called so. Run this again once a migration has made it"
            )
        for name in self.lacking_columns:
            yield f"Not your column {name}: the table here has none of that name"
        for name, what in LEFT.items():
            if name in self.names and _count(self.there, _reflected(self.there, name)):
                yield f"Not {what} ({name}): give them anew"

    def faults(self) -> Iterator[str]:
        """What is in the way here."""
        for pair in self._others():
            yield (
                f"Your table {pair.here.name} has rows already, which are not those there; "
                "remove them here."
            )

    def leave(self) -> Iterator[str]:
        """Leave what is here as it is, and say what does not come for that."""
        for pair in self._others():
            self.pairs.remove(pair)
            yield f"Not the rows of your table {pair.here.name}: those that are here stay"
        for pair in self.columns:
            names = ", ".join(pair.columns)
            yield f"Not your columns {names} of {pair.here.name}: those that are here stay"
        self.columns = []

    def _others(self) -> list[Pair]:
        """Tables that have other rows here."""
        return [one for one in self.pairs if _count(self.here, one.here) and not self._same(one)]

    def bring(self) -> Iterator[tuple[str, int, str]]:
        """Bring each table as a whole; the name, the number of rows and their digest.

        Raises TransferError.
        """
        for pair in (*self.pairs, *self.columns):
            try:
                if not self._same(pair):
                    self._copy(pair)
            except exc.SQLAlchemyError as error:
                told = f"{pair.here.name} cannot take the rows of {pair.there.name}"
                raise TransferError(
                    f"{told}: {reason(error)}. Mend that and run the command again."
                ) from error
            count, digest = _digest(self.here, pair, pair.here)
            if (count, digest) != _digest(self.there, pair, pair.there):
                raise TransferError(
                    f"{pair.here.name} is not as {pair.there.name} is: its columns keep the values "
                    "otherwise, or somebody changes them. Mend that and run the command again."
                )
            yield pair.here.name, count, digest

    def _find(self, name: str, here: str, columns: list[str]) -> None:
        """Pair these columns of a table of accounts with those here."""
        found = inspect(self.here)
        there_too = (
            {one["name"] for one in found.get_columns(here)} if found.has_table(here) else ()
        )
        both = tuple(column for column in columns if column in there_too)
        if both:
            self.columns.append(replace(self._pair(name, here), columns=both, key="id"))
        self.lacking_columns += [f"{name}.{column}" for column in columns if column not in both]

    def _pair(self, name: str, here: str) -> Pair:
        tables = _reflected(self.there, name), _reflected(self.here, here)
        here_too = tables[1].columns.keys()
        # By itself the collection gives columns, not their names.
        both = tuple(name for name in tables[0].columns.keys() if name in here_too)  # noqa: SIM118
        return Pair(*tables, both)

    def _same(self, pair: Pair) -> bool:
        return _digest(self.here, pair, pair.here) == _digest(self.there, pair, pair.there)

    def _copy(self, pair: Pair) -> None:
        with self.here.begin() as connection:
            read = _read(self.there, pair, pair.there)
            while rows := list(islice(read, BATCH)):
                if pair.key:
                    # A name of a value must be none of a column's.
                    given = [{f"new_{name}": row[name] for name in row} for row in rows]
                    change = pair.here.update().where(
                        pair.here.c[pair.key] == bindparam(f"new_{pair.key}")
                    )
                    values: dict[str, Any] = {
                        name: bindparam(f"new_{name}") for name in pair.columns
                    }
                    connection.execute(change.values(values), given)
                else:
                    connection.execute(pair.here.insert(), rows)
            if not pair.key:
                _count_on(connection, pair.here)


def own_tables(engine: Engine) -> list[str]:
    """The names of the owner's tables."""
    return _own(inspect(engine).get_table_names())


def _own(names: list[str]) -> list[str]:
    return [name for name in names if name not in NOT_OF_OWNERS]


def own_columns(source: Source) -> list[str]:
    """The names of the owner's columns of accounts and tokens."""
    return [f"{table}.{name}" for table, names in _added(source).items() for name in names]


def _added(source: Source) -> dict[str, list[str]]:
    """The owner's columns, by the table."""
    if not (layout := source.layout):
        return {}
    found = inspect(source.database)
    known = {layout.users: layout.user_columns, layout.tokens: TOKEN}
    return {
        table: [one["name"] for one in found.get_columns(table) if one["name"] not in known[table]]
        for table in known
        if found.has_table(table)
    }


def _rows(engine: Engine, table: Table) -> str:
    count = _count(engine, table)
    return f"{count:,} row{'' if count == 1 else 's'}"


def _count(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _reflected(engine: Engine, name: str) -> Table:
    table = Table(name, MetaData(), autoload_with=engine, resolve_fks=False)
    for column in table.columns:
        if isinstance(column.type, JSON):
            column.type.none_as_null = True
        if isinstance(column.type, Float):
            column.type.asdecimal = False  # which MySQL's would be, and lose digits
    return table


def _count_on(connection: Any, table: Table) -> None:
    """Have PostgreSQL number new rows after those that came with a number."""
    if connection.dialect.name != "postgresql":
        return
    for column in table.primary_key:
        quoted = connection.dialect.identifier_preparer.format_table(table)
        found = text("SELECT pg_get_serial_sequence(:of, :column)")
        given = {"of": quoted, "column": column.name}
        if sequence := connection.execute(found, given).scalar():
            last = connection.execute(select(func.max(column))).scalar()
            if last is not None:
                connection.execute(select(func.setval(sequence, last)))


def _read(engine: Engine, pair: Pair, table: Table) -> Iterator[dict[str, Any]]:
    """The rows as they are written here, a batch at a time."""
    names = [*([pair.key] if pair.key else []), *pair.columns]
    columns = [pair.here.c[name] for name in names]
    # In an order in which rows that refer to earlier ones of the same table mostly were made.
    wanted = select(*(table.c[name] for name in names)).order_by(*table.primary_key)
    with engine.connect().execution_options(yield_per=BATCH) as connection:
        for row in connection.execute(wanted):
            values = [fitting(*both) for both in zip(row, columns, strict=True)]
            yield dict(zip(names, values, strict=True))


def _digest(engine: Engine, pair: Pair, table: Table) -> tuple[int, str]:
    """How many rows there are, and what is the same of the same ones in any order."""
    count = total = 0
    for row in _read(engine, pair, table):
        count += 1
        total += int.from_bytes(sha256(_canonical(row)).digest())
    return count, f"{total % 2**256:064x}"


def fitting(value: Any, column: Column[Any]) -> Any:
    """A value of one database as a column in another takes it."""
    kind: Any = column.type
    if value is None:  # texts that have to be there are empty, as Django has it
        return "" if isinstance(kind, String) and not column.nullable else None
    if isinstance(kind, JSON):
        return json.loads(value) if isinstance(value, str) else value
    for of, made in ((Boolean, bool), (Uuid, _uuid), (Numeric, _number)):
        if isinstance(kind, of) and not isinstance(kind, Float):
            return made(value)
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment if getattr(kind, "timezone", False) else moment.replace(tzinfo=None)
    return _text(value, getattr(kind, "length", None))


def _uuid(value: Any) -> uuid.UUID:
    return uuid.UUID(str(value))


def _number(value: Any) -> Decimal:
    return Decimal(str(value))


def _text(value: Any, length: int | None) -> Any:
    """What has no type of its own in some databases, as a text of at most this length."""
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, uuid.UUID):  # Django's texts of them have no hyphens
        return value.hex if length == 32 else str(value)
    return value


def _canonical(row: Mapping[str, Any]) -> bytes:
    return repr([(name, _plain(row[name])) for name in sorted(row)]).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, bool):
        return int(value)
    return bytes(value) if isinstance(value, memoryview) else value
