"""How SQLAlchemy reaches MySQL and MariaDB."""

from typing import Any

from sqlalchemy import make_url

from ..serving.database_options import NAMES
from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.settings import Settings
from . import mysql_session
from .engine import pooled


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`."""
    url = make_url(settings.database_url)
    found = mysql_session.options(settings, url.query, CONNECT_TIMEOUT)
    url = url.difference_update_query(NAMES)
    connect_args = {name: given for name, given in found.items() if name not in url.query}
    return pooled(url.set(drivername="mysql+pymysql"), connect_args)
