"""How Django reaches MySQL or MariaDB."""

from typing import Any

import dj_database_url
import pymysql

from ...serving.database_url import CONNECT_TIMEOUT
from ...serving.mysql_session import init_command
from ...serving.settings import Settings

pymysql.install_as_MySQLdb()  # Django knows only mysqlclient, which has to be compiled


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; each thread keeps its connection."""
    parsed = dj_database_url.parse(
        settings.database_url,
        engine="modeldesk.django.mysql",
        conn_max_age=600,
        conn_health_checks=True,
    )
    limit = settings.database_timeout
    options = {
        "charset": "utf8mb4",
        "collation": "utf8mb4_bin",
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": limit + 1 if limit else None,
        "write_timeout": limit + 1 if limit else None,
        "init_command": init_command(limit),
    }
    return {**parsed, "OPTIONS": options | parsed.get("OPTIONS", {})}
