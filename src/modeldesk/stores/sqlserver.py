"""How SQLAlchemy reaches SQL Server."""

from typing import Any

from sqlalchemy import make_url

from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.settings import Settings
from .engine import pooled


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`."""
    connect_args = {
        "login_timeout": CONNECT_TIMEOUT,
        "timeout": settings.database_timeout,
        "use_datetime2": True,  # without it, only milliseconds
    }
    return pooled(make_url(settings.database_url).set(drivername="mssql+pymssql"), connect_args)
