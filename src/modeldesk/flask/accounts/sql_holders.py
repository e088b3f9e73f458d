"""Whose a token is, by one statement of SQL, where no owner has code of their own for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, bindparam, inspect, select, update
from sqlalchemy.orm import Session

from ...accounts.authors import is_written_in
from ...accounts.holders import Holder
from ...serving.log import LogUnavailable
from ...stores.failures import reason
from .defaults import now

if TYPE_CHECKING:
    from .extension import Accounts

KNOWN = ("builtins", "flask_login", "flask_security", "flask_sqlalchemy", "modeldesk", "sqlalchemy")
OF_ANY = ("__getattribute__", "__getattr__")
OF_TOKENS = (*OF_ANY, "id", "user", "digest", "expires_at", "last_used_at")
OF_USERS = (*OF_ANY, "id", "is_usable", "active", "confirmed_at", "roles")
OF_ROLES = (*OF_ANY, "get_permissions", "permissions")


def are_plain(accounts: Accounts, session: Session, engine: Engine) -> bool:
    """Whether no code of an owner says whose a token is, whether it is good and what it allows."""
    store, token = accounts.datastore, accounts.token_class
    models = {token: OF_TOKENS, store.user_model: OF_USERS, store.role_model: OF_ROLES}
    return (
        all(is_written_in(KNOWN, model, names) for model, names in models.items())
        and all(session.get_bind(inspect(model)) is engine for model in models)
        and not any(inspect(model).class_manager.dispatch.load for model in models)
        and not session.dispatch.do_orm_execute
        and not engine._has_events
        and not engine.get_execution_options()
    )


class StatementTokens:
    """`AppTokens` on a connection of the pool.

    What SQLAlchemy does around a statement takes several times what SQLite takes for this one.
    """

    are_apart = True

    def __init__(self, accounts: Accounts, engine: Engine) -> None:
        store, self.token = accounts.datastore, accounts.token_class
        self.engine, self.error = engine, engine.dialect.loaded_dbapi.Error
        token, user, role = self.token, store.user_model, store.role_model
        columns = (
            *(token.id, token.expires_at, token.last_used_at),
            *(user.id, user.active, user.confirmed_at, role.permissions),
        )
        asked = select(*columns).join(token.user).outerjoin(user.roles)
        compiled: Any = asked.where(token.digest == bindparam("digest")).compile(engine)
        self.sql, self.is_positional = str(compiled), compiled.positional
        self.read = [
            column.type.dialect_impl(engine.dialect).result_processor(engine.dialect, None)
            or _as_it_is
            for column in columns
        ]

    def find(self, digest: str) -> Holder | None:
        rows = self._rows((digest,) if self.is_positional else {"digest": digest})
        if not rows:
            return None
        *own, _ = (read(value) for read, value in zip(self.read, rows[0], strict=True))
        token, expires_at, last_used_at, user, is_active, confirmed_at = own
        may = frozenset().union(*(self.read[-1](row[-1]) or () for row in rows))
        is_usable = is_active and confirmed_at is not None
        return Holder(token, expires_at, last_used_at, user, is_usable, may)

    def mark_used(self, token: Any) -> None:
        used = update(self.token).where(self.token.id == token).values(last_used_at=now())
        with self.engine.begin() as connection:
            connection.execute(used)

    def _rows(self, values: Any) -> list[Any]:
        try:
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(self.sql, values)
                found = list(cursor.fetchall())
                cursor.close()
            except self.error:
                connection.invalidate()
                raise
            finally:
                connection.close()
        except self.error as error:
            raise LogUnavailable(reason(error)) from error
        return found


def _as_it_is(value: Any) -> Any:
    return value
