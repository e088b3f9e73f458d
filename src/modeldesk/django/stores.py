"""All that is kept, as export and import read and add it."""

from typing import Any

from django.apps import apps

from ..serving.transfer import Stores
from .conf import project_settings
from .connection import open_summaries
from .log import open_log


def open_stores() -> Stores:
    """What this project keeps, by kind, in the order of an exported file."""
    return accounts() | {"summary": open_summaries(), "prediction": open_log()}


def accounts() -> dict[str, Any]:
    """Accounts and tokens, of projects that have them."""
    if not apps.is_installed("modeldesk.django.accounts"):
        return {}
    from .accounts.stores import Accounts, Tokens

    found: dict[str, Any] = {"account": Accounts()}
    return found | ({"token": Tokens()} if project_settings().auth else {})
