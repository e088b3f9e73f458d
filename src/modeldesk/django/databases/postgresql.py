"""How Django reaches PostgreSQL."""

from typing import Any

import dj_database_url
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from ...serving.database_options import pooler_of
from ...serving.settings import Settings
from ...stores.postgresql_session import LONGER, limit_silence, options


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; each thread keeps its connection, but for a pooler of sessions."""
    pooler = pooler_of(settings.database_url)
    parsed = dj_database_url.parse(
        settings.database_url,
        # There, each connection that is kept is one that others wait for.
        conn_max_age=0 if pooler == "session" else 600,
        conn_health_checks=True,
        disable_server_side_cursors=pooler == "transaction",
    )
    return {**parsed, "OPTIONS": options(settings, parsed.get("OPTIONS", {}))}


@receiver(connection_created)
def limit_time(connection: Any, **_: Any) -> None:
    """Where the server limits the time of a statement, wait for it hardly longer."""
    if milliseconds := connection.settings_dict["OPTIONS"].get("tcp_user_timeout"):
        limit_silence(connection.connection, milliseconds / 1000 + LONGER)
