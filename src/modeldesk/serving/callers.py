"""Who asks: the account behind a request, and what it may do."""

from contextvars import ContextVar
from dataclasses import dataclass

from .answers import Problem

PREDICT = "predictions.add_prediction"
SEE_ALL = "predictions.view_prediction"


@dataclass(frozen=True, slots=True)
class Caller:
    """An account, apart from any framework."""

    id: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Raise Problem 403 without the permission."""
        if not self.may(permission):
            raise Problem(403, "Your account has no role that allows this; ask an administrator.")

    def may_see(self, user_id: str | None) -> bool:
        """Whether a prediction that this account asked for is shown."""
        return self.id == user_id or self.may(SEE_ALL)


# Set for every request, by the gateway to None and then by the framework once it knows.
current_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)


def caller() -> Caller:
    """Who asks now. Raises Problem 401 when nobody is known."""
    if found := current_caller.get():
        return found
    raise Problem(
        401,
        "Log in, or send a token in the header Authorization: Bearer <token>.",
        headers={"WWW-Authenticate": "Bearer"},
    )
