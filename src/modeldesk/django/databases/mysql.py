"""How Django reaches MySQL or MariaDB."""

from typing import Any

import dj_database_url
import pymysql

from ...serving.database_url import CONNECT_TIMEOUT
from ...serving.settings import Settings

pymysql.install_as_MySQLdb()  # Django knows only mysqlclient, which has to be compiled

# One index gives rows in the order of a page; two that are intersected give all that match.
PLANS = "optimizer_switch='index_merge_intersection=off'"
USUAL = f"time_zone='+00:00', sql_mode='TRADITIONAL', {PLANS}"


def settings_for(settings: Settings) -> dict[str, Any]:
    """The entry of DATABASES; each thread keeps its connection."""
    parsed = dj_database_url.parse(settings.database_url, conn_max_age=600, conn_health_checks=True)
    limit = settings.database_timeout
    # Each of the two servers reads its own comment only, and MySQL's is for SELECT alone.
    mariadb = f"/*M!100108 , max_statement_time={limit} */"
    mysql = f"/*!50708 , max_execution_time={limit * 1000} */"
    options = {
        "charset": "utf8mb4",
        "collation": "utf8mb4_bin",
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": limit + 1 if limit else None,
        "write_timeout": limit + 1 if limit else None,
        "init_command": f"SET SESSION {USUAL} {mariadb} {mysql}",
    }
    return {**parsed, "OPTIONS": options | parsed.get("OPTIONS", {})}
