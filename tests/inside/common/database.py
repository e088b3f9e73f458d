"""Databases of this project's kind, where tests look for them."""

from pathlib import Path

from modeldesk.testing import databases
from modeldesk.testing.project import new_database as fresh_database
from modeldesk.testing.project import settings_class

__all__ = ["fresh_database", "unreachable"]


def unreachable(folder: Path) -> str:
    """The URL of a server that does not run, or of a file that cannot be one."""
    return databases.unreachable(settings_class().database, folder)
