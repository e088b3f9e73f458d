"""Databases for tests: files."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from modeldesk.serving.database_url import SCHEME


@contextlib.contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of a database that is not there yet."""
    yield f"{SCHEME}{(folder / 'test.db').as_posix()}"


def unreachable(folder: Path) -> str:
    """The URL of a file that cannot be one."""
    (folder / "a folder").mkdir(exist_ok=True)
    return f"{SCHEME}{(folder / 'a folder').as_posix()}"
