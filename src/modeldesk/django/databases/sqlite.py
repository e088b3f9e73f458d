"""How Django reaches SQLite."""

from typing import Any

import dj_database_url

from ...serving.settings import Settings


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; each thread keeps its connection."""
    parsed = dj_database_url.parse(settings.database_url, conn_max_age=600, conn_health_checks=True)
    # Readers beside one writer, and every commit on the disk before it is acknowledged.
    options = {
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
        "timeout": 10,
        "transaction_mode": "IMMEDIATE",
    }
    return {**parsed, "OPTIONS": options}
