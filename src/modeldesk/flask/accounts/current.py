"""The accounts of the current application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..state import current_state

if TYPE_CHECKING:
    from .extension import Accounts


def get_accounts() -> Accounts:
    accounts = current_state().accounts
    if accounts is None:
        raise RuntimeError("This application has no accounts: Accounts.init_app was not called.")
    return accounts
