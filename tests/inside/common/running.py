"""Commands of this project, where tests look for them."""

import subprocess
from pathlib import Path

from modeldesk.testing.running import (
    EMAIL,
    PASSWORD,
    PRODUCTION,
    Server,
    command,
    database_of,
    environment,
    free_port,
    serving,
)

from . import warm

__all__ = [
    "EMAIL",
    "PASSWORD",
    "PRODUCTION",
    "Server",
    "command",
    "database_of",
    "environment",
    "free_port",
    "manage",
    "serving",
]


def manage(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The outcome of a command, run to its end in `folder`."""
    return warm.run(folder, arguments, environment(**settings))
