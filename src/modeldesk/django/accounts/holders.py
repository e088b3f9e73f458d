"""Whose a token is: by one statement, or where an owner has code of their own, as that says."""

from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import CharField, QuerySet, Value
from django.utils import timezone

from ...accounts.holders import Holder, Tokens
from .plain import are_plain
from .project import token_model

WAYS = ("user__groups__permissions", "user__user_permissions")  # to what an account may do
OWN = (
    *("pk", "expires_at", "last_used_at", "user_id"),
    *("user__is_active", "user__confirmed_at", "user__is_superuser"),
)
GIVEN = "0" * 64  # stands for the digest in a statement that is made once


@cache
def tokens() -> Tokens:
    """Where tokens are found. It is looked at once, when the project is complete."""
    return StatementTokens() if are_plain() else ModelTokens()


class ModelTokens:
    """`Tokens` by the project's models, and by the backends that say what an account may do."""

    def find(self, digest: str) -> Holder | None:
        token = token_model().objects.select_related("user").filter(digest=digest).first()
        if not token:
            return None
        user = token.user
        may = frozenset(user.get_all_permissions() if user.is_usable else ())
        return Holder(token.pk, token.expires_at, token.last_used_at, user.pk, user.is_usable, may)

    def mark_used(self, token: Any) -> None:
        token_model().objects.filter(pk=token).update(last_used_at=timezone.now())


class StatementTokens(ModelTokens):
    """The same by one statement, which is made once of what the models would ask."""

    def __init__(self) -> None:
        asked = _holders().union(*map(_permissions, WAYS), all=True)
        compiler: Any = asked.query.get_compiler(using=DEFAULT_DB_ALIAS)
        self.sql, values = compiler.as_sql()
        self.count = len(values)
        self.convert = compiler.apply_converters
        self.converters = compiler.get_converters([column for column, *_ in compiler.select])
        # Django's cursor would look through it for marks each time, which takes longer than SQLite.
        self.by_driver = self.sql.replace("%s", "?") if connection.vendor == "sqlite" else ""

    def find(self, digest: str) -> Holder | None:
        rows = self._rows((digest,) * self.count)
        own = [row for row in rows if row[0] is not None]
        if not own:
            return None
        ((pk, expires_at, last_used_at, user, is_active, confirmed_at, is_superuser, *_),) = (
            self.convert(own, self.converters)
        )
        if is_superuser:
            return super().find(digest)
        may = frozenset(f"{label}.{name}" for *_, label, name in rows if name is not None)
        is_usable = is_active and confirmed_at is not None
        return Holder(
            pk, expires_at, last_used_at, user, is_usable, may if is_usable else frozenset()
        )

    def _rows(self, values: tuple[str, ...]) -> list[Any]:
        here: Any = connections[DEFAULT_DB_ALIAS]
        if not self.by_driver or here.execute_wrappers:
            with here.cursor() as cursor:
                cursor.execute(self.sql, values)
                return list(cursor.fetchall())
        here.ensure_connection()
        with here.wrap_database_errors:
            return list(here.connection.execute(self.by_driver, values).fetchall())


def _holders() -> QuerySet[Any]:
    """The token and its account: one row, or none."""
    nothing = Value(None, CharField())
    return _of_token().values_list(*OWN, nothing, nothing)


def _permissions(way: str) -> QuerySet[Any]:
    """What the account may do: a row for each, with columns as those of `_holders`."""
    names = f"{way}__content_type__app_label", f"{way}__codename"
    return _of_token().values_list(*[Value(None, CharField())] * len(OWN), *names)


def _of_token() -> QuerySet[Any]:
    return token_model().objects.filter(digest=GIVEN).order_by()
