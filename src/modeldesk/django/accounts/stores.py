"""Accounts and tokens as export and import read and add them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import QuerySet

from ...accounts.clashes import check_accounts, check_tokens
from ...accounts.lines import AccountLine, TokenLine
from ..connection import reaching
from .project import token_model, user_model

HASHER = "argon2"  # which Django writes before the hash
User = user_model()
Membership = User.groups.through


class Rows:
    """The rows of a table; `lines` makes lines of them."""

    def __init__(self, model: Any, lines: Callable[[QuerySet[Any]], list[Any]]) -> None:
        self.rows, self.lines = model.objects, lines

    def find(self, ids: Sequence[str]) -> list[Any]:
        with reaching():
            return self.lines(self.rows.filter(id__in=ids))

    def scan(self, after: str, limit: int) -> list[Any]:
        with reaching():
            return self.lines(self.rows.filter(id__gt=after).order_by("id")[:limit])

    def count(self) -> int:
        with reaching():
            found: int = self.rows.count()
        return found


class Accounts(Rows):
    """The accounts."""

    def __init__(self) -> None:
        super().__init__(User, account_lines)

    def add(self, accounts: Sequence[AccountLine]) -> None:
        with reaching():
            emails = [account.email for account in accounts]
            groups = {group.name: group for group in Group.objects.all()}
            check_accounts(accounts, ids_by(User, "email", emails), groups)
            users = [user_of(account) for account in accounts]
            memberships = [
                Membership(user_id=account.id, group=groups[name])
                for account in accounts
                for name in account.roles
            ]
            if connection.vendor != "mongodb":
                with transaction.atomic():
                    User.objects.bulk_create(users)
                    Membership.objects.bulk_create(memberships)
                return
            # Not in a transaction, which a server by itself has not. Those that are there, have
            # their roles; what an interrupted import left is removed.
            ids = [account.id for account in accounts]
            Membership.objects.filter(user_id__in=ids).delete()
            Membership.objects.bulk_create(memberships)
            User.objects.bulk_create(users)


def account_lines(users: QuerySet[Any]) -> list[AccountLine]:
    # Not by prefetch_related, which not every backend has.
    found = list(users)
    members = Membership.objects.filter(user_id__in=[user.id for user in found])
    names = dict(Group.objects.values_list("id", "name"))
    roles = defaultdict(set)
    for user_id, group_id in members.values_list("user_id", "group_id"):
        roles[user_id].add(names[group_id])
    return [account_line(user, roles[user.id]) for user in found]


def account_line(user: Any, roles: set[str]) -> AccountLine:
    return AccountLine.of(
        user,
        active=user.is_active,
        last_login_at=user.last_login,
        password=user.password.removeprefix(HASHER) if user.has_usable_password() else "",
        roles=sorted(roles | {"admin"} if user.is_superuser else roles),
    )


def user_of(account: AccountLine) -> Any:
    row = account.row()
    del row["roles"]
    row["is_active"], row["last_login"] = row.pop("active"), row.pop("last_login_at")
    row["password"] = HASHER + account.password if account.password else make_password(None)
    return User(**row)


class Tokens(Rows):
    """The API tokens."""

    def __init__(self) -> None:
        super().__init__(token_model(), token_lines)

    def add(self, tokens: Sequence[TokenLine]) -> None:
        with reaching():
            Token = token_model()
            owners = ids_by(Token, "digest", [token.digest for token in tokens])
            users = ids_by(User, "id", [token.user_id for token in tokens])
            check_tokens(tokens, owners, users)
            Token.objects.bulk_create([Token(**token.row()) for token in tokens])


def token_lines(tokens: QuerySet[Any]) -> list[TokenLine]:
    return [TokenLine.of(token) for token in tokens]


def ids_by(model: Any, name: str, texts: list[str]) -> dict[str, str]:
    """The ids of the rows that hold one of these texts, by the text."""
    return dict(model.objects.filter(**{f"{name}__in": texts}).values_list(name, "id"))
