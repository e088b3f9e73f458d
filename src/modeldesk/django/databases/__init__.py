"""How Django reaches each database; a module is imported for the one that is chosen."""

from importlib import import_module
from typing import Any

from ...serving.settings import Settings


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES for `settings.database`, at `settings.database_url`.

    Each thread keeps its connection, and no statement takes longer than `database_timeout`.
    """
    module = import_module(f".{settings.database}", __name__)
    found: dict[str, Any] = module.settings_for(settings)
    return found
