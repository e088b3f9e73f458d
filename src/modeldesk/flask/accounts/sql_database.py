"""Accounts in SQL, by the session and the engine of Flask-SQLAlchemy."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import (
    Engine,
    Select,
    Table,
    case,
    delete,
    exc,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from ...accounts.clashes import check_accounts, check_tokens
from ...accounts.lines import AccountLine, TokenLine
from ...accounts.lockout import Attempts
from ...serving.log import LogUnavailable
from ...serving.transfer import Store
from ...stores.failures import reason
from ..reading import reading
from .database import AppTokens
from .defaults import now
from .holders import ModelTokens
from .sql_holders import StatementTokens, are_plain

if TYPE_CHECKING:
    from .extension import Accounts


class SQLAccounts:
    """`AccountDatabase` in tables."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts

    @property
    def engine(self) -> Engine:
        engine: Engine = current_app.extensions["sqlalchemy"].engine
        return engine

    def attempts(self) -> Attempts:
        return SQLAttempts(self.engine, self.accounts.attempt_class.__table__)

    @cached_property
    def tokens(self) -> AppTokens:
        """It is looked at once, when the project is complete."""
        session = current_app.extensions["sqlalchemy"].session()
        if are_plain(self.accounts, session, self.engine):
            return StatementTokens(self.accounts, self.engine)
        return ModelTokens(self.accounts, self._find_token)

    def _find_token(self, digest: str) -> Any:
        token, user = self.accounts.token_class, self.accounts.datastore.user_model
        session = current_app.extensions["sqlalchemy"].session
        whose = joinedload(token.user).joinedload(user.roles)  # by one statement for all
        wanted = select(token).where(token.digest == digest).options(whose)
        with reading(session):
            return session.scalars(wanted).unique().one_or_none()

    def stores(self) -> dict[str, Store]:
        datastore, token = self.accounts.datastore, self.accounts.token_class
        users = AccountStore(self.engine, datastore.user_model, datastore.role_model)
        tokens = TokenStore(self.engine, token, datastore.user_model) if token else None
        return {"account": users} | ({"token": tokens} if tokens else {})

    def role_names(self) -> list[str]:
        session = current_app.extensions["sqlalchemy"].session
        return sorted(map(str, session.scalars(select(self.accounts.datastore.role_model))))

    def outdated_roles(self) -> list[str]:
        role = self.accounts.datastore.role_model
        with Session(self.engine) as session:
            there = {one.name: set(one.permissions) for one in session.scalars(select(role))}
        given = self.accounts.roles
        return [name for name in given if set(given[name]) != there.get(name)]

    def keep_roles(self) -> None:
        role, given = self.accounts.datastore.role_model, self.accounts.roles
        if not inspect(self.engine).has_table(role.__tablename__):
            return  # it was not asked for all migrations
        with Session(self.engine) as session:
            for name in self.outdated_roles():
                session.merge(role(name=name, permissions=sorted(given[name])))
            session.commit()


class SQLAttempts:
    """`Attempts` in the table of login attempts, each change in a transaction of its own."""

    def __init__(self, engine: Engine, table: Table) -> None:
        self.engine, self.table = engine, table
        self.count = table.c["count"]

    def take(self, key: str, limit: int, now: datetime, until: datetime) -> bool:
        with suppress(IntegrityError), self.engine.begin() as connection:
            connection.execute(insert(self.table).values(key=key, count=0, until=until))
        count, over = self.count, self.table.c["until"] <= now
        # The count comes first: a database may compare with an end that was set before it.
        counted = (count, case((over, 1), else_=count + 1))
        free = update(self.table).where(self.table.c.key == key, over | (count < limit))
        with self.engine.begin() as connection:
            done = connection.execute(free.ordered_values(counted, (self.table.c["until"], until)))
            return done.rowcount == 1

    def give_back(self, key: str) -> None:
        counted = update(self.table).where(self.table.c.key == key, self.count > 0)
        with self.engine.begin() as connection:
            connection.execute(counted.values({self.count: self.count - 1}))

    def ends(self, keys: Sequence[str]) -> Iterable[datetime]:
        with self.engine.begin() as connection:
            rows = select(self.table.c["until"]).where(self.table.c.key.in_(keys))
            return list(connection.scalars(rows))

    def forget(self, keys: Sequence[str]) -> None:
        with self.engine.begin() as connection:
            over = self.table.c["until"] < now()
            connection.execute(delete(self.table).where(self.table.c.key.in_(keys) | over))


class Rows:
    """The rows of a table, as lines."""

    def __init__(self, engine: Engine, model: Any, line: Callable[[Any], Any]) -> None:
        self.engine, self.model, self.line = engine, model, line

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session of its own, so that rows do not gather in the application's."""
        try:
            with Session(self.engine) as session, session.begin():
                yield session
        except (exc.IntegrityError, exc.DataError):
            raise
        except (exc.DBAPIError, exc.TimeoutError) as error:
            raise LogUnavailable(reason(error)) from error

    def find(self, ids: Sequence[str]) -> list[Any]:
        return self._lines(select(self.model).where(self.model.id.in_(ids)))

    def scan(self, after: str, limit: int) -> list[Any]:
        oldest_first = select(self.model).order_by(self.model.id)
        return self._lines(oldest_first.where(self.model.id > after).limit(limit))

    def count(self) -> int:
        with self.transaction() as session:
            return session.execute(select(func.count()).select_from(self.model)).scalar_one()

    def _lines(self, wanted: Select[Any]) -> list[Any]:
        with self.transaction() as session:
            return [self.line(row) for row in session.scalars(wanted)]


class AccountStore(Rows):
    """The accounts."""

    def __init__(self, engine: Engine, user: Any, role: Any) -> None:
        super().__init__(engine, user, account_line)
        self.role = role

    def add(self, accounts: Sequence[AccountLine]) -> None:
        with self.transaction() as session:
            emails = [account.email for account in accounts]
            roles = {role.name: role for role in session.scalars(select(self.role))}
            check_accounts(accounts, ids_by(session, self.model.email, emails), roles)
            for account in accounts:
                row = account.row() | {"roles": [roles[name] for name in account.roles]}
                session.add(self.model(**row, fs_uniquifier=uuid.uuid4().hex))


def account_line(user: Any) -> AccountLine:
    return AccountLine.of(user, roles=sorted(role.name for role in user.roles))


class TokenStore(Rows):
    """The API tokens."""

    def __init__(self, engine: Engine, token: Any, user: Any) -> None:
        super().__init__(engine, token, TokenLine.of)
        self.user = user

    def add(self, tokens: Sequence[TokenLine]) -> None:
        with self.transaction() as session:
            users = [token.user_id for token in tokens]
            digests = [token.digest for token in tokens]
            owners = ids_by(session, self.model.digest, digests)
            check_tokens(tokens, owners, ids_by(session, self.user.id, users))
            session.add_all(self.model(**token.row()) for token in tokens)


def ids_by(session: Session, column: InstrumentedAttribute[str], texts: Any) -> dict[str, str]:
    """The ids of the rows that hold one of these texts, by the text."""
    wanted = select(column, column.class_.id).where(column.in_(texts))
    return {text: found for text, found in session.execute(wanted).tuples()}  # noqa: C416
