"""How Django reaches MySQL or MariaDB."""

from typing import Any

import dj_database_url
import pymysql

from ...serving.settings import Settings
from ...stores import mysql_session

PATIENCE = 1  # second, beyond the limit of the server
pymysql.install_as_MySQLdb()  # Django knows only mysqlclient, which has to be compiled


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; each thread keeps its connection."""
    parsed = dj_database_url.parse(
        settings.database_url,
        engine="modeldesk.django.mysql",
        conn_max_age=600,
        conn_health_checks=True,
    )
    given = {"charset": "utf8mb4", "collation": "utf8mb4_bin"} | parsed.get("OPTIONS", {})
    return {**parsed, "OPTIONS": mysql_session.options(settings, given, PATIENCE)}
