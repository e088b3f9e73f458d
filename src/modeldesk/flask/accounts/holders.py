"""Whose a token is, by the project's models or documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...accounts.holders import Holder
from .callers import permissions_of
from .defaults import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from .extension import Accounts


class ModelTokens:
    """`AppTokens` in the application's context; `look_up` finds a token by its digest, or None."""

    are_apart = False

    def __init__(self, accounts: Accounts, look_up: Callable[[str], Any]) -> None:
        self.accounts, self.look_up = accounts, look_up

    def find(self, digest: str) -> Holder | None:
        token = self.look_up(digest)
        if not token:
            return None
        user = token.user
        may = permissions_of(user) if user.is_usable else frozenset()
        return Holder(token, token.expires_at, token.last_used_at, user.id, user.is_usable, may)

    def mark_used(self, token: Any) -> None:
        token.last_used_at = now()
        self.accounts.datastore.put(token)
        self.accounts.datastore.commit()
