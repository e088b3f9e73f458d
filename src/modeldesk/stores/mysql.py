"""How SQLAlchemy reaches MySQL and MariaDB."""

from typing import Any

from sqlalchemy import make_url

from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.settings import Settings
from .engine import pooled

# One index gives rows in the order of a page; two that are intersected give all that match.
PLANS = "optimizer_switch='index_merge_intersection=off'"
USUAL = f"time_zone='+00:00', sql_mode='TRADITIONAL', {PLANS}"


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`."""
    url, limit = make_url(settings.database_url), settings.database_timeout
    # Each of the two servers reads its own comment only, and MySQL's is for SELECT alone.
    mariadb = f"/*M!100108 , max_statement_time={limit} */"
    mysql = f"/*!50708 , max_execution_time={limit * 1000} */"
    connect_args = {
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": limit + CONNECT_TIMEOUT if limit else None,
        "write_timeout": limit + CONNECT_TIMEOUT if limit else None,
        "init_command": f"SET SESSION {USUAL} {mariadb} {mysql}",
    }
    return pooled(url.set(drivername="mysql+pymysql"), connect_args)
