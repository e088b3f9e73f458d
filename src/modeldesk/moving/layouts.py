"""How each framework keeps accounts, in tables of SQL and in collections of MongoDB alike."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..accounts.lines import AccountLine, TokenLine

PREFIX = "project_"  # of tables, which Django writes
HASHER = "argon2"  # which Django writes before a hash
UNUSABLE = "!"  # with which Django begins what is no password
ACCOUNT = AccountLine.model_fields.keys() - {"kind", "roles"}
TOKEN = TokenLine.model_fields.keys() - {"kind"}


@dataclass(frozen=True)
class Layout:
    """The tables of one framework's accounts, and the columns that are not called as in lines.

    `roles` are tables of roles and of who has them; `more` are columns that only this one has.
    """

    framework: str
    users: str
    tokens: str
    attempts: str
    roles: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    more: frozenset[str] = frozenset()

    @property
    def tables(self) -> set[str]:
        return {self.users, self.tokens, self.attempts, *self.roles}

    @property
    def user_columns(self) -> set[str]:
        """Those that are not their owner's."""
        return {self.columns.get(name, name) for name in ACCOUNT} | self.more


FLASK = Layout(
    framework="flask",
    users="users",
    tokens="tokens",
    attempts="login_attempts",
    roles=("users_roles", "roles"),
    more=frozenset({"fs_uniquifier"}),
)
DJANGO = Layout(
    framework="django",
    users="accounts_user",
    tokens="accounts_token",
    attempts="accounts_loginattempt",
    roles=("accounts_user_groups", "auth_group"),
    columns={"active": "is_active", "last_login_at": "last_login"},
    more=frozenset({"is_superuser"}),
)
LAYOUTS = (FLASK, DJANGO)
# Made anew by the other database's own migrations and log-ins, or counted anew.
OF_THE_LIBRARY = {"predictions", "summaries", "tallies", "modeldesk_version", "trials"}
OF_FRAMEWORKS = {
    *("alembic_version", "django_migrations", "django_content_type", "django_session"),
    *("auth_permission", "auth_group_permissions", "migration_lock"),
}
# What of Django's cannot be moved, as it names rows of the old database by their numbers.
LEFT = {
    "accounts_user_user_permissions": "permissions of single accounts",
    "django_admin_log": "what the admin lists as changed",
}
NOT_OF_OWNERS = {*OF_THE_LIBRARY, *OF_FRAMEWORKS, *LEFT, *FLASK.tables, *DJANGO.tables}


def by_bare_name(names: Iterable[str], framework: str | None) -> dict[str, str]:
    """Tables of an owner by their name without what Django writes before it.

    Of two that differ in nothing else, the one that `framework` has.
    """
    of_django = framework == "django"
    preferred = sorted(names, key=lambda name: name.startswith(PREFIX) == of_django)
    return {name.removeprefix(PREFIX): name for name in preferred}


def account_of(layout: Layout, row: Mapping[str, Any], roles: Collection[str]) -> AccountLine:
    """The line of an account, whose values may be none that a line can have."""
    given = {name: row.get(layout.columns.get(name, name)) for name in ACCOUNT}
    password = (given.pop("password") or "").removeprefix(HASHER)
    admin = {"admin"} if row.get("is_superuser") else set()
    return AccountLine.of(
        _Row(given),
        password="" if password.startswith(UNUSABLE) else password,
        active=bool(given["active"]),
        roles=sorted({*roles, *admin}),
    )


def token_of(row: Mapping[str, Any]) -> TokenLine:
    return TokenLine.of(_Row({name: row.get(name) for name in TOKEN}))


class _Row:
    def __init__(self, values: Mapping[str, Any]) -> None:
        vars(self).update(values)
