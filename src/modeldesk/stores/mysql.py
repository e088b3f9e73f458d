"""How SQLAlchemy reaches MySQL and MariaDB."""

from typing import Any

from sqlalchemy import make_url

from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.mysql_session import init_command
from ..serving.settings import Settings
from .engine import pooled


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`."""
    url, limit = make_url(settings.database_url), settings.database_timeout
    connect_args = {
        "connect_timeout": CONNECT_TIMEOUT,
        "read_timeout": limit + CONNECT_TIMEOUT if limit else None,
        "write_timeout": limit + CONNECT_TIMEOUT if limit else None,
        "init_command": init_command(limit),
    }
    return pooled(url.set(drivername="mysql+pymysql"), connect_args)
