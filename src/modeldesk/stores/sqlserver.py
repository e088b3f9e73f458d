"""How SQLAlchemy reaches SQL Server."""

from inspect import signature
from typing import Any

import pymssql
from sqlalchemy import make_url

from ..serving.database_options import NAMES, tls_of
from ..serving.database_url import CONNECT_TIMEOUT
from ..serving.settings import Settings, SettingsError
from .engine import pooled

ENCRYPTION = {"": {}, "disable": {"encryption": "off"}, "require": {"encryption": "require"}}


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of `create_engine`.

    Raises:
        SettingsError: the URL asks for what the driver cannot do.
    """
    tls = tls_of(settings.database_url)
    if tls.mode not in ENCRYPTION:
        raise SettingsError(
            "DATABASE_URL: pymssql verifies no certificate; say sslmode=require, or let Django "
            "serve."
        )
    url = make_url(settings.database_url).difference_update_query(NAMES)
    for name in url.query:
        if name not in signature(pymssql.connect).parameters:
            raise SettingsError(f"DATABASE_URL: {name} is no option of a connection.")
    connect_args = {
        "login_timeout": CONNECT_TIMEOUT,
        "timeout": settings.database_timeout,
        "use_datetime2": True,  # without it, only milliseconds
        **ENCRYPTION[tls.mode],
    }
    return pooled(url.set(drivername="mssql+pymssql"), connect_args)
