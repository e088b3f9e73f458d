"""What accounts ask of their database, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ...accounts.holders import Tokens
from ...accounts.lockout import Attempts
from ...serving.settings import Settings
from ...serving.transfer import Store

if TYPE_CHECKING:
    from .extension import Accounts


class AppTokens(Tokens, Protocol):
    """`Tokens` of an application; `are_apart` is whether its context is not needed to find them."""

    are_apart: bool


class AccountDatabase(Protocol):
    """All is asked within the application's context."""

    def attempts(self) -> Attempts: ...

    @property
    def tokens(self) -> AppTokens:
        """Where tokens are found."""

    def stores(self) -> dict[str, Store]:
        """Accounts, and tokens where there are some, for export and import."""

    def role_names(self) -> list[str]:
        """Of all roles, in the order of the alphabet."""

    def outdated_roles(self) -> list[str]: ...

    def keep_roles(self) -> None: ...


def database_of(accounts: Accounts, settings: Settings) -> AccountDatabase:
    """The one that the settings name."""
    if settings.database == "mongodb":
        from .mongo_database import MongoAccounts

        return MongoAccounts(accounts)
    from .sql_database import SQLAccounts

    return SQLAccounts(accounts)
