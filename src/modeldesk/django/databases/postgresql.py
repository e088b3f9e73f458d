"""How Django reaches PostgreSQL."""

from typing import Any

import dj_database_url
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from ...serving.database_url import CONNECT_TIMEOUT
from ...serving.settings import Settings
from .silence import limit_silence


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; each thread keeps its connection."""
    parsed = dj_database_url.parse(settings.database_url, conn_max_age=600, conn_health_checks=True)
    milliseconds = settings.database_timeout * 1000
    given = parsed.get("OPTIONS", {})
    options = {
        "connect_timeout": CONNECT_TIMEOUT,
        # A server that is gone without a word is noticed, too.
        "keepalives_idle": CONNECT_TIMEOUT,
        "keepalives_interval": CONNECT_TIMEOUT,
        "tcp_user_timeout": milliseconds,
        **given,
        "options": f"{given.get('options', '')} -c statement_timeout={milliseconds}",
    }
    return {**parsed, "OPTIONS": options}


@receiver(connection_created)
def limit_time(connection: Any, **_: Any) -> None:
    """Where the server limits the time of a statement, wait for it hardly longer."""
    if milliseconds := connection.settings_dict["OPTIONS"].get("tcp_user_timeout"):
        limit_silence(connection.connection, milliseconds / 1000 + 1)
