"""What accounts ask of their database, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ...accounts.lockout import Attempts
from ...serving.settings import Settings
from ...serving.transfer import Store

if TYPE_CHECKING:
    from .extension import Accounts


class AccountDatabase(Protocol):
    """All is asked within the application's context."""

    def attempts(self) -> Attempts: ...

    def find_token(self, digest: str) -> Any:
        """The token with this digest, or None."""

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
