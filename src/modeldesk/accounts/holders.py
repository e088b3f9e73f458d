"""Whose a token is: the same in both frameworks, whatever finds it."""

from datetime import datetime
from typing import Any, NamedTuple, Protocol

from ..serving.answers import Problem
from ..serving.callers import Caller, current_caller
from .tokens import bearer, digest, is_alive, is_used_anew


class Holder(NamedTuple):
    """Whose a token is, as the database has it now; `token` is what `mark_used` takes."""

    token: Any
    expires_at: datetime | None
    last_used_at: datetime | None
    user_id: str
    is_usable: bool
    permissions: frozenset[str]


class Tokens(Protocol):
    """Where tokens are found. It keeps nothing: what anybody changed holds at the next request."""

    def find(self, digest: str) -> Holder | None:
        """Whose the token with this digest is, or None. Raises what its database raises."""

    def mark_used(self, token: Any) -> None:
        """Write down that a token is used now."""


def identify(authorization: str, tokens: Tokens) -> None:
    """Let the service know whose token this header has. Raises Problem 401 when it is not good."""
    holder = tokens.find(digest(bearer(authorization) or ""))
    if not holder or not is_alive(holder.expires_at) or not holder.is_usable:
        detail = "This token is not known, or has ended; make a new one at /accounts/tokens."
        raise Problem(401, detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    current_caller.set(Caller(holder.user_id, holder.permissions))
    if is_used_anew(holder.last_used_at):
        tokens.mark_used(holder.token)
