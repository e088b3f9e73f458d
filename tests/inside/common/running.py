"""Commands of this project, where tests look for them."""

from modeldesk.testing.running import (
    EMAIL,
    PASSWORD,
    PRODUCTION,
    Server,
    command,
    database_of,
    environment,
    free_port,
    manage,
    serving,
)

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
